/** Where `oms keys` finds the keys: at a service, or in the order store itself. Both take and give the same. */

import { LOCAL } from '../../access/by-local-socket.ts';
import { Keys } from '../../access/keys.ts';
import { readHolder } from '../../adapters/data-directory.ts';
import type { Config } from '../../config.ts';
import { isOmsError } from '../../errors.ts';
import { keyJson, newKeyBody, newKeyJson, rotateBody } from '../../http/key-json.ts';
import type { KeyResponse, NewKeyResponse, PageResponse } from '../../http/responses.ts';
import { validBody } from '../../http/valid-body.ts';
import { limits } from '../../limits.ts';
import { createLogger } from '../../log.ts';
import { openStoreForWriting } from '../../open-for-writing.ts';
import { systemClock } from '../../ports/clock.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import type { Page } from '../../ports/page.ts';
import { type ClientOptions, connect, isTold } from '../connect.ts';
import type { ServiceClient } from '../service-client.ts';

/** The bodies are those of the API. */
export interface KeyBook {
  create(body: object): Promise<NewKeyResponse>;
  list(): Promise<KeyResponse[]>;
  revoke(id: string): Promise<void>;
  rotate(id: string, body: object): Promise<NewKeyResponse>;
}

export async function openKeyBook(
  given: ClientOptions,
  config: Config,
  command: string,
  opened: AsyncDisposableStack,
): Promise<KeyBook> {
  const ofService = () => {
    const client = connect(given, config, 1);
    opened.defer(() => client.close());
    return bookOfService(client);
  };
  if (isTold(given, config)) return ofService();
  try {
    const store = await openStoreForWriting(config, command, opened, createLogger(config.logLevel, 'keys'));
    return bookOfStore(store, config);
  } catch (error) {
    if (!isOmsError(error, 'data_directory_held') || !readHolder(config.dataDirectory)?.url) throw error;
    return ofService();
  }
}

const bookOfService = (client: ServiceClient): KeyBook => ({
  create: (body) => client.call('POST', '/keys', body),
  async list() {
    const keys: KeyResponse[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page: PageResponse<KeyResponse> = await client.get(`/keys?limit=${limits.maxPageItems}${query}`);
      keys.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return keys;
  },
  revoke: (id) => client.call('DELETE', `/keys/${encodeURIComponent(id)}`),
  rotate: (id, body) => client.call('POST', `/keys/${encodeURIComponent(id)}/rotate`, body),
});

/** Who can open the store may do everything. */
function bookOfStore(store: OrderStore, { timeZone }: Config): KeyBook {
  const ports = { store, clock: systemClock };
  const keys = new Keys(ports);
  return {
    async create(body) {
      const { expires_at, ...grant } = validBody(newKeyBody(timeZone, ports), body);
      return newKeyJson(await keys.create({ ...grant, expiresMs: expires_at }, LOCAL));
    },
    async list() {
      const all: KeyResponse[] = [];
      let after: string | null = null;
      do {
        const page: Page<Parameters<typeof keyJson>[0]> = await keys.list({ limit: limits.maxPageItems, after });
        all.push(...page.items.map(keyJson));
        after = page.next;
      } while (after !== null);
      return all;
    },
    revoke: async (id) => void (await keys.revoke(id)),
    async rotate(id, body) {
      const { valid_for_seconds } = validBody(rotateBody, body);
      return newKeyJson(await keys.rotate(id, valid_for_seconds * 1000, LOCAL));
    },
  };
}
