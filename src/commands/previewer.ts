/**
 * Who makes the preview of `oms preview`: the service that it is told, else this process with the formats of the order store, and where a
 * service holds that, the service.
 */
import { LOCAL } from '../access/by-local-socket.ts';
import { namedFormat } from '../http/formats.ts';
import { previewJson } from '../http/preview-json.ts';
import type { PreviewResponse } from '../http/preview-response.ts';
import { Formats } from '../pipeline/formats.ts';
import { knownFormats } from '../pipeline/preview/known-formats.ts';
import { preview } from '../pipeline/preview/preview.ts';
import { systemClock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { type BookOptions, openBook } from './book.ts';
import { okBody, type ServiceClient } from './service-client.ts';

export interface PreviewRequest {
  /** The first ones of the file. */
  bytes: Buffer;
  isPart: boolean;
  format: string | undefined;
  encoding: string | undefined;
  sheet: string | undefined;
}

export type Previewer = (request: PreviewRequest) => Promise<PreviewResponse>;

export const openPreviewer = (options: BookOptions): Promise<Previewer> =>
  openBook(options, ofService, (store) => ofStore(store, options.config.timeZone));

const ofService =
  (client: ServiceClient): Previewer =>
  async ({ bytes, isPart, format, encoding, sheet }) => {
    const query = new URLSearchParams({
      part: String(isPart),
      ...(format !== undefined && { format }),
      ...(encoding !== undefined && { encoding }),
      ...(sheet !== undefined && { sheet }),
    });
    return okBody(await client.once('POST', `/preview?${query}`, { type: 'text/csv', bytes }));
  };

const ofStore =
  (store: OrderStore, timeZone: string): Previewer =>
  async ({ bytes, isPart, format, encoding, sheet = null }) => {
    const formats = new Formats({ store, clock: systemClock });
    const asked = format === undefined ? null : (await namedFormat(formats, format, LOCAL)).format;
    const known = knownFormats({ store }, LOCAL);
    return previewJson(await preview(bytes, { encoding, sheet, delimiter: null, isPart, asked, known, timeZone }));
  };
