/**
 * Patterns of dates, such as `dd.MM.yyyy HH:mm`: the letters of Unicode UTS #35 for numbers and offsets, nothing that depends on a
 * language. A text that has the form of a pattern becomes the ISO 8601 date that the rules of a row read.
 */

/** A number of a pattern, with the digits that it may have. */
interface Field {
  name: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction';
  least: number;
  most: number;
  /** An hour from 1 to 12, with AM or PM. */
  half?: true;
}
type Part = Field | { name: 'literal'; text: string } | { name: 'halfDay' } | { name: 'offset' };

const FIELDS: Record<string, Field | { name: 'halfDay' } | { name: 'offset' }> = {
  yyyy: { name: 'year', least: 4, most: 4 },
  yy: { name: 'year', least: 2, most: 2 },
  MM: { name: 'month', least: 2, most: 2 },
  M: { name: 'month', least: 1, most: 2 },
  dd: { name: 'day', least: 2, most: 2 },
  d: { name: 'day', least: 1, most: 2 },
  HH: { name: 'hour', least: 2, most: 2 },
  H: { name: 'hour', least: 1, most: 2 },
  hh: { name: 'hour', least: 2, most: 2, half: true },
  h: { name: 'hour', least: 1, most: 2, half: true },
  mm: { name: 'minute', least: 2, most: 2 },
  ss: { name: 'second', least: 2, most: 2 },
  SSS: { name: 'fraction', least: 3, most: 3 },
  a: { name: 'halfDay' },
  XXX: { name: 'offset' },
};
const LETTERS = Object.keys(FIELDS).join(', ');
const PART = /'((?:[^']|'')+)'|([A-Za-z])\2*|[^A-Za-z']/gy;

/** A year of two digits is one of these hundred years. */
const CENTURY = '20';

export interface DatePattern {
  text: string;
  parts: Part[];
}

/** The pattern, or what is wrong with it. */
export function parseDatePattern(text: string): DatePattern | string {
  const parts: Part[] = [];
  let end = 0;
  for (const [part, quoted] of text.matchAll(PART)) {
    end += part.length;
    if (quoted !== undefined) parts.push({ name: 'literal', text: quoted.replaceAll("''", "'") });
    else if (!/[A-Za-z]/.test(part)) parts.push({ name: 'literal', text: part });
    else if (FIELDS[part] !== undefined) parts.push(FIELDS[part]);
    else return `has ${part}, which is none of ${LETTERS}: put words in single quotes`;
  }
  if (end < text.length) return 'opens a single quote that is not closed';
  return problemOf(parts) ?? { text, parts };
}

function problemOf(parts: readonly Part[]): string | null {
  const names = parts.map(({ name }) => name).filter((name) => name !== 'literal');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `has the ${WORDS[twice]} twice`;
  const lacks = (['year', 'month', 'day'] as const).find((name) => !names.includes(name));
  if (lacks !== undefined) return `lacks the ${WORDS[lacks]}`;
  const hour = parts.find((part): part is Field => part.name === 'hour');
  if ((hour?.half === true) !== names.includes('halfDay')) return 'has only one of hh and a, which belong together';
  if ((hour === undefined) !== !names.includes('minute')) return 'has only one of the hour and the minute';
  const needs = (
    [
      ['second', 'minute'],
      ['fraction', 'second'],
      ['offset', 'minute'],
    ] as const
  ).find(([name, other]) => names.includes(name) && !names.includes(other));
  if (needs !== undefined) return `has the ${WORDS[needs[0]]} without the ${WORDS[needs[1]]}`;
  const loose = parts.findIndex((part, i) => isField(part) && part.least < part.most && isNumeric(parts[i + 1]));
  if (loose !== -1) return 'has numbers of one or two digits with nothing between them';
  return null;
}

const WORDS: Record<Part['name'], string> = {
  ...{ year: 'year', month: 'month', day: 'day', hour: 'hour', minute: 'minute', second: 'second' },
  ...{ fraction: 'fraction', halfDay: 'half of the day', offset: 'offset', literal: 'text' },
};

const isField = (part: Part): part is Field => 'least' in part;
const isNumeric = (part: Part | undefined): boolean =>
  part !== undefined && (isField(part) || (part.name === 'literal' && /^\d/.test(part.text)));

