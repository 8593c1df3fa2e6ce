/**
 * `oms erase --email E --yes`: erases a person, and waits until it is done. Goes to the service that it is told, else to the order store: a
 * service that holds that, or shares it, does the work; where none does, this process.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { viewsPath } from '../adapters/data-directory.ts';
import { deleteViews } from '../adapters/read-models.sqlite/views-file.ts';
import { type Config, readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import { erasureJson } from '../http/erasures.ts';
import type { ErasureResponse } from '../http/responses.ts';
import { limits } from '../limits.ts';
import { createLogger } from '../log.ts';
import { findErasure, personOf, requestErasure } from '../pipeline/erase/requests.ts';
import { erase } from '../pipeline/erase.ts';
import { systemClock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { openBook, type RecordDone } from './book.ts';
import { CLIENT_OPTIONS } from './connect.ts';
import { EXIT, print } from './orders/printed.ts';
import type { ServiceClient } from './service-client.ts';

interface Eraser {
  request(email: string): Promise<ErasureResponse>;
  /** How far it is; null where nothing goes on until a service is started. */
  state(id: string): Promise<ErasureResponse | null>;
}

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { email: { type: 'string' }, yes: { type: 'boolean' }, json: { type: 'boolean' }, ...CLIENT_OPTIONS },
  });
  const { email, yes, json, ...given } = values;
  if (email === undefined) throw new OmsError('invalid_option', 'usage: oms erase --email E --yes');
  const person = personOf(email);
  if (yes !== true)
    throw new OmsError(
      'invalid_option',
      `this takes name, e-mail and address of ${person} out of all orders, and deletes the uploads and reports that have them. It cannot be undone: repeat it with --yes`,
    );
  const config = readConfig();
  await using opened = new AsyncDisposableStack();
  const eraser = await openBook(
    { given, config, command: 'oms erase', opened },
    eraserOfService,
    (store, record, openObjects) => eraserOfStore(store, config, record, openObjects),
  );
  const last = await untilDone(eraser, person);
  if (json === true) await print(`${JSON.stringify(last)}\n`);
  else if (last.state === 'done')
    await print(`erased from ${last.orders} orders; uploads and reports of ${last.files} files were deleted\n`);
  return last.state === 'done' ? EXIT.done : EXIT.someRefused;
}

async function untilDone(eraser: Eraser, email: string): Promise<ErasureResponse> {
  let last = await eraser.request(email);
  for (let told = false; last.state !== 'done'; ) {
    const next = await eraser.state(last.id);
    if (next?.state !== 'done' && !told && (next === null || next.waiting_for !== null)) {
      process.stderr.write(`erasure ${last.id} waits for files that have not ended, and may have rows of the person\n`);
      told = true;
    }
    if (next === null) {
      process.stderr.write('it goes on once the service is started\n');
      return last;
    }
    last = next;
    if (last.state !== 'done') await delay(limits.erasurePollMs);
  }
  return last;
}

const eraserOfService = (client: ServiceClient): Eraser => ({
  request: (email) => client.call('DELETE', `/customers/${encodeURIComponent(email)}`),
  state: (id) => client.get(`/erasures/${id}`),
});

/** Who can open the store may do everything. */
function eraserOfStore(
  store: OrderStore,
  { orderStore, logLevel, dataDirectory }: Config,
  record: RecordDone,
  openObjects: () => Promise<ObjectStore>,
): Eraser {
  const logger = createLogger(logLevel, 'erase');
  const ports = { store, clock: systemClock };
  return {
    async request(email) {
      const asked = await requestErasure(ports, email);
      await record(`erasure ${asked.id}`);
      return erasureJson(asked);
    },
    async state(id) {
      // Services that share the store do it.
      if (orderStore.kind === 'mongodb') return erasureJson((await findErasure(store, id))!);
      // They are made anew at the next start.
      deleteViews(viewsPath(dataDirectory));
      const work = { ...ports, views: null, objects: await openObjects(), stopping: new AbortController().signal };
      await erase(work, (await findErasure(store, id))!, logger);
      const last = (await findErasure(store, id))!;
      return last.data.doneMs === null ? null : erasureJson(last);
    },
  };
}
