/**
 * The files of the crash tests: the same bytes in every run, several chunks each. The outcome of a row must not depend on which
 * file is faster, so each file has its own order ids and scarce stock; within a file there are repeats and stock that runs out.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { generateOrders, generateStock } from '../../src/generate.ts';
import { ORDER_HEADER } from '../support/service.ts';

export interface OrderFile {
  name: string;
  bytes: Buffer;
  sha256: string;
}

const HUBS = 2;
const SKUS = 20;
/** Covers some nine tenths of the stock that a file of `ROWS` rows needs, so that it runs out near the end and unevenly. */
const STOCK = 1_350;
const ROWS = 24_000;
const EARLIER = 6_000;

/** Repeats of rows that are at least a chunk earlier, invalid values, scarce stock, and line breaks in quotes. */
function scarceOrders(prefix: string, rows: number, lineBreaks: boolean): string {
  const lines = [ORDER_HEADER];
  for (let index = 0; index < rows; index++) {
    const repeats = index > EARLIER && index % 89 === 0;
    const conflicts = index > EARLIER && index % 97 === 0;
    const number = repeats || conflicts ? index - EARLIER : index;
    const quantity = 1 + (Math.floor(number / 3) % 4);
    const address = lineBreaks ? `"${number} Königstraße\r\n2nd floor, ""left""\nZürich"` : `${number} Königstraße`;
    lines.push(
      [
        `${prefix}-${number}`,
        conflicts ? 'Someone Else' : `Ada Łovelace ${number}`,
        index % 101 === 0 ? 'nobody' : `ada.${number}@example.com`,
        'Analytical Engine 27" stand',
        index % 103 === 0 ? `${prefix}-UNKNOWN` : `${prefix}-SKU-${(number * 13) % SKUS}`,
        `HUB-${1 + (Math.floor(number / SKUS) % HUBS)}`,
        String(quantity),
        '19.99',
        ((quantity * 1999) / 100).toFixed(2),
        '2026-11-20 14:03:00 -0500',
        address,
      ].join(','),
    );
  }
  return `${lines.join('\n')}\n`;
}

function scarceStock(prefix: string): string[] {
  return Array.from({ length: SKUS * HUBS }, (_, key) => {
    const level = STOCK - (key % 7) * 50;
    return `${prefix}-SKU-${key % SKUS},HUB-${1 + Math.floor(key / SKUS)},${level}`;
  });
}

function orderFile(name: string, content: string | Buffer): OrderFile {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { name, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

/** Plenty of stock for the generated files, scarce stock for the others: a body for `PUT /inventory`. */
export function stockCsv(): string {
  return [generateStock().trimEnd(), ...['PLAIN', 'ZIP', 'WIDE', 'BREAK', 'ALONE'].flatMap(scarceStock), ''].join('\n');
}

export function orderFiles(): OrderFile[] {
  const generated = (rows: number, invalidShare: number, startAt: number) =>
    Buffer.concat([...generateOrders({ rows, invalidShare, seed: 7, ids: 'random', startAt })]);
  return [
    orderFile('plain.csv', scarceOrders('PLAIN', ROWS, false)),
    orderFile('mostly-invalid.csv', generated(24_000, 0.95, 1)),
    orderFile('zipped.csv.gz', gzipSync(scarceOrders('ZIP', ROWS, false))),
    orderFile('line-breaks.csv', scarceOrders('BREAK', ROWS, true)),
    orderFile('utf-16.csv', utf16(scarceOrders('WIDE', ROWS, true))),
    orderFile('mixed.csv', generated(16_000, 0.05, 1_000_001)),
    // A file ends only once, and quickly: so many files that kills hit their ends, too.
    ...[2, 3, 4, 5, 6, 7].map((n) =>
      orderFile(`end-${n}.csv`, generated(12_000, n % 2 === 0 ? 0.95 : 0.5, n * 1_000_000 + 1)),
    ),
  ];
}

/** Files that differ only in their ids and SKUs, each with its scarce stock as CSV lines. */
export const scarceFiles = (rows: number[]): { file: OrderFile; stock: string[] }[] =>
  rows.map((count, i) => ({
    file: orderFile(`file-${i}.csv`, scarceOrders(`F${i}`, count, i % 2 === 1)),
    stock: scarceStock(`F${i}`),
  }));

/** A file that no other test compares with. */
export const fileOfItsOwn = (): OrderFile => orderFile('alone.csv', scarceOrders('ALONE', ROWS, true));

/** A few rows with plenty of stock. */
export const smallFile = (number: number): OrderFile =>
  orderFile(
    `small-${number}.csv`,
    Buffer.concat([
      ...generateOrders({
        rows: 50,
        invalidShare: 0.1,
        seed: number,
        ids: 'ordered',
        startAt: 9_000_000 + number * 100,
      }),
    ]),
  );

/** The stock of scarce files, and plenty for a small file, as a body for `PUT /inventory`. */
export function stockFor(scarce: { stock: string[] }[], small: OrderFile): string {
  const orders = parse(small.bytes, { columns: true }) as { sku: string; hub_id: string }[];
  const keys = new Set(orders.map(({ sku, hub_id }) => `${sku},${hub_id}`));
  const plenty = [...keys].map((key) => `${key},1000000`);
  return ['sku,hub_id,available', ...scarce.flatMap(({ stock }) => stock), ...plenty, ''].join('\n');
}