/** Two of the patterns that some text fits with two meanings, or null: which is meant must never be a guess. */
export function ambiguousPatterns(patterns: readonly DatePattern[]): [string, string] | null {
  for (const [i, a] of patterns.entries())
    for (const b of patterns.slice(i + 1)) if (overlap(a.parts, b.parts)) return [a.text, b.text];
  return null;
}

interface Run {
  text: string;
  least: number;
  most: number;
  fields: string;
}

function overlap(a: readonly Part[], b: readonly Part[]): boolean {
  const [runsOfA, runsOfB] = [runsOf(a), runsOf(b)];
  if (runsOfA.length !== runsOfB.length) return false;
  const meet = runsOfA.every((run, i) => {
    const other = runsOfB[i]!;
    return run.text === other.text && run.least <= other.most && other.least <= run.most;
  });
  return meet && runsOfA.some((run, i) => run.fields !== runsOfB[i]!.fields);
}

/** Numbers that follow each other as one, other parts as texts. */
function runsOf(parts: readonly Part[]): Run[] {
  const runs: Run[] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    if (!isField(part)) {
      const text = part.name === 'literal' ? part.text : part.name;
      if (last && last.most === 0) last.text += text;
      else runs.push({ text, least: 0, most: 0, fields: '' });
    } else if (last && last.most > 0) {
      last.least += part.least;
      last.most += part.most;
      last.fields += ` ${part.name}${part.least}`;
    } else runs.push({ text: '', least: part.least, most: part.most, fields: part.name });
  }
  return runs;
}

/** Returns the date in ISO 8601, which may be no day of the calendar; null where the text does not have the form. */
export function createPatternReader({ parts }: DatePattern): (text: string) => string | null {
  const form = new RegExp(`^${parts.map(formOf).join('')}$`, 'i');
  const names = parts.flatMap(({ name }) => (name === 'literal' ? [] : [name]));
  const at = (name: Part['name']) => names.indexOf(name as never) + 1;
  const [year, month, day, hour, minute, second] = [
    at('year'),
    at('month'),
    at('day'),
    at('hour'),
    at('minute'),
    at('second'),
  ];
  const [fraction, halfDay, offset] = [at('fraction'), at('halfDay'), at('offset')];
  return (text) => {
    const found = form.exec(text);
    if (found === null) return null;
    const years = found[year]!;
    const date = `${years.length === 2 ? CENTURY + years : years}-${twoDigits(found[month]!)}-${twoDigits(found[day]!)}`;
    if (hour === 0) return date;
    const hours = halfDay === 0 ? twoDigits(found[hour]!) : hourOfDay(Number(found[hour]), found[halfDay]!);
    const seconds = second === 0 ? '' : `:${found[second]}${fraction === 0 ? '' : `.${found[fraction]}`}`;
    return `${date}T${hours}:${found[minute]}${seconds}${offset === 0 ? '' : found[offset]!.toUpperCase()}`;
  };
}

const NOON = { hour: '12', minute: '00', second: '00', fraction: '000' };

/** A day, at noon, as the pattern has it. */
export function exampleOfPattern({ parts }: DatePattern, day: string): string {
  const [year, month, dayOfMonth] = day.split('-') as [string, string, string];
  const digits = { year, month, day: dayOfMonth, ...NOON };
  const textOf = (part: Part) => {
    if (part.name === 'literal') return part.text;
    if (part.name === 'halfDay') return 'PM';
    if (part.name === 'offset') return 'Z';
    return digits[part.name].slice(-part.most);
  };
  return parts.map(textOf).join('');
}

function formOf(part: Part): string {
  if (part.name === 'literal') return part.text === ' ' ? '[ \\u00a0\\u202f]' : RegExp.escape(part.text);
  if (part.name === 'halfDay') return '([AP]M)';
  if (part.name === 'offset') return '(Z|[+-]\\d{2}(?::?\\d{2})?)';
  return `(\\d{${part.least},${part.most}})`;
}

const twoDigits = (digits: string): string => (digits.length === 1 ? `0${digits}` : digits);

/** An hour that is not from 1 to 12 becomes one that no day has. */
function hourOfDay(hour: number, half: string): string {
  if (hour < 1 || hour > 12) return '99';
  return String((hour % 12) + (half.toUpperCase() === 'PM' ? 12 : 0)).padStart(2, '0');
}
