/** The files that all contenders read: generated, 1 % of the rows invalid. */
import { createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { generateOrders, generateStock } from '../../src/generate.ts';

export const INVALID_SHARE = 0.01;
export const ORDER_IDS = ['ordered', 'random'] as const;
export type OrderIds = (typeof ORDER_IDS)[number];

export interface Input {
  path: string;
  rows: number;
  /** A stock file with 5,000 keys, of which ten run out: what is accepted then depends on the stock, too. */
  stock: string;
}

const SCARCE_KEYS = 10;
const SCARCE_PIECES = 3;

/** Makes an input, and removes it after the work. */
export async function withInput<Result>(
  work: string,
  { rows, ids }: { rows: number; ids: OrderIds },
  use: (input: Input) => Promise<Result>,
): Promise<Result> {
  const path = join(work, `${ids}-${rows}.csv`);
  const stock = join(work, 'stock.csv');
  await writeFile(stock, stockWithScarceKeys());
  const orders = generateOrders({ rows, invalidShare: INVALID_SHARE, seed: 1, ids });
  await pipeline(Readable.from(orders), createWriteStream(path));
  try {
    return await use({ path, rows, stock });
  } finally {
    await rm(path);
  }
}

function stockWithScarceKeys(): string {
  const scarce = (at: number) => at >= 1 && at <= SCARCE_KEYS;
  return generateStock()
    .split('\n')
    .map((line, at) => (scarce(at) ? line.replace(/\d+$/, String(SCARCE_PIECES)) : line))
    .join('\n');
}
