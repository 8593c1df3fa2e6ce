/** How surely the name of a column means a column of orders: 1 for a known name, less for one that contains a known name, 0 for others. */
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import { ADDRESS_PARTS, NAME_PARTS, PART_OWNERS, SYNONYMS } from './column-synonyms.ts';

/** A longer name is not one that people know a column by. */
const MAX_NAME_CHARS = 200;
/** An entry inside a longer word is meant when it is so long: "bestellnummer" in "kundenbestellnummer". */
const MIN_INSIDE_CHARS = 7;

const SURE = 1;
const WITHOUT_FILLERS = 0.95;
const MAYBE = 0.6;
const AMONG_WORDS = 0.75;
const INSIDE_A_WORD = 0.65;
/** With a word that makes the name another column. */
const OTHER_COLUMN = 0.3;

/** Words that change nothing about which column a name means: articles, "number", currencies. */
const FILLERS = new Set(
  [
    'the of in a an no nr num n id o per and or number shop store my your',
    'der die das des dem den von vom fur im am je pro und nummer',
    'le la les l du de d des en au et numero un une',
    'el los las del y con',
    'eur euro euros usd gbp chf cad aud sek nok dkk pln currency brutto netto ttc ht incl excl inkl exkl',
  ]
    .join(' ')
    .split(' '),
);

/** The words of a name, in lower case without accents and signs: `OrderID`, `order_id` and `Order-ID` are the same two. */
export function wordsOf(name: string): string[] {
  return name
    .slice(0, MAX_NAME_CHARS)
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '');
}

const withoutFillers = (words: readonly string[]): string[] => words.filter((word) => !FILLERS.has(word));

interface Entry {
  words: string[];
  key: string;
}

const entriesOf = (names: string): Entry[] =>
  names
    .split(',')
    .flatMap((name) => [name, spelledOut(name)])
    .map((name) => ({ words: wordsOf(name), key: wordsOf(name).join('') }));

/** German letters as two, where a keyboard or a program lacks them. */
const spelledOut = (name: string): string =>
  name.replaceAll('ä', 'ae').replaceAll('ö', 'oe').replaceAll('ü', 'ue').replaceAll('Ü', 'Ue');

/** The best score of each key that an entry has, whole or without its fillers. */
function scoresOf(lists: readonly (readonly [string, number])[]): Map<string, number> {
  const scores = new Map<string, number>();
  const add = (key: string, score: number) => {
    if (key !== '') scores.set(key, Math.max(score, scores.get(key) ?? 0));
  };
  for (const [names, score] of lists) {
    for (const { words, key } of entriesOf(names)) {
      add(key, score);
      add(withoutFillers(words).join(''), score * WITHOUT_FILLERS);
    }
  }
  return scores;
}

const SCORES = new Map(
  ORDER_COLUMNS.map((column) => {
    const { names, maybe } = SYNONYMS[column];
    const own = `${column},${names}`;
    return [
      column,
      scoresOf(
        maybe === undefined
          ? [[own, SURE]]
          : [
              [own, SURE],
              [maybe, MAYBE],
            ],
      ),
    ] as const;
  }),
);
const ENTRIES = new Map(ORDER_COLUMNS.map((column) => [column, entriesOf(SYNONYMS[column].names)] as const));
const OTHERS = new Map(ORDER_COLUMNS.map((column) => [column, new Set(SYNONYMS[column].not?.split(' '))] as const));

/** Only known names, whole or without fillers: fast enough for every cell of the first rows. */
export function knownName(words: readonly string[], column: OrderColumn): number {
  const scores = SCORES.get(column)!;
  const whole = scores.get(words.join(''));
  return whole ?? WITHOUT_FILLERS * (scores.get(withoutFillers(words).join('')) ?? 0);
}

export function matchName(words: readonly string[], column: OrderColumn): number {
  const known = knownName(words, column);
  if (known > 0) return known;
  const key = words.join('');
  let best = 0;
  for (const entry of ENTRIES.get(column)!) {
    if (best < AMONG_WORDS && containsWords(words, entry.words)) best = AMONG_WORDS;
    else if (best < INSIDE_A_WORD && entry.key.length >= MIN_INSIDE_CHARS && key.includes(entry.key))
      best = INSIDE_A_WORD;
  }
  const others = OTHERS.get(column)!;
  return words.some((word) => others.has(word)) ? best * OTHER_COLUMN : best;
}

function containsWords(words: readonly string[], part: readonly string[]): boolean {
  for (let at = 0; at + part.length <= words.length; at++) {
    if (part.every((word, i) => words[at + i] === word)) return true;
  }
  return false;
}

/** A part of a name or an address, such as the city, and whose it is. */
export interface Part {
  /** Its place among the parts. */
  place: number;
  /** The place of its owner in `PART_OWNERS`; that of nobody is between those of delivery and billing. */
  owner: number;
}

const OWNERS = PART_OWNERS.map((words) => new Set(words.split(' ')));
const NOBODY = 1;
const keysOfParts = (parts: readonly string[]) =>
  parts.map((names) => new Set(entriesOf(names).flatMap(({ words, key }) => [key, withoutFillers(words).join('')])));
const PART_KEYS = { customer_name: keysOfParts(NAME_PARTS), shipping_address: keysOfParts(ADDRESS_PARTS) };

/** The part of the customer's name, or of the address, that the name means; null for others. */
export function partOf(words: readonly string[], column: keyof typeof PART_KEYS): Part | null {
  const rest = words.filter((word) => !OWNERS.some((owners) => owners.has(word)));
  const keys = new Set([rest.join(''), withoutFillers(rest).join('')].filter((key) => key !== ''));
  const place = PART_KEYS[column].findIndex((known) => [...keys].some((key) => known.has(key)));
  return place === -1 ? null : { place, owner: ownerOf(words) };
}

/** Whose a column is: lower numbers come first. */
export function ownerOf(words: readonly string[]): number {
  const owner = OWNERS.findIndex((owners) => words.some((word) => owners.has(word)));
  return owner === -1 ? NOBODY : owner;
}
