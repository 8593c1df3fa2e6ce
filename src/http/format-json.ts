/** What is sent and answered about formats, over HTTP and by `oms formats`. */
import { OmsError } from '../errors.ts';
import { type Format, formatSchema } from '../model/format.ts';
import type { SavedFormat } from '../pipeline/formats.ts';
import type { FormatResponse } from './responses.ts';
import { validBody } from './valid-body.ts';

/** What is shown of a format, and nobody can set. */
const SHOWN_ONLY = ['version', 'preset', 'hubs', 'saved_at', 'saved_by'];

/** The format that is to be saved under this name. Throws `invalid_body`. */
export function readFormat(name: string, body: unknown): Format {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return validBody(formatSchema, body);
  const sent = Object.fromEntries(Object.entries(body).filter(([member]) => !SHOWN_ONLY.includes(member)));
  const format = validBody(formatSchema, { name, ...sent });
  if (format.name === name) return format;
  throw new OmsError('invalid_body', `name: is ${format.name}, and the address says ${name}`);
}

export const formatJson = (saved: SavedFormat): FormatResponse => ({
  ...saved.format,
  version: saved.version,
  preset: saved.preset,
  hubs: saved.preset ? null : saved.hubs && [...saved.hubs],
  saved_at: saved.preset ? null : new Date(saved.savedMs).toISOString(),
  saved_by: saved.preset ? null : saved.savedBy,
});
