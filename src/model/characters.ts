/**
 * Invisible characters. In values that are compared (ids, SKUs, hubs, e-mail addresses, numbers, dates) they would make two values look
 * the same: at the ends they are trimmed like spaces, inside they are refused. In names, products and postal addresses many of them are
 * needed, the joiners of Persian, Malayalam or an emoji for example; there only characters that hide or reorder text are refused. Half
 * a character stood for a whole one, and is refused anywhere.
 * Sources: Unicode 17, chapters 5.21 and 23; UAX #15 (NFC, NFD); UTS #39; UTS #51 (emoji and their tags).
 */
import { FREE_TEXT_COLUMNS, type OrderColumn } from './columns.ts';
import { trim } from './trim.ts';

const INVISIBLE = String.raw`\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u2028\u2029\u2800\ufff9-\ufffb\p{Noncharacter_Code_Point}`;
/** Direction overrides, deprecated formats, noncharacters and lone surrogates. */
const DECEPTIVE = String.raw`\u202d\u202e\u206a-\u206f\ufff9-\ufffb\p{Noncharacter_Code_Point}\p{Surrogate}\u{e0000}-\u{e001f}`;
/** Tag characters outside the flag of a region, which is a black flag followed by tags. */
const STRAY_TAG = String.raw`(?<!\u{1f3f4}[\u{e0020}-\u{e007e}]{0,6})[\u{e0020}-\u{e007f}]`;
/** Trimmed at the ends of texts. */
const SPACE = String.raw`\s\u00ad\u034f\p{Bidi_Control}\u180e\u200b\u2060-\u2064\u2800\u3164\ufeff\uffa0`;
/** Scripts whose letters change beside a joiner, also at the end of a word. */
const JOINED_SCRIPTS =
  'Arabic Syriac Mongolian Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Myanmar Khmer';

/** Refused in values that are compared. */
const REFUSED_CHARS = String.raw`\x00-\x1f\x7f-\x9f${INVISIBLE}\p{Surrogate}`;
const REFUSED = new RegExp(`[${REFUSED_CHARS}]`, 'u');
/** Refused in free texts, which may have line breaks and tabs. */
const REFUSED_IN_TEXT = new RegExp(String.raw`[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f${DECEPTIVE}]|${STRAY_TAG}`, 'u');

const isBlank = new RegExp(`[\\s${INVISIBLE}]`, 'u');
const isVisible = new RegExp(`[^\\s${INVISIBLE}]`, 'u');
const isSpace = new RegExp(`[${SPACE}]`, 'u');
const isJoiner = /[\u200c\u200d]/;
const isJoined = new RegExp(
  `[${JOINED_SCRIPTS.split(' ')
    .map((script) => `\\p{Script=${script}}`)
    .join('')}]`,
  'u',
);
const DELETE = 0x7f;
const NON_ASCII = /[^\0-\x7f]/;
/** Nearly all values have only these, and checking for them is cheap. */
const PRINTABLE = /^[ -~]*$/;

const NAMES: readonly (readonly [first: number, last: number, name: string])[] = [
  [0x00, 0x1f, 'control character'],
  [0x7f, 0x9f, 'control character'],
  [0xad, 0xad, 'soft hyphen'],
  [0x34f, 0x34f, 'combining grapheme joiner'],
  [0x61c, 0x61c, 'Arabic letter mark'],
  [0x115f, 0x1160, 'Hangul filler'],
  [0x180b, 0x180d, 'variation selector'],
  [0x180e, 0x180e, 'Mongolian vowel separator'],
  [0x200b, 0x200b, 'zero-width space'],
  [0x200c, 0x200c, 'zero-width non-joiner'],
  [0x200d, 0x200d, 'zero-width joiner'],
  [0x200e, 0x200e, 'left-to-right mark'],
  [0x200f, 0x200f, 'right-to-left mark'],
  [0x2028, 0x2028, 'line separator'],
  [0x2029, 0x2029, 'paragraph separator'],
  [0x202a, 0x202a, 'left-to-right embedding'],
  [0x202b, 0x202b, 'right-to-left embedding'],
  [0x202c, 0x202c, 'pop directional formatting'],
  [0x202d, 0x202d, 'left-to-right override'],
  [0x202e, 0x202e, 'right-to-left override'],
  [0x2060, 0x2060, 'word joiner'],
  [0x2061, 0x2064, 'invisible operator'],
  [0x2066, 0x2066, 'left-to-right isolate'],
  [0x2067, 0x2067, 'right-to-left isolate'],
  [0x2068, 0x2068, 'first strong isolate'],
  [0x2069, 0x2069, 'pop directional isolate'],
  [0x2800, 0x2800, 'blank Braille pattern'],
  [0x3164, 0x3164, 'Hangul filler'],
  [0xd800, 0xdfff, 'half character'],
  [0xfe00, 0xfe0f, 'variation selector'],
  [0xfeff, 0xfeff, 'byte order mark'],
  [0xffa0, 0xffa0, 'Hangul filler'],
  [0xfff9, 0xfffb, 'interlinear annotation character'],
  [0xe0000, 0xe007f, 'tag character'],
  [0xe0100, 0xe01ef, 'variation selector'],
];

