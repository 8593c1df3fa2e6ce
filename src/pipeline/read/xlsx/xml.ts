/**
 * XML as a stream of what it consists of, block by block, in bounded memory. A document type, and with it every entity of a file's own, is
 * refused. Names are told without their prefix, as each program has its own.
 */
import { SaxesParser } from 'saxes';
import { limits } from '../../../limits.ts';
import { corruptWorkbook, isOfLibrary } from './zip-parts.ts';

export type Attributes = Readonly<Record<string, string>>;

export interface XmlTaker {
  open(name: string, attributes: Attributes): void;
  close(name: string): void;
  text(text: string): void;
}

/** Gives the taker all of a part; yields after each block of it. Throws `corrupt_workbook`, and errors of the part. */
export async function* takeXml(part: AsyncIterable<Buffer>, name: string, taker: XmlTaker): AsyncGenerator<void> {
  const parser = new SaxesParser({ xmlns: false, position: false });
  let depth = 0;
  let unused = 0;
  const heard = () => {
    unused = 0;
  };
  parser.on('opentag', ({ name: tag, attributes }) => {
    heard();
    if (++depth > limits.maxXmlDepth) throw corruptWorkbook(`${name} nests more than ${limits.maxXmlDepth} elements`);
    taker.open(localName(tag), attributes);
  });
  parser.on('closetag', ({ name: tag }) => {
    depth--;
    taker.close(localName(tag));
  });
  const text = (words: string) => {
    heard();
    taker.text(words);
  };
  parser.on('text', text);
  parser.on('cdata', text);
  // With more listeners than these V8 gives the parser slow fields, and parsing takes ten times as long.
  parser.on('doctype', () => {
    throw corruptWorkbook(`${name} declares a document type, as no workbook does`);
  });

  const parse = (words: string | null) => {
    try {
      if (words === null) parser.close();
      else parser.write(words);
    } catch (error) {
      throw isOfLibrary(error) ? corruptWorkbook(`${name}: ${error.message}`) : error;
    }
  };

  let decoder: Decoder | null = null;
  for await (const block of part) {
    decoder ??= decoderOf(block);
    const words = decode(decoder, block, name);
    // What is begun is in memory as a whole.
    unused += words.length;
    parse(words);
    if (unused > limits.maxXmlTokenChars + block.length)
      throw corruptWorkbook(`${name} has a text or tag of more than ${limits.maxXmlTokenChars} characters`);
    yield;
  }
  if (decoder !== null) parse(decode(decoder, undefined, name));
  parse(null);
  yield;
}

/** For small parts, of which nothing is taken before their end. */
export async function readXml(part: AsyncIterable<Buffer>, name: string, taker: XmlTaker): Promise<void> {
  for await (const _ of takeXml(part, name, taker));
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** The value of an attribute with a prefix, whatever that is: `r:id`. */
export const prefixed = (attributes: Attributes, local: string): string | undefined =>
  Object.entries(attributes).find(([name]) => name.endsWith(`:${local}`))?.[1];

type Decoder = InstanceType<typeof TextDecoder>;

/** Workbooks are UTF-8, or UTF-16 with a byte order mark. Source: ECMA-376, part 2, 8.1.4. */
const decoderOf = ([first, second]: Buffer): Decoder =>
  new TextDecoder(
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8',
    { fatal: true },
  );

function decode(decoder: Decoder, block: Buffer | undefined, name: string): string {
  try {
    return decoder.decode(block, { stream: block !== undefined });
  } catch {
    throw corruptWorkbook(`${name} is not text in UTF-8 or UTF-16`);
  }
}
