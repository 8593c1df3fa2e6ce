/**
 * `oms preview FILE`: what a file is, which format fits it, and how its first rows would be read. Looks at the first MiB, or all of a
 * workbook, and stores nothing. Exit code 0: its rows can be read as they are, 2: something is missing or wrong, 1: it is no file of orders.
 */
import { open } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import type { PreviewResponse } from '../http/preview-response.ts';
import { limits } from '../limits.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../model/columns.ts';
import { namesOf } from '../model/format.ts';
import { previewedBytes } from '../pipeline/preview/beginning.ts';
import type { Draft } from '../pipeline/preview/draft.ts';
import { parseEncoding } from '../pipeline/read/encoding.ts';
import { CLIENT_OPTIONS } from './connect.ts';
import { openPreviewer } from './previewer.ts';

const EXIT = { readable: 0, failed: 1, open: 2 } as const;

export async function run(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...{ format: text, encoding: text, sheet: text, ...CLIENT_OPTIONS },
      json: { type: 'boolean', default: false },
    },
  });
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0)
    throw new OmsError(
      'invalid_option',
      'usage: oms preview FILE [--format NAME] [--encoding LABEL] [--sheet NAME] [--json]',
    );
  if (values.encoding !== undefined) parseEncoding(values.encoding);
  const { format, encoding, sheet } = values;
  const first = await firstBytes(path);
  await using opened = new AsyncDisposableStack();
  const preview = await openPreviewer({ given: values, config: readConfig(), command: 'oms preview', opened });
  const response = await preview({ ...first, format, encoding, sheet });
  process.stdout.write(values.json ? `${JSON.stringify(response, null, 2)}\n` : printed(path, response));
  const isReadable = response.failure === null && response.missing.length === 0;
  return isReadable && response.rows.every(({ reasons }) => reasons.length === 0) ? EXIT.readable : EXIT.open;
}

async function firstBytes(path: string): Promise<{ bytes: Buffer; isPart: boolean }> {
  await using file = await open(path);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(limits.previewWorkbookBytes + 1), { position: 0 });
  const most = previewedBytes(buffer);
  return { bytes: buffer.subarray(0, Math.min(most, bytesRead)), isPart: bytesRead > most };
}

const FITS: Record<PreviewResponse['fit'], string> = {
  asked: 'read by the format that was asked for',
  saved: 'read by the saved format for such files',
  preset: 'read by the preset for such files',
  standard: 'a standard file, which needs no format',
  suggested: 'a format is suggested: check it before you use it',
};

function printed(path: string, response: PreviewResponse): string {
  const { encoding, delimiter, sheet, header, fit, missing, rows, failure } = response;
  const name = (response.format as Draft).name;
  const wrong = rows.filter(({ reasons }) => reasons.length > 0);
  const lines = [
    `${path}: ${sheet ? `sheet ${JSON.stringify(sheet.name)} of ${sheet.names.length}` : encoding}${delimiter === null || sheet ? '' : `, delimiter ${JSON.stringify(delimiter)}`}${header === null ? '' : `, header in row ${header.row}`}`,
    ...(failure === null ? [] : [`${failure.code}: ${failure.message}`]),
    ...(header === null
      ? []
      : [
          `${FITS[fit]}${fit === 'suggested' || name === undefined ? '' : `: ${name}`}`,
          ...columnLines(response),
          ...evidenceLines(response),
        ]),
    ...(missing.length === 0 ? [] : [`missing: ${missing.join(', ')}`]),
    ...wrong.map(
      ({ row, reasons }) => `row ${row}: ${reasons.map(({ code, reason }) => `${code}: ${reason}`).join(' | ')}`,
    ),
    ...(header === null
      ? []
      : [`${rows.length} ${rows.length === 1 ? 'row' : 'rows'} read, ${wrong.length} with problems`]),
  ];
  return `${lines.map(oneLine).join('\n')}\n`;
}

const NAME_CHARS = 18;

function columnLines({ format, confidence, columns }: PreviewResponse): string[] {
  const { columns: sources = {} } = format as Draft;
  return ORDER_COLUMNS.map((column) => {
    const source = sources[column];
    const names = source === undefined ? [] : namesOf(source);
    const values = columns.find(({ name }) => name === names[0])?.values ?? [];
    const sure = confidence[column] === undefined ? '' : `  ${Math.round(100 * confidence[column])} %`;
    return `  ${column.padEnd(NAME_CHARS)}${sourceText(column, source)}${sure}${values.length > 0 ? `  (${values.join(', ')})` : ''}`;
  });
}

function sourceText(column: OrderColumn, source: NonNullable<Draft['columns']>[OrderColumn]): string {
  if (source === undefined) return `missing: name its column, or give it a constant, {"${column}": {"value": "…"}}`;
  if ('value' in source) return `always ${JSON.stringify(source.value)}`;
  if ('compute' in source) return 'quantity x price';
  const names = namesOf(source).map((name) => JSON.stringify(name));
  if ('join' in source) return names.join(' + ');
  return `${names.join(' or ')}${source.divide_by === undefined ? '' : ' / quantity'}`;
}

function evidenceLines({ evidence: { numbers, dates, lines } }: PreviewResponse): string[] {
  const proofs = (all: { row: number; value: string }[]) =>
    all.map(({ row, value }) => `row ${row} ${JSON.stringify(value)}`).join(', ');
  const told: string[] = [];
  const tell = (what: string, { proof, against }: NonNullable<typeof numbers | typeof dates>) => {
    if (proof.length > 0)
      told.push(`${what}: ${proofs(proof)}${against.length === 0 ? '' : `; but ${proofs(against)}`}`);
  };
  if (numbers) tell(numbers.decimal === ',' ? 'a decimal comma' : 'a decimal point', numbers);
  if (dates) tell(dates.order === 'month_first' ? 'months before days' : 'days before months', dates);
  if (lines.orders > 0) told.push(`orders of several rows: row ${lines.rows.join(', ')} belongs to the row above`);
  return told;
}

/** Cells of a file may hold anything. */
const oneLine = (text: string): string => text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ');
