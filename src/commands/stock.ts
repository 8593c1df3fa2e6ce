/** `oms stock import FILE`: sets stock from a CSV, through the running server when there is one. */
import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { readHolder } from '../adapters/data-directory.ts';
import { startEngine } from '../app.ts';
import { readConfig } from '../config.ts';
import { isOmsError, OmsError } from '../errors.ts';
import { createLogger } from '../log.ts';
import { readStockCsv } from '../pipeline/stock-csv.ts';
import type { StockChange } from '../ports/stock.ts';
import { connect } from './connect.ts';
import type { ServiceClient } from './service-client.ts';

export async function run(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const [action, path, ...rest] = positionals;
  if (action !== 'import' || path === undefined || rest.length > 0)
    throw new OmsError('invalid_option', 'usage: oms stock import FILE');
  const config = readConfig();
  const batches = () => readStockCsv(createReadStream(path), 'available');
  let set = 0;
  try {
    const engine = await startEngine(
      config,
      { command: 'oms stock import', roles: ['api'] },
      createLogger(config.logLevel, 'stock'),
    );
    try {
      for await (const batch of batches()) set += (await engine.ports.store.stock.change(batch, null)).length;
    } finally {
      await engine.stop();
    }
  } catch (error) {
    const url = isOmsError(error, 'data_directory_held') ? readHolder(config.dataDirectory)?.url : null;
    if (!url) throw fileError(error, path);
    const client = connect({}, config, 1);
    try {
      for await (const batch of batches()) set += await send(client, batch);
    } catch (refused) {
      throw fileError(refused, path);
    } finally {
      client.close();
    }
  }
  process.stdout.write(`${set} stock levels set\n`);
  return 0;
}

async function send(client: ServiceClient, batch: StockChange[]): Promise<number> {
  const items = batch.map((change) => ({
    sku: change.sku,
    hub_id: change.hubId,
    available: (change as { available: number }).available,
  }));
  await client.call('PUT', '/inventory', { items });
  return items.length;
}

function fileError(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR'
    ? new OmsError('file_unreadable', `${path} cannot be read: ${message}`)
    : error;
}
