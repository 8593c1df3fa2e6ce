/** The grammar against a second, naive reading of it that has the whole text before it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOmsError } from '../../../src/errors.ts';
import { DELIMITERS, type Delimiter } from '../../../src/model/intake.ts';
import { CsvRecords } from '../../../src/pipeline/read/csv-records.ts';

interface Row {
  row: number;
  cells: string[];
  malformedQuote: boolean;
  end: number;
}

const QUOTED = /"((?:[^"]|"")*)"(?!")/y;

function naiveRows(text: string, delimiter: Delimiter): { rows: Row[]; unclosed: number | null } {
  const rows: Row[] = [];
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
        if (match === null) return { rows, unclosed: row };
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
    if (cells.some((cell) => cell.trim() !== ''))
      rows.push({ row, cells, malformedQuote, end: Math.min(at, text.length) });
  }
  return { rows, unclosed: null };
}

function read(pieces: string[], delimiter: Delimiter): { rows: Row[]; unclosed: number | null } {
  const records = new CsvRecords({ delimiter, encoding: 'utf-8' }, 1e6, { offset: 0, row: 0 });
  const rows: Row[] = [];
  const readAll = () => {
    for (let row = records.next(); row !== null; row = records.next()) {
      const { undecodable: _, ...rest } = row;
      rows.push(rest);
    }
  };
  try {
    for (const piece of pieces) {
      records.push(piece, true);
      readAll();
    }
    records.end(pieces.join('').length);
    readAll();
  } catch (error) {
    if (!isOmsError(error, 'unclosed_quote')) throw error;
    return { rows, unclosed: error.details.row as number };
  }
  return { rows, unclosed: null };
}

describe('records', () => {
  it('are what a naive reading of the whole text gives, well formed or not, in any pieces', () => {
    const piece = fc
      .array(fc.constantFrom('a', ' ', ',', ';', '"', '"', '""', '\n', '\n', '\r', '\r\n', ',"', '",', '"\n', '\n"'), {
        maxLength: 12,
      })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom(...DELIMITERS), (pieces, delimiter) => {
        expect(read(pieces, delimiter)).toEqual(naiveRows(pieces.join(''), delimiter));
      }),
      { numRuns: 5000 },
    );
  });
});
