/** A second reading of the CSV grammar, the plain way, with the whole text before it: an oracle for tests. */
import type { Delimiter } from '../../src/model/intake.ts';

export interface NaiveRow {
  row: number;
  cells: string[];
  malformedQuote: boolean;
  end: number;
}

export interface NaiveReading {
  rows: NaiveRow[];
  failure: { code: string; row: unknown } | null;
}

const QUOTED = /"((?:[^"]|"")*)"(?!")/y;

/** `decode` makes raw cells into text before blank records are left out; by default they are text already. */
export function naiveRows(
  text: string,
  delimiter: Delimiter,
  decode: (raw: string) => string = (raw) => raw,
): NaiveReading {
  const rows: NaiveRow[] = [];
  const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  let at = 0;
  for (let row = 1; at < ended.length; row++) {
    const start = at;
    const cells: string[] = [];
    let malformedQuote = false;
    for (let inRecord = true; inRecord; ) {
      if (ended[at] === '"') {
        QUOTED.lastIndex = at;
        const match = QUOTED.exec(ended);
        if (match === null) return { rows, failure: { code: 'unclosed_quote', row } };
        const after = at + match[0].length;
        const follows = /^(\r?\n|)/.exec(ended.slice(after))![0];
        if (follows === '' && ended[after] !== delimiter) {
          malformedQuote = true;
          at = ended.indexOf('\n', at) + 1;
          cells.splice(
            0,
            cells.length,
            ...ended
              .slice(start, at)
              .replace(/\r?\n$/, '')
              .split(delimiter),
          );
          inRecord = false;
        } else {
          cells.push(match[1]!.replace(/""/g, '"'));
          at = after + (follows.length || 1);
          inRecord = follows === '';
        }
      } else {
        const line = ended.slice(at, ended.indexOf('\n', at));
        const cell = line.split(delimiter, 1)[0]!;
        inRecord = cell.length < line.length;
        cells.push(inRecord ? cell : cell.replace(/\r$/, ''));
        at += cell.length + 1;
      }
    }
    const decoded = cells.map(decode);
    if (decoded.some((cell) => cell.trim() !== ''))
      rows.push({ row, cells: decoded, malformedQuote, end: Math.min(at, text.length) });
  }
  return { rows, failure: null };
}
