/** Where `oms keys` finds the keys: at a service, or in the order store itself. Both take and give the same. */
import { LOCAL } from '../../access/by-local-socket.ts';
import { Keys } from '../../access/keys.ts';
import type { Config } from '../../config.ts';
import { keyJson, newKeyBody, newKeyJson, rotateBody } from '../../http/key-json.ts';
import type { KeyResponse, NewKeyResponse } from '../../http/responses.ts';
import { validBody } from '../../http/valid-body.ts';
import { systemClock } from '../../ports/clock.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import { type BookOptions, listOfService, listOfStore, openBook, type RecordDone } from '../book.ts';
import type { ServiceClient } from '../service-client.ts';

/** The bodies are those of the API. */
export interface KeyBook {
  create(body: object): Promise<NewKeyResponse>;
  list(): Promise<KeyResponse[]>;
  revoke(id: string): Promise<void>;
  rotate(id: string, body: object): Promise<NewKeyResponse>;
}

export const openKeyBook = (options: BookOptions): Promise<KeyBook> =>
  openBook(options, bookOfService, (store, record) => bookOfStore(store, options.config, record));

const bookOfService = (client: ServiceClient): KeyBook => ({
  create: (body) => client.call('POST', '/keys', body),
  list: () => listOfService(client, '/keys'),
  revoke: (id) => client.call('DELETE', `/keys/${encodeURIComponent(id)}`),
  rotate: (id, body) => client.call('POST', `/keys/${encodeURIComponent(id)}/rotate`, body),
});

/** Who can open the store may do everything. */
function bookOfStore(store: OrderStore, { timeZone }: Config, record: RecordDone): KeyBook {
  const ports = { store, clock: systemClock };
  const keys = new Keys(ports);
  return {
    async create(body) {
      const { expires_at, ...grant } = validBody(newKeyBody(timeZone, ports), body);
      const key = await keys.create({ ...grant, expiresMs: expires_at }, LOCAL);
      await record(`key ${key.id}`);
      return newKeyJson(key);
    },
    list: async () => (await listOfStore((page) => keys.list(page))).map(keyJson),
    async revoke(id) {
      if (await keys.revoke(id)) await record(`key ${id}`);
    },
    async rotate(id, body) {
      const { valid_for_seconds } = validBody(rotateBody, body);
      const key = await keys.rotate(id, valid_for_seconds * 1000, LOCAL);
      await record(`key ${id}`);
      return newKeyJson(key);
    },
  };
}