/** The value of a cell: without spaces and invisible characters at its ends; an order id in NFC. */
export function cellValue(column: OrderColumn, cell: string): string {
  const text = trim(cell);
  const last = text.charCodeAt(text.length - 1);
  const isTrimmed = text.charCodeAt(0) < DELETE && last < DELETE;
  if (isTrimmed && (column !== 'order_id' || !NON_ASCII.test(text))) return text;
  if (FREE_TEXT_COLUMNS.includes(column)) return trimText(text);
  const key = trimKey(text);
  return column === 'order_id' ? key.normalize('NFC') : key;
}

/** Without spaces and invisible characters at its ends. */
export function trimKey(text: string): string {
  if (!NON_ASCII.test(text)) return text.trim();
  let end = text.length;
  for (let char = charBefore(text, end); end > 0 && isBlank.test(char); char = charBefore(text, end))
    end -= char.length;
  return text.slice(startOf(text, end, isBlank), end);
}

/** The ids that an order may be stored under, the given one first: orders of earlier releases have ids as they were sent. */
export function formsOfId(orderId: string): string[] {
  if (!NON_ASCII.test(orderId)) return [orderId];
  const id = trimKey(orderId);
  return [...new Set([orderId, id.normalize('NFC'), id.normalize('NFD')])];
}

/** Whether two texts are equal except for how their accents are composed. */
export const isSameText = (a: string, b: string): boolean => a === b || a.normalize('NFC') === b.normalize('NFC');

/** The first refused character of a value of the column: `a zero-width space (U+200B) at character 3`; null when it has none. */
export const refusedCharacter = (column: OrderColumn, value: string): string | null =>
  describe(FREE_TEXT_COLUMNS.includes(column) ? REFUSED_IN_TEXT : REFUSED, value);

function describe(refused: RegExp, value: string): string | null {
  if (PRINTABLE.test(value)) return null;
  const found = refused.exec(value);
  if (found === null) return null;
  const code = found[0].codePointAt(0)!;
  const name = NAMES.find(([first, last]) => code >= first && code <= last)?.[2] ?? 'invisible character';
  const article = /^[aeiou]/i.test(name) ? 'an' : 'a';
  const position = [...value.slice(0, found.index)].length + 1;
  return `${article} ${name} (U+${code.toString(16).toUpperCase().padStart(4, '0')}) at character ${position}`;
}

function trimText(text: string): string {
  if (!isVisible.test(text)) return '';
  let end = text.length;
  for (let char = charBefore(text, end); ; char = charBefore(text, end)) {
    const idle = isJoiner.test(char) && !isJoined.test(charBefore(text, end - 1));
    if (!idle && !isSpace.test(char)) break;
    end -= char.length;
  }
  const start = startOf(text, end, isSpace);
  return text.slice(isJoiner.test(text[start]!) ? startOf(text, end, isBlank) : start, end);
}

function startOf(text: string, end: number, isCut: RegExp): number {
  let start = 0;
  while (start < end) {
    const char = String.fromCodePoint(text.codePointAt(start)!);
    if (!isCut.test(char)) break;
    start += char.length;
  }
  return start;
}

function charBefore(text: string, end: number): string {
  const pair = text.slice(Math.max(0, end - 2), end);
  return pair.length === 2 && pair.codePointAt(0)! > 0xffff ? pair : pair.slice(-1);
}

/** Escapes characters that are invisible, or that would break or reorder the line around the text. */
const ESCAPED = new RegExp(`[${REFUSED_CHARS}]`, 'gu');
export const visible = (text: string): string =>
  text.replace(ESCAPED, (char) => {
    const code = char.codePointAt(0)!.toString(16).padStart(4, '0');
    return code.length === 4 ? `\\u${code}` : `\\u{${code}}`;
  });
