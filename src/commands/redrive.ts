/** `oms redrive`: resumes the files that were given up, delivers dead messages again, and asks again about orders that were put aside. */
import { parseArgs } from 'node:util';
import { recordCommand } from '../access/audit-command.ts';
import { readHolder } from '../adapters/data-directory.ts';
import { type Engine, startEngine } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { isOmsError } from '../errors.ts';
import type { PageResponse } from '../http/responses.ts';
import { createLogger } from '../log.ts';
import { type Redriven, redrive } from '../pipeline/redrive.ts';
import { CLIENT_OPTIONS, type ClientOptions, connect } from './connect.ts';
import type { ServiceClient } from './service-client.ts';

export async function run(args: string[]): Promise<number> {
  const given: ClientOptions = parseArgs({ args, options: CLIENT_OPTIONS }).values;
  const config = readConfig();
  if (Object.keys(given).length > 0) return throughServer(given, config);
  const logger = createLogger(config.logLevel, 'redrive');
  let engine: Engine;
  try {
    engine = await startEngine(config, { command: 'oms redrive', roles: ['api'] }, logger);
  } catch (error) {
    const url = isOmsError(error, 'data_directory_held') ? readHolder(config.dataDirectory)?.url : null;
    if (!url) throw error;
    return throughServer(given, config);
  }
  try {
    const redriven = await redrive(engine.ports);
    const target = `${redriven.files} files, ${redriven.orders} orders`;
    if (config.access.required) await recordCommand(engine.ports, { command: 'oms redrive', target }, logger);
    return printResult(redriven);
  } finally {
    await engine.stop();
  }
}

async function throughServer(given: ClientOptions, config: Config): Promise<number> {
  const client = connect(given, config, 1);
  try {
    return printResult(await retryThroughServer(client));
  } finally {
    client.close();
  }
}

/** Only the files that the service gave up, not those that failed because of their content. */
async function retryThroughServer(client: ServiceClient): Promise<Redriven> {
  const { orders } = await client.call<Pick<Redriven, 'orders'>>('POST', '/finalizer/redrive');
  let files = 0;
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`;
    const page: PageResponse<{ file_id: string; failure: { code: string } }> = await client.get(
      `/files?status=failed${query}`,
    );
    for (const { file_id, failure } of page.items) {
      if (failure.code !== 'internal') continue;
      if ((await client.request('POST', `/files/${file_id}/retry`)).status < 300) files++;
    }
    cursor = page.next_cursor;
  } while (cursor !== null);
  return { files, orders };
}

function printResult({ files, orders }: Redriven): number {
  process.stdout.write(`${files} files queued again\n`);
  if (orders > 0) process.stdout.write(`${orders} orders are decided on again\n`);
  return 0;
}
