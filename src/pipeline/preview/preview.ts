/**
 * What a file of orders is, from its first bytes: how it is written, which row is its header, which column is which, the format that fits
 * it best, and its first rows as they would be read. Nothing is stored, and nothing is decided: a person confirms it.
 */
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import { isFileFailure } from '../../model/file-failure.ts';
import { type Format, namesOf as namesOfSource } from '../../model/format.ts';
import type { Delimiter } from '../../model/intake.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import { isStandardHeader, makeHeader } from '../read/header.ts';
import { refuseOtherText } from '../read/no-header.ts';
import { NO_AMOUNTS, NO_LINES } from './amount-evidence.ts';
import { type Beginning, readBeginning } from './beginning.ts';
import { type Draft, formatOf } from './draft.ts';
import { type FoundHeader, findHeader, headerOfFormat, headersToRecognise, rowsAbove } from './find-header.ts';
import type { KnownFormats } from './known-formats.ts';
import { type ReadingEnd, readingEnd, readRows } from './read-rows.ts';
import { type RowAsRead, rowsAsRead } from './rows-as-read.ts';
import { type Missing, type Suggestion, suggestFormat } from './suggest-format.ts';
import { type FileColumn, makeTable } from './table.ts';

export interface PreviewOptions {
  /** A label of the WHATWG Encoding Standard. */
  encoding: string | undefined;
  sheet: string | null;
  delimiter: Delimiter | null;
  /** The bytes end before the file does. */
  isPart: boolean;
  /** The format that the file is read by, perhaps not complete; null: the one that fits it best. */
  asked: Draft | null;
  known: KnownFormats;
  /** An IANA name, for dates without a zone. */
  timeZone: string;
}

/** Why the file is read by its format: `standard` needs none. */
export type FitBy = 'asked' | 'saved' | 'preset' | 'standard' | 'suggested';

export interface Preview {
  beginning: Beginning;
  /** Null: no row looks like one. */
  header: FoundHeader | null;
  /** Rows above it, without a line `sep=`. */
  skipRows: number;
  columns: FileColumn[];
  by: FitBy;
  format: Draft;
  confidence: Suggestion['confidence'];
  evidence: Suggestion['evidence'];
  missing: Missing[];
  rows: RowAsRead[];
  /** Why the rows cannot be read by the format, or why those behind the last one cannot be read at all. */
  failure: ReadingEnd | null;
}

/** `bytes`: the first ones of the file, at most `limits.previewBytes`. Throws what `readBeginning` does, `not_csv`, and `invalid_format`. */
export async function preview(bytes: Buffer, options: PreviewOptions): Promise<Preview> {
  const asked = options.asked && formatOf(options.asked);
  const first = await readBeginning(bytes, { ...options, format: asked });
  const { saved, several } = asked ? NOT_SAVED : await findSaved(first, options.known);
  // It was recognised in the encoding that was detected, and may name another, and other forms of the numbers of a sheet.
  const beginning =
    saved && (saved.encoding || first.sheet) ? await readBeginning(bytes, { ...options, format: saved }) : first;
  const found = saved ? null : await findHeader(beginning, asked?.delimiter ?? options.delimiter);
  const isOpen = !asked && !saved && found !== null;
  const known = isOpen ? options.known.preset(namesOf(found), skippedBy(beginning, found)) : saved;
  const exact = options.asked?.header === undefined ? known : asked;
  const header = exact === null ? found : await headerOfFormat(beginning, exact);
  if (header === null) return withoutHeader(beginning, options);

  const { rows, ...end } = await readRows(beginning, header);
  const failure = several ?? end.failure;
  const names = namesOf(header);
  const table = await makeTable(names, rows);
  const skipRows = skippedBy(beginning, header);
  const place = { skip_rows: skipRows, columns: fingerprintOf(names) };
  const { evidence, ...suggestion } = await suggestFormat(table, place, options.asked ?? known ?? undefined);
  if (known) suggestion.confidence = certain(known);
  const read = (format: Format | null, lacking: readonly OrderColumn[]) =>
    rowsAsRead(
      rows.slice(0, limits.previewRows),
      makeHeader(names, header.record.row, format),
      lacking,
      options.timeZone,
    );

  const common = { beginning, header, skipRows, columns: table.columns, evidence };
  const format = saved ? suggestion.format : withEncoding(suggestion.format, beginning);
  const others = {
    ...common,
    ...suggestion,
    format,
    by: options.asked ? 'asked' : saved ? 'saved' : known ? 'preset' : 'suggested',
  } as const;
  try {
    if (others.by === 'suggested' && skipRows === 0 && isStandardHeader(names)) {
      const standard = read(null, []);
      if (isReadWell(standard)) return { ...common, ...asStandard(place, beginning), rows: standard, failure };
    }
    return { ...others, rows: read(formatOf(format), lackedBy(suggestion.missing)), failure };
  } catch (error) {
    if (!isOmsError(error) || !isFileFailure(error)) throw error;
    return { ...others, rows: [], failure: readingEnd(error) };
  }
}

