/** How the numbers of a file are written, and the rows that prove it. Nothing is decided that no value proves. */
import type { RawRow } from '../../model/raw-row.ts';
import { numberShape } from './number-shape.ts';
import { type FileColumn, valueAt } from './table.ts';

/** A value that proves something. */
export interface Proof {
  row: number;
  column: string;
  value: string;
}

/** Rows that are named for one thing. */
export const PROOFS = 3;

export interface NumbersSeen {
  /** Null: there are values such as `1,234`, and none that tells what their sign means. */
  decimal: '.' | ',' | null;
  group: '' | ',' | '.' | ' ' | "'";
  /** The code or the sign that stands at amounts most often; null without one. */
  currency: string | null;
  /** Values that prove `decimal`, and values that prove the other. */
  proof: Proof[];
  against: Proof[];
  /** How many values can be read both ways. */
  undecided: number;
}

export function seeNumbers(rows: readonly RawRow[], columns: readonly FileColumn[]): NumbersSeen {
  const proofs = { '.': [] as Proof[], ',': [] as Proof[] };
  const counts = { '.': 0, ',': 0 };
  const groups = new Map<string, number>();
  const currencies = new Map<string, number>();
  const open: string[] = [];
  for (const row of rows) {
    for (const column of columns) {
      const value = valueAt(row, column);
      const shape = numberShape(value);
      if (shape === null || shape.plain) continue;
      const { decimal, group, currency } = shape;
      if (decimal !== null && counts[decimal]++ < PROOFS)
        proofs[decimal].push({ row: row.row, column: column.name, value });
      if (group !== null) count(groups, group);
      if (currency !== null) count(currencies, currency);
      if (shape.open !== null) open.push(shape.open);
    }
  }
  const decimal = counts['.'] === 0 && counts[','] === 0 ? null : counts[','] > counts['.'] ? ',' : '.';
  // Beside a decimal point, the comma of 1,234 can only be between groups.
  if (decimal !== null) for (const sign of open) if (sign !== decimal) count(groups, sign);
  groups.delete(decimal ?? '');
  const group = (mostOf(groups) ?? '') as NumbersSeen['group'];
  return {
    decimal: decimal ?? (open.length === 0 ? '.' : null),
    group,
    currency: mostOf(currencies),
    proof: decimal === null ? [] : proofs[decimal],
    against: decimal === null ? [] : proofs[decimal === ',' ? '.' : ','],
    undecided: open.length,
  };
}

const count = (counts: Map<string, number>, what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);

function mostOf(counts: ReadonlyMap<string, number>): string | null {
  let most: string | null = null;
  for (const [what, times] of counts) if (times > (counts.get(most ?? '') ?? 0)) most = what;
  return most;
}
