/** Reads a CSV of stock, `sku,hub_id,available` to set or `sku,hub_id,delta` to add, in batches of changes. */
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { refusedCharacter, trimKey } from '../model/characters.ts';
import { invalidValue } from '../model/reasons.ts';
import type { StockChange } from '../ports/stock.ts';
import { ByteReader } from './read/byte-reader.ts';
import { decideEncoding, declaredEncoding } from './read/encoding.ts';
import { firstNonAscii } from './read/guess-encoding.ts';
import { REPLACEMENT } from './read/text-decoder.ts';
import { transcoded } from './read/transcode.ts';

const key = (name: 'sku' | 'hub_id') =>
  z
    .string({ error: `${name} is not a text` })
    .overwrite(trimKey)
    .min(1, `${name} is empty`)
    .max(limits.maxTextChars, `${name} is longer than ${limits.maxTextChars} characters`)
    .refine((value) => refusedCharacter(name, value) === null, {
      error: ({ input }) => invalidValue(name, 'control_character', input as string).reason,
    });

const whole = (name: string, min: number) =>
  z
    .int({ error: `${name} is not a whole number` })
    .min(min, `${name} is less than ${min}`)
    .max(limits.maxStock, `${name} is more than ${limits.maxStock}`);

const pair = { sku: key('sku'), hub_id: key('hub_id') };

export const stockChangeSchemas = {
  available: z
    .object({ ...pair, available: whole('available', 0) })
    .transform(({ sku, hub_id, available }): StockChange => ({ sku, hubId: hub_id, available })),
  delta: z
    .object({ ...pair, delta: whole('delta', -limits.maxStock) })
    .transform(({ sku, hub_id, delta }): StockChange => ({ sku, hubId: hub_id, delta })),
};

interface StockCsvError {
  /** As an editor counts lines; the last line of a record that spans several. */
  line: number;
  column: string | null;
  detail: string;
}

/**
 * Reads the whole text before it throws `invalid_body` with all errors, up to `limits.stockErrors` of them in the details. The encoding is
 * the one that the content type names (an unknown one throws `unsupported_encoding`), else it is detected as for an order file.
 */
export async function* readStockCsv(
  bytes: Readable,
  kind: keyof typeof stockChangeSchemas,
  contentType?: string,
): AsyncGenerator<StockChange[]> {
  let headerSeen = false;
  const declared = declaredEncoding(contentType);
  const text = Readable.from(utf8(new ByteReader(bytes), declared));
  const parser = text.pipe(
    parse({
      bom: true,
      columns: (names: string[]) => {
        headerSeen = true;
        const clean = names.map((name) => name.trim().toLowerCase());
        for (const name of ['sku', 'hub_id', kind])
          if (!clean.includes(name))
            throw new OmsError(
              'invalid_body',
              `the stock CSV has no column ${name}: its header must name sku, hub_id and ${kind}`,
            );
        const twice = clean.find((name, i) => name !== '' && clean.indexOf(name) !== i);
        if (twice !== undefined)
          throw new OmsError(
            'invalid_body',
            `the stock CSV names the column ${JSON.stringify(twice.slice(0, 40))} twice: remove or rename one`,
          );
        return clean;
      },
      delimiter: [',', ';', '\t'],
      info: true,
      max_record_size: limits.maxRecordBytes,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      trim: true,
    }),
  );
  text.on('error', (error) => parser.destroy(error));
  let batch: StockChange[] = [];
  const errors: StockCsvError[] = [];
  let errorCount = 0;
  const wrong = (error: StockCsvError) => {
    errorCount++;
    if (errors.length < limits.stockErrors) errors.push(error);
  };
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>;
      info: { lines: number; error?: Error };
    }>) {
      const { lines: line } = info;
      if (info.error) {
        wrong({ line, column: null, detail: 'it has more or fewer cells than the header' });
        continue;
      }
      const undecodable = ['sku', 'hub_id'].find((name) => record[name]?.includes(REPLACEMENT));
      if (undecodable !== undefined) {
        wrong({
          line,
          column: undecodable,
          detail: `${undecodable} has bytes that are not valid in its encoding, save it as UTF-8`,
        });
        continue;
      }
      const text = record[kind] ?? '';
      const number = /^-?\d{1,15}$/.test(text) ? Number(text) : text;
      const parsed = stockChangeSchemas[kind].safeParse({ ...record, [kind]: number });
      if (!parsed.success) {
        for (const { path, message } of parsed.error.issues) wrong({ line, column: String(path[0]), detail: message });
        continue;
      }
      if (errorCount > 0) continue;
      batch.push(parsed.data);
      if (batch.length === limits.stockBatchItems) {
        yield batch;
        batch = [];
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new OmsError('invalid_body', `the stock CSV cannot be read: ${error.message}`);
  }
  if (!headerSeen)
    throw new OmsError('invalid_body', `the stock CSV is empty: its header must name sku, hub_id and ${kind}`);
  if (errorCount > 0) throw wrongLines(errors, errorCount);
  if (batch.length > 0) yield batch;
}

const MOST_NAMED = 3;

function wrongLines(errors: StockCsvError[], count: number): OmsError {
  const named = errors.slice(0, MOST_NAMED).map(({ line, detail }) => `line ${line} of the stock CSV: ${detail}`);
  const more = count - named.length;
  const message = `${named.join('; ')}${more > 0 ? `; and ${more} more ${more === 1 ? 'error' : 'errors'}` : ''}`;
  return new OmsError('invalid_body', message, { details: { errors, error_count: count } });
}

async function* utf8(bytes: ByteReader, declared: string | null): AsyncGenerator<Buffer> {
  const first = await bytes.peek(limits.maxInventoryBytes);
  const at = firstNonAscii(first);
  const evidence = at === -1 ? null : { bytes: first.subarray(Math.max(0, at - 1)), whole: true };
  const { encoding } = decideEncoding(first, evidence, declared ?? undefined);
  yield* encoding === 'utf-8' ? bytes.blocks(limits.readBlockBytes) : transcoded(bytes, encoding);
}
