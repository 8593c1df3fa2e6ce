/**
 * `POST /upload`: one CSV file, as multipart field `file` or as the raw body, streamed through to the object store. Slow is
 * fine as long as bytes keep coming; half an upload leaves nothing.
 */
import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { declaredEncoding, parseEncoding } from '../pipeline/read/encoding.ts';
import { type UploadPorts, upload } from '../pipeline/upload.ts';
import { BodyRate } from './body-rate.ts';
import { notFound } from './errors.ts';
import { fileJson } from './file-json.ts';
import { CSV_TYPES, GZIP_TYPES, mediaType, UNTOLD_TYPES } from './media-types.ts';
import { flag, readQuery, text } from './parameters.ts';
import { Places } from './places.ts';
import { problem } from './problem.ts';
import type { UploadResponse } from './responses.ts';

export function uploadRoutes(ports: UploadPorts, options: { maxBytes: number }) {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const places = new Places({ all: limits.maxUploads, perAddress: limits.maxUploadsOfAddress });

  app.post('/upload', async (c) => {
    const query = readQuery(c, { name: z.string().optional(), encoding: text, parent_file_id: text, force: flag });
    if (query.encoding !== undefined) parseEncoding(query.encoding);
    const idempotencyKey = readIdempotencyKey(c.req.header('idempotency-key'));
    if (query.parent_file_id !== undefined && !(await ports.store.files.get(query.parent_file_id)))
      throw notFound('file', query.parent_file_id);
    const { incoming } = c.env;
    const rate = new BodyRate(incoming);
    const holder = {
      address: incoming.socket.remoteAddress ?? '',
      mayGo: () => rate.isSlow(),
      end: () => rate.end(),
    };
    if (!places.take(holder))
      throw new OmsError('too_many_uploads', 'too many uploads are under way: try again in a moment', {
        retryable: true,
      });
    try {
      refuseByHeaders(incoming, options.maxBytes);
      const received = receive(incoming);
      const result = await upload(ports, received.bytes, {
        get name() {
          return query.name ?? received.name();
        },
        get encoding() {
          return query.encoding ?? received.declaredEncoding();
        },
        parentFileId: query.parent_file_id ?? null,
        force: query.force,
        idempotencyKey,
        maxBytes: options.maxBytes,
      });
      switch (result.kind) {
        case 'created':
        case 'repeated': {
          const { file_id, name, size_bytes, sha256, links } = fileJson(result.file);
          c.header('location', links.self);
          const answer: UploadResponse = { file_id, name, status: 'queued', size_bytes, sha256, links };
          return c.json(answer, 202);
        }
        case 'duplicate':
          return problem(
            c,
            409,
            'duplicate_file',
            `these bytes were uploaded before, as file ${result.existingFileId}: look at it, or upload with ?force=true`,
            { existing_file_id: result.existingFileId },
          );
        case 'key_reused':
          return problem(
            c,
            422,
            'key_reused',
            'this Idempotency-Key was used for other bytes: send a new key with them',
          );
      }
    } finally {
      places.leave(holder);
    }
  });
  return app;
}

export function readIdempotencyKey(key: string | undefined): string | null {
  if (key === undefined) return null;
  if (key === '' || key.length > limits.maxIdempotencyKeyChars)
    throw new OmsError(
      'invalid_parameter',
      `the Idempotency-Key must have 1 to ${limits.maxIdempotencyKeyChars} characters`,
    );
  return key;
}

function refuseByHeaders(incoming: IncomingMessage, maxBytes: number): void {
  const encoding = incoming.headers['content-encoding'] ?? 'identity';
  if (!['identity', 'gzip', 'x-gzip'].includes(encoding.trim().toLowerCase()))
    throw new OmsError(
      'not_csv',
      `the content encoding ${encoding.slice(0, 100)} is not gzip: send the file plain or gzipped`,
    );
  const length = Number(incoming.headers['content-length'] ?? 0);
  // A form is a little larger than its file.
  if (length > maxBytes + limits.maxFormOverheadBytes)
    throw new OmsError(
      'too_large',
      `the upload has ${length} bytes, more than ${maxBytes}: split the file, or raise OMS_MAX_UPLOAD_BYTES`,
    );
}

interface Received {
  bytes: AsyncIterable<Uint8Array>;
  /** The file's name as the client gave it; known once bytes have come. */
  name(): string;
  /** By the content type of its bytes; likewise. */
  declaredEncoding(): string | null;
}

