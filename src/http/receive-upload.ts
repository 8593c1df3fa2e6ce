/** A file in the body of a request: as the field `file` of a form, or as the body itself. */
import type { IncomingMessage } from 'node:http';
import { OmsError } from '../errors.ts';
import { declaredEncoding } from '../pipeline/read/encoding.ts';
import { CSV_TYPES, GZIP_TYPES, mediaType, UNNAMED_TYPES, XLSX_TYPE } from './media-types.ts';
import { type Received, receiveForm, unfinished } from './receive-form.ts';

/** Throws `not_csv` for a body whose headers say that it is neither CSV nor a workbook. */
export function receiveUpload(incoming: IncomingMessage): Received {
  refuseCompressed(incoming.headers['content-encoding'] ?? 'identity');
  const type = mediaType(incoming.headers['content-type']);
  if (type === 'multipart/form-data') return receiveForm(incoming);
  if (type !== XLSX_TYPE && ![CSV_TYPES, GZIP_TYPES, UNNAMED_TYPES].some((types) => types.has(type)))
    throw new OmsError('not_csv', `the content type ${type.slice(0, 100)} is not accepted: ${adviceFor(type)}`);
  const encoding = declaredEncoding(incoming.headers['content-type']);
  return {
    bytes: receiveBody(incoming),
    name: () => 'orders.csv',
    declaredEncoding: () => encoding,
    field: () => undefined,
  };
}

function refuseCompressed(encoding: string): void {
  if (!['identity', 'gzip', 'x-gzip'].includes(encoding.trim().toLowerCase()))
    throw new OmsError(
      'not_csv',
      `the content encoding ${encoding.slice(0, 100)} is not gzip: send the file plain or gzipped`,
    );
}

function adviceFor(type: string): string {
  if (/[/+](x-)?(nd)?json/.test(type))
    return 'orders come as a CSV file, a header and a row for each order, not as JSON. Send it as text/csv';
  if (/sheet|excel|opendocument/.test(type))
    return `save the spreadsheet as .xlsx or as CSV, and send that as ${XLSX_TYPE} or text/csv`;
  return 'send a CSV file, also gzipped, as text/csv or as the field "file" of multipart/form-data';
}

async function* receiveBody(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    // Not destroyed when the upload is refused half-way: the client gets the response only if the rest of the body is read.
    yield* incoming.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw unfinished(error);
  }
}
