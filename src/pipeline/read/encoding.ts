/** The encoding of a file: by its uploader's choice, a byte order mark, or a guess from its bytes. */
import { MIMEType } from 'node:util';
import { fileFailure } from '../../model/file-failure.ts';
import { ENCODINGS, type Encoding, encodingOf } from '../../model/intake.ts';
import { guessEncoding } from './guess-encoding.ts';

/** The encoding that a user's label stands for; labels are those of the WHATWG Encoding Standard. */
export function parseEncoding(label: string): Encoding {
  const encoding = encodingOf(label);
  if (encoding === null) {
    throw fileFailure(
      'unsupported_encoding',
      `The encoding ${JSON.stringify(label.slice(0, 40))} is not known: use one of ${ENCODINGS.join(', ')}.`,
    );
  }
  return encoding;
}

/** Marks an encoding that a content type declared: a byte order mark overrides it. */
const DECLARED = 'declared:';
export const declared = (label: string): string => `${DECLARED}${label}`;

/**
 * The `charset` of a content type, in the form in which the encoding of an upload is stored; null without one. Throws
 * `unsupported_encoding` when it is unknown.
 */
export function declaredEncoding(contentType: string | undefined): string | null {
  const charset = charsetOf(contentType ?? '');
  if (charset === null) return null;
  parseEncoding(charset);
  return declared(charset);
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

/** The bytes from the first that is not ASCII on, and the byte before it. */
export interface Evidence {
  bytes: Buffer;
  /** The file ends with them. */
  whole: boolean;
}

/** The encoding that a byte order mark names, and the mark; undefined without one. */
export function markOf(first: Buffer) {
  const start = first.toString('latin1', 0, 4);
  return BOMS.find(([, mark]) => start.startsWith(mark));
}

/** `isGiven`: the encoding was not guessed. Throws `unsupported_encoding`. */
export function decideEncoding(first: Buffer, evidence: Evidence | null, label: string | undefined) {
  const marked = markOf(first);
  const given = givenEncoding(label, marked?.[0]);
  const encoding = given ?? (evidence === null ? 'utf-8' : guessEncoding(evidence.bytes, evidence.whole));
  return { encoding, isGiven: given !== null, marked };
}

/** The uploader's choice, a byte order mark, or the declared encoding, in this order. */
function givenEncoding(label: string | undefined, marked: Encoding | undefined): Encoding | null {
  if (label === undefined) return marked ?? null;
  if (label.startsWith(DECLARED)) return marked ?? parseEncoding(label.slice(DECLARED.length));
  const asked = parseEncoding(label);
  // "utf-16" alone leaves the byte order to the mark.
  return label.trim().toLowerCase() === 'utf-16' && marked === 'utf-16be' ? marked : asked;
}
