/** The encoding of a file: what its uploader said, a byte order mark, or a guess by its bytes. */
import { MIMEType } from 'node:util';
import { fileFailure } from '../../model/file-failure.ts';
import { ENCODINGS, type Encoding } from '../../model/intake.ts';
import { guessEncoding } from './guess-encoding.ts';

/** The encoding that a user's label stands for; labels are those of the WHATWG Encoding Standard. */
export function parseEncoding(label: string): Encoding {
  let name = '';
  try {
    name = new TextDecoder(label).encoding;
  } catch {
    // An unknown label is refused below.
  }
  const encoding = ENCODINGS.find((known) => known === name);
  if (encoding === undefined) {
    throw fileFailure(
      'unsupported_encoding',
      `The encoding ${JSON.stringify(label.slice(0, 40))} is not known: use one of ${ENCODINGS.join(', ')}.`,
    );
  }
  return encoding;
}

/** Before an encoding that only came with the file, which a byte order mark beats. */
const DECLARED = 'declared:';

/**
 * What the `charset` of a content type asks for, to be kept as the encoding of an upload; null without one. Throws
 * `unsupported_encoding` when it is not known.
 */
export function declaredEncoding(contentType: string | undefined): string | null {
  const charset = charsetOf(contentType ?? '');
  if (charset === null) return null;
  parseEncoding(charset);
  return `${DECLARED}${charset}`;
}

function charsetOf(contentType: string): string | null {
  try {
    return new MIMEType(contentType).params.get('charset') || null;
  } catch {
    return null;
  }
}

const BOMS: readonly (readonly [Encoding, string])[] = [
  ['utf-8', '\xef\xbb\xbf'],
  ['utf-16le', '\xff\xfe'],
  ['utf-16be', '\xfe\xff'],
];

/** Bytes from the first that is not ASCII on, with the one before it. */
export interface Evidence {
  bytes: Buffer;
  /** The file ends with them. */
  whole: boolean;
}

/** `isGiven`: it was not guessed. Throws `unsupported_encoding`. */
export function decideEncoding(first: Buffer, evidence: Evidence | null, label: string | undefined) {
  const start = first.toString('latin1', 0, 4);
  const marked = BOMS.find(([, mark]) => start.startsWith(mark));
  const given = givenEncoding(label, marked?.[0]);
  const encoding = given ?? (evidence === null ? 'utf-8' : guessEncoding(evidence.bytes, evidence.whole));
  return { encoding, isGiven: given !== null, marked };
}

/** By the uploader, a byte order mark, or what came with the file, in this order. */
function givenEncoding(label: string | undefined, marked: Encoding | undefined): Encoding | null {
  if (label === undefined) return marked ?? null;
  if (label.startsWith(DECLARED)) return marked ?? parseEncoding(label.slice(DECLARED.length));
  const asked = parseEncoding(label);
  // "utf-16" alone leaves the byte order to the mark.
  return label.trim().toLowerCase() === 'utf-16' && marked === 'utf-16be' ? marked : asked;
}