function receive(incoming: IncomingMessage): Received {
  const type = mediaType(incoming.headers['content-type']);
  if (type === 'multipart/form-data') return receiveForm(incoming);
  if (![CSV_TYPES, GZIP_TYPES, UNTOLD_TYPES].some((types) => types.has(type)))
    throw new OmsError(
      'not_csv',
      `the content type ${type.slice(0, 100)} is none of a file that is taken here: ${instead(type)}`,
    );
  const encoding = declaredEncoding(incoming.headers['content-type']);
  return { bytes: receiveBody(incoming), name: () => 'orders.csv', declaredEncoding: () => encoding };
}

function instead(type: string): string {
  if (/[/+](x-)?(nd)?json/.test(type))
    return 'orders come as a CSV file, a header and a row for each order, not as JSON. Send it as text/csv';
  if (/sheet|excel|opendocument/.test(type)) return 'save the spreadsheet as CSV, and send that as text/csv';
  return 'send a CSV file, also gzipped, as text/csv or as the field "file" of multipart/form-data';
}

async function* receiveBody(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    // Not destroyed when the upload is refused half-way: what still comes has to be read for the answer to arrive.
    yield* incoming.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw unfinished(error);
  }
}

/** The one file of a form. Ends only when the form has ended well, so that a second file or a broken end is seen in time. */
function receiveForm(incoming: IncomingMessage): Received {
  let name = 'orders.csv';
  let encoding: string | null = null;
  const file = Promise.withResolvers<BusboyFileStream>();
  const formEnded = Promise.withResolvers<void>();
  formEnded.promise.catch(() => {});
  file.promise.catch(() => {});
  let current: BusboyFileStream | null = null;
  let problemFound: OmsError | null = null;

  const fail = (error: OmsError) => {
    problemFound ??= error;
    file.reject(problemFound);
    formEnded.reject(problemFound);
    current?.destroy(problemFound);
  };

  let form: BusboyInstance;
  try {
    form = new Busboy({
      headers: incoming.headers as { 'content-type': string },
      limits: {
        files: 2,
        fields: limits.maxFormFields,
        fieldSize: limits.maxFormFieldBytes,
        parts: limits.maxFormFields + 2,
      },
    });
  } catch (error) {
    throw brokenForm(error);
  }
  let contentType: string | undefined;
  onPartHeaders(form, (headers) => {
    contentType = headers['content-type']?.[0];
  });
  form.on('file', (field, stream, filename) => {
    stream.on('error', () => {});
    if (field !== 'file') {
      stream.resume();
      return fail(
        new OmsError(
          'no_file',
          `the form has a file in the field "${field.slice(0, 100)}": send it as the field "file"`,
        ),
      );
    }
    if (current) {
      stream.resume();
      return fail(new OmsError('several_files', 'the form has more than one file: upload one file at a time'));
    }
    current = stream;
    name = filename || name;
    try {
      encoding = declaredEncoding(contentType);
    } catch (error) {
      return fail(error as OmsError);
    }
    file.resolve(stream);
  });
  for (const limit of ['fieldsLimit', 'partsLimit'] as const)
    form.on(limit, () =>
      fail(
        new OmsError(
          'broken_multipart',
          `the form has more than ${limits.maxFormFields} fields: send the file without them`,
        ),
      ),
    );
  pipeline(incoming, form, (error) => {
    if (error) return fail(incoming.errored || !incoming.complete ? unfinished(error) : brokenForm(error));
    if (!current) return fail(new OmsError('no_file', 'the form has no file: send it as the field "file"'));
    formEnded.resolve();
  });

  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* (await file.promise) as Readable;
    } catch (error) {
      throw problemFound ?? (error instanceof OmsError ? error : unfinished(error));
    }
    await formEnded.promise;
  }
  return { bytes: bytes(), name: () => name, declaredEncoding: () => encoding };
}

interface PartParser {
  prependListener(event: 'part', listener: (part: NodeJS.EventEmitter) => void): void;
}

/** The library tells the type of a part without its parameters. Called before the event of the part's file. */
function onPartHeaders(form: BusboyInstance, listener: (headers: Record<string, string[]>) => void): void {
  const { parser } = (form as unknown as { _parser: { parser: PartParser } })._parser;
  parser.prependListener('part', (part) => part.on('header', listener));
}

const unfinished = (cause: unknown) =>
  new OmsError('unfinished_upload', 'the upload ended before all its bytes had come: send it again', { cause });

const brokenForm = (cause: unknown) =>
  new OmsError('broken_multipart', `the body is no complete multipart form: ${(cause as Error).message}`, { cause });
