/** The grammar against a second, naive reading of it that has the whole text before it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOmsError } from '../../../src/errors.ts';
import { DELIMITERS, type Delimiter } from '../../../src/model/intake.ts';
import { CsvRecords } from '../../../src/pipeline/read/csv-records.ts';
import type { TextForm } from '../../../src/pipeline/read/transcode.ts';
import { type NaiveReading, type NaiveRow, naiveRows } from '../../support/naive-csv.ts';

function read(
  pieces: string[],
  delimiter: Delimiter,
  encoding: TextForm = 'utf-8',
  maxRecordBytes = 1e6,
): NaiveReading {
  const records = new CsvRecords(delimiter, encoding, maxRecordBytes, { offset: 0, row: 0 });
  const rows: NaiveRow[] = [];
  const readAll = () => {
    for (let row = records.next(); row !== null; row = records.next()) {
      const { undecodable: _, ...rest } = row;
      rows.push(rest);
    }
  };
  try {
    for (const piece of pieces) {
      records.push(piece);
      readAll();
    }
    records.end(pieces.join('').length * (encoding === 'utf-8' ? 1 : 2));
    readAll();
  } catch (error) {
    if (!isOmsError(error)) throw error;
    return { rows, failure: { code: error.code, row: error.details.row } };
  }
  return { rows, failure: null };
}

const anyPieces = fc.array(
  fc
    .array(
      fc.constantFrom(
        'a',
        ' ',
        ',',
        ';',
        '"',
        '"',
        '""',
        '\n',
        '\n',
        '\r',
        '\r\n',
        ',"',
        '",',
        '"\n',
        '\n"',
        ' "',
        '" ',
        '\t',
        '\t"',
      ),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join('')),
  { maxLength: 8 },
);

describe('records', () => {
  it('are the same as by a naive reading of the whole text, well-formed or not, in any pieces', () => {
    fc.assert(
      fc.property(anyPieces, fc.constantFrom(...DELIMITERS), (pieces, delimiter) => {
        expect(read(pieces, delimiter)).toEqual(naiveRows(pieces.join(''), delimiter));
      }),
      { numRuns: 5000 },
    );
  });

  it('meet their limit at the same place in any pieces, in bytes and in pairs of bytes', () => {
    fc.assert(
      fc.property(anyPieces, fc.integer({ min: 1, max: 12 }), (pieces, maxRecordChars) => {
        const text = pieces.join('');
        const whole = read([text], ',', 'utf-8', maxRecordChars);
        expect(read(pieces, ',', 'utf-8', maxRecordChars)).toEqual(whole);
        expect(read([...text], ',', 'utf-8', maxRecordChars)).toEqual(whole);
        const pairs = read([...text], ',', 'utf-16le', 2 * maxRecordChars);
        expect(pairs).toEqual({ ...whole, rows: whole.rows.map((row) => ({ ...row, end: 2 * row.end })) });
      }),
      { numRuns: 5000 },
    );
  });

  it('are unclosed when their quote closes beyond the limit, too large when they end beyond it otherwise', () => {
    const failureOf = (text: string) => read([text], ',', 'utf-8', 8).failure?.code;
    expect(failureOf('"aaaaa"\n')).toBeUndefined();
    expect(failureOf('"aaaaaa"\n')).toBe('record_too_large');
    expect(failureOf('"aaaaaaa"\n')).toBe('unclosed_quote');
    expect(failureOf('aaaaaaa\n')).toBeUndefined();
    expect(failureOf('aaaaaaaa\n')).toBe('record_too_large');
  });
});
