/**
 * The scratches of dry runs: SQLite databases without a name in the directory for temporary files (`SQLITE_TMPDIR`, `TMPDIR`, `/var/tmp`).
 * The operating system deletes such a file when it is closed, however the process ends. Nothing in it needs to survive. Texts about
 * persons are kept as digests, which is enough to compare them.
 * Source: https://www.sqlite.org/inmemorydb.html ("Temporary Databases"), https://www.sqlite.org/tempfiles.html
 */
import { hash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type ExistingOrder, orderOfRow } from '../model/existing-order.ts';
import type { Position } from '../model/intake.ts';
import type { OrderContent } from '../model/order.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { Scratch, Scratches, TriedOrder } from '../ports/scratches.ts';
import { toOmsError } from './sqlite/errors.ts';

const SCHEMA = `
  pragma temp_store = file;
  pragma synchronous = off;
  pragma cache_size = -${limits.scratchCacheBytes / 1024};
  create table orders (order_id text primary key, row integer not null, content text not null) strict, without rowid;
  create table taken (sku text, hub_id text, quantity integer not null, primary key (sku, hub_id)) strict, without rowid;
`;

/** `kept`: how many are kept between two times of work on their files. */
export function createScratches(kept: number = limits.scratchesKept): Scratches {
  const inUse = new Map<string, FileScratch>();
  /** Those that were kept first come first. */
  const idle = new Map<string, FileScratch>();
  return {
    take(fileId) {
      const scratch = inUse.get(fileId) ?? idle.get(fileId) ?? new FileScratch(fileId);
      idle.delete(fileId);
      inUse.set(fileId, scratch);
      return scratch;
    },
    keep(fileId) {
      const scratch = inUse.get(fileId);
      if (!scratch) return;
      inUse.delete(fileId);
      idle.set(fileId, scratch);
      for (const [oldest, { close }] of idle) {
        if (idle.size <= kept) break;
        idle.delete(oldest);
        close();
      }
    },
    drop(fileId) {
      inUse.get(fileId)?.close();
      inUse.delete(fileId);
    },
    close() {
      for (const scratch of [...inUse.values(), ...idle.values()]) scratch.close();
      inUse.clear();
      idle.clear();
    },
  };
}

class FileScratch implements Scratch {
  reached: Position | null = null;
  readonly #fileId: string;
  readonly #db: DatabaseSync;
  readonly #find;
  readonly #taken;
  readonly #insert;
  readonly #take;

  constructor(fileId: string) {
    this.#fileId = fileId;
    this.#db = guarded(() => new DatabaseSync(''));
    guarded(() => this.#db.exec(SCHEMA));
    this.#find = this.#db.prepare(
      'select o.order_id, o.row, o.content from json_each(?) id cross join orders o on o.order_id = id.value',
    );
    this.#taken = this.#db.prepare('select quantity from taken where sku = ? and hub_id = ?');
    this.#insert = this.#db.prepare('insert into orders (order_id, row, content) values (?, ?, ?)');
    this.#take = this.#db.prepare(`
      insert into taken (sku, hub_id, quantity) values (?, ?, ?)
      on conflict (sku, hub_id) do update set quantity = quantity + excluded.quantity`);
  }

  find(orderIds: readonly string[]): Map<string, ExistingOrder> {
    const rows = guarded(() => this.#find.all(JSON.stringify(orderIds))) as unknown as Stored[];
    return new Map(rows.map(({ order_id, row, content }) => [order_id, this.#existing(row, JSON.parse(content))]));
  }

  taken(sku: string, hubId: string): number {
    const found = guarded(() => this.#taken.get(sku, hubId)) as { quantity: number } | undefined;
    return found?.quantity ?? 0;
  }

  async add(orders: Iterable<TriedOrder>, upTo: Position): Promise<void> {
    guarded(() => this.#db.exec('begin'));
    try {
      let added = 0;
      for (const { orderId, row, content } of orders) {
        if (added++ % limits.scratchRowsAtOnce === 0) await sliceTurn();
        guarded(() => this.#add(orderId, row, content));
      }
      guarded(() => this.#db.exec('commit'));
      this.reached = upTo;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw error;
    }
  }

  #add(orderId: string, row: number, content: OrderContent): void {
    this.#insert.run(orderId, row, JSON.stringify(withoutPerson(content)));
    for (const { sku, hubId, quantity } of content.items) this.#take.run(sku, hubId, quantity);
  }

  #existing(row: number, kept: OrderContent): ExistingOrder {
    const existing = orderOfRow(this.#fileId, row, kept);
    return { ...existing, differing: (sent) => existing.differing(withoutPerson(sent)) };
  }

  close = (): void => this.#db.close();
}

interface Stored {
  order_id: string;
  row: number;
  content: string;
}

/** Texts that count as the same have the same digest: see `isSameText`. */
const withoutPerson = (content: OrderContent): OrderContent => ({
  ...content,
  customerName: digest(content.customerName),
  customerEmail: digest(content.customerEmail),
  shippingAddress: digest(content.shippingAddress),
});

const digest = (text: string): string => hash('sha256', text.normalize('NFC'), 'base64').slice(0, DIGEST_CHARS);

/** 132 bits. */
const DIGEST_CHARS = 22;

/** A full disk, or one that cannot be used, is an outage (INV-7). */
function guarded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const known = toOmsError(error);
    if (!(known instanceof OmsError)) throw known;
    throw new OmsError(
      known.code === 'disk_full' ? 'disk_full' : 'store_unavailable',
      `what a dry run needs to know of itself cannot be kept in the directory for temporary files (${(error as Error).message}): see that it has room and can be written, or set SQLITE_TMPDIR to another; work resumes by itself`,
      { retryable: true, cause: error },
    );
  }
}
