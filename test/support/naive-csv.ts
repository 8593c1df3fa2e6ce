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

const QUOTED = /[ \t]*"((?:[^"]|"")*)"(?!")[ \t]*/y;
/** Between tabs, which are no spaces then. */
const QUOTED_BETWEEN_TABS = / *"((?:[^"]|"")*)"(?!") */y;
const LINE_END = /\r\n|\n|\r/;

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
    const quoted = delimiter === '\t' ? QUOTED_BETWEEN_TABS : QUOTED;
    for (let inRecord = true; inRecord; ) {
      quoted.lastIndex = at;
      const match = quoted.exec(ended);
      if (match === null && ended[at] === '"') return { rows, failure: { code: 'unclosed_quote', row } };
      const after = at + (match?.[0].length ?? 0);
      const follows = LINE_END.exec(ended.slice(after))?.index === 0 ? LINE_END.exec(ended.slice(after))![0] : '';
      if (match !== null && (follows !== '' || ended[after] === delimiter)) {
        cells.push(match[1]!.replace(/""/g, '"'));
        at = after + (follows.length || 1);
        inRecord = follows === '';
        continue;
      }
      const lineEnd = LINE_END.exec(ended.slice(at))!;
      const line = ended.slice(at, at + lineEnd.index);
      if (ended[at] === '"') {
        malformedQuote = true;
        const whole = ended.slice(start, at + lineEnd.index);
        cells.splice(0, cells.length, ...whole.split(delimiter));
        at += lineEnd.index + lineEnd[0].length;
        inRecord = false;
      } else {
        const cell = line.split(delimiter, 1)[0]!;
        inRecord = cell.length < line.length;
        cells.push(cell);
        at += inRecord ? cell.length + 1 : lineEnd.index + lineEnd[0].length;
      }
    }
    const decoded = cells.map(decode);
    if (decoded.some((cell) => cell.trim() !== ''))
      rows.push({ row, cells: decoded, malformedQuote, end: Math.min(at, text.length) });
  }
  return { rows, failure: null };
}
