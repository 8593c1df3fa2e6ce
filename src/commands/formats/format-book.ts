/** Where `oms formats` finds the formats: at a service, or in the order store itself. Both take and give the same. */
import { LOCAL } from '../../access/by-local-socket.ts';
import { OmsError } from '../../errors.ts';
import { formatJson, readFormat } from '../../http/format-json.ts';
import type { FormatResponse } from '../../http/responses.ts';
import { Formats } from '../../pipeline/formats.ts';
import { systemClock } from '../../ports/clock.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import { type BookOptions, listOfService, listOfStore, openBook, type RecordDone } from '../book.ts';
import type { ServiceClient } from '../service-client.ts';

export interface FormatBook {
  list(): Promise<FormatResponse[]>;
  show(name: string): Promise<FormatResponse>;
  /** The body is that of the API, with its name. */
  put(format: object): Promise<FormatResponse>;
  delete(name: string): Promise<void>;
}

export const openFormatBook = (options: BookOptions): Promise<FormatBook> =>
  openBook(options, bookOfService, bookOfStore);

const pathOf = (name: string) => `/formats/${encodeURIComponent(name)}`;
const nameOf = (format: object) => String((format as { name?: unknown }).name ?? '');

const bookOfService = (client: ServiceClient): FormatBook => ({
  list: () => listOfService(client, '/formats'),
  show: (name) => client.get(pathOf(name)),
  put: (format) => client.call('PUT', pathOf(nameOf(format) || '-'), format),
  delete: (name) => client.call('DELETE', pathOf(name)),
});

/** Who can open the store may do everything. */
function bookOfStore(store: OrderStore, record: RecordDone): FormatBook {
  const formats = new Formats({ store, clock: systemClock });
  return {
    list: async () => (await listOfStore((page) => formats.list(LOCAL, page))).map(formatJson),
    async show(name) {
      const found = await formats.find(name, LOCAL);
      if (!found) throw new OmsError('not_found', `there is no format ${JSON.stringify(name)}`);
      return formatJson(found);
    },
    async put(format) {
      const saved = await formats.save(readFormat(nameOf(format), format), LOCAL, null);
      await record(`format ${saved.format.name}`);
      return formatJson(saved);
    },
    async delete(name) {
      if (await formats.delete(name, LOCAL)) await record(`format ${name}`);
    },
  };
}