const NOT_SAVED = { saved: null, several: null };

/** The saved format by which an upload would read the file, or why it would not choose among several. */
async function findSaved(
  beginning: Beginning,
  known: KnownFormats,
): Promise<{ saved: Format | null; several: ReadingEnd | null }> {
  // An upload refuses it until its encoding is named.
  if (beginning.mustBeNamed && beginning.encodingBy === 'bytes') return NOT_SAVED;
  try {
    return { saved: await known.saved(await headersToRecognise(beginning)), several: null };
  } catch (error) {
    if (!isOmsError(error) || !isFileFailure(error)) throw error;
    return { saved: null, several: readingEnd(error) };
  }
}

const namesOf = ({ record }: FoundHeader): string[] => record.cells.map((name) => name.trim());

const skippedBy = (beginning: Beginning, { record }: FoundHeader): number => record.row - 1 - rowsAbove(beginning);

/** The names that a format remembers of its file; null where they are more than a format may have. */
function fingerprintOf(names: string[]): string[] | null {
  const isLong = names.length > limits.maxColumns || names.some((name) => name.length > limits.maxFormatTextChars);
  return isLong || Buffer.byteLength(JSON.stringify(names)) > limits.maxFormatBytes / 2 ? null : names;
}

/** An encoding that an upload would not find by itself is part of the format. */
const withEncoding = (format: Draft, { encoding, mustBeNamed }: Beginning): Draft =>
  mustBeNamed && format.encoding == null ? { ...format, encoding } : format;

/** A format that fits exactly names the columns itself. */
const certain = ({ columns }: Format): Suggestion['confidence'] =>
  Object.fromEntries(
    ORDER_COLUMNS.filter((column) => namesOfSource(columns[column]).length > 0).map((column) => [column, 1]),
  );

/** The columns whose values nobody can tell yet. */
const lackedBy = (missing: readonly Missing[]): OrderColumn[] =>
  missing.flatMap((what) =>
    what === 'numbers' ? ['quantity', 'unit_price', 'total_amount'] : what === 'dates' ? ['order_date'] : [what],
  );

const asStandard = (header: Draft['header'], beginning: Beginning) =>
  ({
    by: 'standard',
    format: withEncoding({ ...(header && { header }), columns: STANDARD.columns }, beginning),
    confidence: certain(STANDARD),
    missing: [] as Missing[],
  }) as const;

/** Each column of an order under its own name. */
const STANDARD = formatOf({
  columns: Object.fromEntries(ORDER_COLUMNS.map((column) => [column, { from: column }])),
});

const OF_FORMS: readonly ReasonCode[] = ['invalid_quantity', 'invalid_price', 'invalid_total', 'invalid_date'];

/** Whether most rows have numbers and dates in standard form: the others are mistakes. */
function isReadWell(rows: readonly RowAsRead[]): boolean {
  const wrong = rows.filter(({ reasons }) => reasons.some(({ code }) => OF_FORMS.includes(code)));
  return wrong.length * 2 <= rows.length;
}

function withoutHeader(beginning: Beginning, { asked }: PreviewOptions): Preview {
  const text = beginning.text.slice(0, limits.headerSearchChars);
  refuseOtherText(text);
  const message =
    'No row looks like a header: put a line with the names of the columns above the orders, in the order of their cells.';
  return {
    ...{
      beginning,
      header: null,
      skipRows: 0,
      columns: [],
      by: asked ? 'asked' : 'suggested',
      format: asked ?? {},
      confidence: {},
    },
    evidence: { numbers: null, dates: null, amounts: NO_AMOUNTS, lines: NO_LINES },
    ...{ missing: [...ORDER_COLUMNS], rows: [], failure: { code: 'missing_column', message, row: null } },
  };
}
