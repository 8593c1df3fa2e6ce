/** Streams the file of a multipart form, which must have exactly one. */
import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { declaredEncoding } from '../pipeline/read/encoding.ts';

export interface Received {
  bytes: AsyncIterable<Uint8Array>;
  /** The file's name as the client gave it; known once bytes have arrived. */
  name(): string;
  /** From the content type of the body or the part; known once bytes have arrived. */
  declaredEncoding(): string | null;
  /** The text of another field of the form, which stands before the file; known once bytes have arrived. */
  field(name: string): string | undefined;
}

/** Throws `broken_multipart` when the headers do not announce a form; `bytes` throws when the form itself is wrong. */
export function receiveForm(incoming: IncomingMessage): Received {
  const form = new Form(incoming);
  return {
    bytes: form.bytes(),
    name: () => form.name,
    declaredEncoding: () => form.encoding,
    field: (name) => form.fields.get(name),
  };
}

class Form {
  name = 'orders.csv';
  encoding: string | null = null;
  readonly fields = new Map<string, string>();
  readonly #file = Promise.withResolvers<BusboyFileStream>();
  readonly #ended = Promise.withResolvers<void>();
  #current: BusboyFileStream | null = null;
  #failure: OmsError | null = null;
  /** Of the part that began last. */
  #contentType: string | undefined;

  constructor(incoming: IncomingMessage) {
    this.#file.promise.catch(() => {});
    this.#ended.promise.catch(() => {});
    const parser = formParser(incoming);
    onPartHeaders(parser, (headers) => {
      this.#contentType = headers['content-type']?.[0];
    });
    parser.on('file', (field, stream, filename) => this.#begin(field, stream, filename));
    // They are bounded in number and size; of one that is longer nothing is kept.
    parser.on('field', (name, value, _, isCut) => this.fields.set(name, isCut ? '' : value));
    const tooMany = `the form has more than ${limits.maxFormFields} fields: send the file without them`;
    for (const limit of ['fieldsLimit', 'partsLimit'] as const)
      parser.on(limit, () => this.#fail(new OmsError('broken_multipart', tooMany)));
    pipeline(incoming, parser, (error) => {
      if (error) this.#fail(incoming.errored || !incoming.complete ? unfinished(error) : brokenForm(error));
      else if (!this.#current) this.#fail(new OmsError('no_file', 'the form has no file: send it as the field "file"'));
      else this.#ended.resolve();
    });
  }

  /** Ends only at the complete end of the form, so that a second file or a broken end is found before the upload is accepted. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* (await this.#file.promise) as Readable;
    } catch (error) {
      throw this.#failure ?? (error instanceof OmsError ? error : unfinished(error));
    }
    await this.#ended.promise;
  }

  #begin(field: string, stream: BusboyFileStream, filename: string): void {
    stream.on('error', () => {});
    const error = this.#refusal(field);
    if (error) {
      stream.resume();
      this.#fail(error);
      return;
    }
    this.#current = stream;
    this.name = filename || this.name;
    try {
      this.encoding = declaredEncoding(this.#contentType);
      this.#file.resolve(stream);
    } catch (error) {
      this.#fail(error as OmsError);
    }
  }

  #refusal(field: string): OmsError | null {
    if (field !== 'file')
      return new OmsError(
        'no_file',
        `the form has a file in the field "${field.slice(0, 100)}": send it as the field "file"`,
      );
    if (this.#current)
      return new OmsError('several_files', 'the form has more than one file: upload one file at a time');
    return null;
  }

  /** Only the first failure is reported. */
  #fail(error: OmsError): void {
    this.#failure ??= error;
    this.#file.reject(this.#failure);
    this.#ended.reject(this.#failure);
    this.#current?.destroy(this.#failure);
  }
}

function formParser(incoming: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({
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
}

interface PartParser {
  prependListener(event: 'part', listener: (part: NodeJS.EventEmitter) => void): void;
}

/** The library reports a part's type without its parameters, so the headers are read here, before the event of the part's file. */
function onPartHeaders(form: BusboyInstance, listener: (headers: Record<string, string[]>) => void): void {
  const { parser } = (form as unknown as { _parser: { parser: PartParser } })._parser;
  parser.prependListener('part', (part) => part.on('header', listener));
}

export const unfinished = (cause: unknown) =>
  new OmsError('unfinished_upload', 'the upload ended before all its bytes had arrived: send it again', { cause });

const brokenForm = (cause: unknown) =>
  new OmsError('broken_multipart', `the body is not a complete multipart form: ${(cause as Error).message}`, { cause });
