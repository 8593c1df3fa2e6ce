/**
 * Where commands about keys, users, formats and the like find these: at the service that they are told, else in the order store itself, and
 * where a service holds that, through the service.
 */
import { recordCommand } from '../access/audit-command.ts';
import { readHolder } from '../adapters/data-directory.ts';
import type { Config } from '../config.ts';
import { isOmsError } from '../errors.ts';
import type { PageResponse } from '../http/responses.ts';
import { limits } from '../limits.ts';
import { createLogger } from '../log.ts';
import { openStoreForWriting } from '../open-for-writing.ts';
import { systemClock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { type Page, type PageRequest, pagesOf } from '../ports/page.ts';
import { type ClientOptions, connect, isTold } from './connect.ts';
import type { ServiceClient } from './service-client.ts';

export interface BookOptions {
  given: ClientOptions;
  config: Config;
  command: string;
  /** What must be closed at the end is added to it. */
  opened: AsyncDisposableStack;
}

/** To the audit log, as no service sees it. `target`: such as `user ada@example.com`. */
export type RecordDone = (target: string) => Promise<void>;

/** Both books take and give the same. */
export async function openBook<Book>(
  { given, config, command, opened }: BookOptions,
  ofService: (client: ServiceClient) => Book,
  ofStore: (store: OrderStore, record: RecordDone, openObjects: () => Promise<ObjectStore>) => Book,
): Promise<Book> {
  const atService = () => {
    const client = connect(given, config, 1);
    opened.defer(() => client.close());
    return ofService(client);
  };
  if (isTold(given, config)) return atService();
  try {
    const logger = createLogger(config.logLevel, command);
    const { store, openObjects } = await openStoreForWriting(config, command, opened, logger);
    const record: RecordDone = (target) => recordCommand({ store, clock: systemClock }, { command, target }, logger);
    return ofStore(store, record, openObjects);
  } catch (error) {
    if (!isOmsError(error, 'data_directory_held') || !readHolder(config.dataDirectory)?.url) throw error;
    return atService();
  }
}

/** All items of a list of the service. */
export async function listOfService<Item>(client: ServiceClient, path: string): Promise<Item[]> {
  const all: Item[] = [];
  for (let query = ''; ; ) {
    const page: PageResponse<Item> = await client.get(`${path}?limit=${limits.maxPageItems}${query}`);
    all.push(...page.items);
    if (page.next_cursor === null) return all;
    query = `&cursor=${page.next_cursor}`;
  }
}

/** All items of a list of the store. */
export async function listOfStore<Item>(list: (page: PageRequest) => Promise<Page<Item>>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const items of pagesOf(list, limits.maxPageItems)) all.push(...items);
  return all;
}
