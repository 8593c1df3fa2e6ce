/** The order store on SQLite: reads through a connection of the calling thread, writes through the writer thread. */
import type { OrderStore } from '../../ports/order-store.ts';
import type { Database } from '../sqlite/database.ts';
import { toOmsError } from '../sqlite/database.ts';
import type { Writer } from '../sqlite/writer.ts';
import { createFiles } from './files.ts';
import { createOrders } from './orders.ts';
import { createRejections } from './rejections.ts';
import { createStatistics } from './statistics.ts';
import { createStock } from './stock.ts';

export function createSqliteOrderStore(options: {
  db: Database;
  writer: Pick<Writer, 'call'>;
  trackStock: boolean;
  now: () => number;
}): OrderStore {
  const { db, writer, trackStock, now } = options;
  return {
    files: createFiles(db, writer, now),
    chunks: { commit: (claim, chunk) => writer.call('commitChunk', { claim, chunk, trackStock }) },
    rejections: createRejections(db),
    orders: createOrders(db),
    stock: createStock(db, writer),
    statistics: createStatistics(db),
    async ping() {
      try {
        db.prepare('select 1').get();
      } catch (error) {
        throw toOmsError(error);
      }
    },
    async close() {
      db.close();
    },
  };
}
