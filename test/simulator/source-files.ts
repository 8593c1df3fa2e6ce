/**
 * The files of a simulation, small and full of trouble. Some share stock and order ids with others; the others share nothing, so what
 * becomes of their rows is known beforehand.
 */
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import type { ReasonCode } from '../../src/model/rejection.ts';
import { fileOutcome } from '../support/file-outcome.ts';
import type { Random } from './random.ts';

export interface SourceRow {
  /** As a spreadsheet counts. */
  row: number;
  cells: string[];
  /** Why the row can never become an order. */
  defect: ReasonCode | null;
}

export interface SourceFile {
  name: string;
  bytes: Buffer;
  rows: SourceRow[];
  /** A quote that never closes: the file fails after its rows. */
  broken: boolean;
  shared: boolean;
  /** For a file that shares nothing: the codes of each row, none for one that is accepted. */
  expected: Map<number, ReasonCode[]> | null;
}

export interface Stock {
  sku: string;
  hubId: string;
  available: number;
}

export interface Sources {
  files: SourceFile[];
  stock: Stock[];
  /** SKUs and hubs that the IMS knows at first. */
  known: string[];
  /** Those of them that it may forget and learn again. */
  fickle: string[];
}

const HUB = 'HUB-1';
const UNKNOWN_SKU = 'NOBODY-KNOWS';

export function createSources(random: Random): Sources {
  const shared: Stock[] = ['S-1', 'S-2', 'S-3'].map((sku) => ({
    sku,
    hubId: HUB,
    available: random.between(0, 25),
  }));
  const fickle = ['S-3'];
  const stock = [...shared];
  const files = Array.from({ length: random.between(2, 6) }, (_, index) => {
    const isShared = random.chance(0.6);
    const own = isShared
      ? shared
      : [1, 2].map((number) => ({ sku: `P${index}-${number}`, hubId: HUB, available: random.between(0, 15) }));
    if (!isShared) stock.push(...own);
    return createFile(random, index, own, isShared);
  });
  return { files, stock, known: [HUB, ...stock.map(({ sku }) => sku)], fickle };
}

/** A file of that many rows that shares nothing with others, and the stock for some of them. */
export function createOwnFile(random: Random, index: number, rows: number): { file: SourceFile; stock: Stock[] } {
  const stock = [1, 2].map((number) => ({ sku: `P${index}-${number}`, hubId: HUB, available: rows }));
  return { file: createFile(random, index, stock, false, rows), stock };
}

function createFile(random: Random, index: number, stock: Stock[], shared: boolean, rowCount?: number): SourceFile {
  const blankLines = shared && random.chance(0.4);
  const rows: SourceRow[] = [];
  const lines = [ORDER_COLUMNS.join(',')];
  const ids = shared ? 'O' : `O${index}`;
  const count = rowCount ?? random.between(1, 16);
  for (let number = 0; number < count; number++) {
    while (blankLines && random.chance(0.2)) lines.push('');
    const row = createRow(random, `${ids}-${random.between(1, shared ? 30 : 2 * count)}`, random.pick(stock).sku);
    rows.push({ row: lines.length + 1, ...row });
    lines.push(row.cells.join(','));
  }
  const text = `${lines.join('\n')}\n`;
  const broken = shared && random.chance(0.15);
  const end = broken ? '"a quote that is never closed' : '\n'.repeat(random.between(0, 3));
  return {
    name: `file-${index}.csv`,
    bytes: Buffer.from(text + end),
    rows,
    broken,
    shared,
    expected: shared ? null : expectedOf(text, stock),
  };
}

function createRow(random: Random, orderId: string, sku: string): { cells: string[]; defect: ReasonCode | null } {
  const defect = random.weighted<ReasonCode | null>([
    [20, null],
    [1, 'invalid_email'],
    [1, 'total_mismatch'],
    [1, 'unknown_sku'],
  ]);
  const quantity = random.between(1, 5);
  const total = ((quantity * 250 + (defect === 'total_mismatch' ? 1 : 0)) / 100).toFixed(2);
  return {
    defect,
    cells: [
      orderId,
      'Ada Lovelace',
      defect === 'invalid_email' ? 'nobody' : 'ada@example.com',
      'Lamp',
      defect === 'unknown_sku' ? UNKNOWN_SKU : sku,
      HUB,
      String(quantity),
      '2.50',
      total,
      '2026-10-01T12:00:00Z',
      `${random.between(1, 2)} Mill Lane`,
    ],
  };
}

function expectedOf(text: string, stock: Stock[]): Map<number, ReasonCode[]> {
  const catalog = ['sku,hub_id', ...stock.map(({ sku, hubId }) => `${sku},${hubId}`)].join('\n');
  const levels = ['sku,hub_id,available', ...stock.map((level) => Object.values(level).join(','))].join('\n');
  const { accepted, rejected } = fileOutcome(text, catalog, levels);
  return new Map<number, ReasonCode[]>([
    ...accepted.map(({ row }): [number, ReasonCode[]] => [row, []]),
    ...rejected.map(({ row, codes }): [number, ReasonCode[]] => [row, codes]),
  ]);
}
