/** How the dates of a file are written, and the rows that prove whether days or months come first. */
import { limits } from '../../limits.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { type DateShape, dateShape, type Widths } from './date-shape.ts';
import { PROOFS, type Proof } from './number-evidence.ts';
import { type FileColumn, valueAt } from './table.ts';

export interface DatesSeen {
  /** Null: a day and a month such as `01/02/2026`, and no row that tells them apart. */
  order: 'year_first' | 'day_first' | 'month_first' | null;
  /** The patterns of a format; empty for ISO dates, which need none. For an open order, both ways. */
  patterns: { day_first: string[]; month_first: string[] };
  /** Values that prove the order, and values that prove the other. */
  proof: Proof[];
  against: Proof[];
  /** How many values can be read both ways. */
  undecided: number;
  /** Values that are no date in numbers: how many, and the first. */
  unreadable: number;
  firstUnreadable: Proof | null;
}

interface Form {
  shape: DateShape;
  values: number;
  padded: Widths;
  short: Widths;
}

export function seeDates(rows: readonly RawRow[], column: FileColumn): DatesSeen {
  const proofs = { day_first: [] as Proof[], month_first: [] as Proof[] };
  const counts = { day_first: 0, month_first: 0, year_first: 0, undecided: 0, unreadable: 0 };
  const forms = new Map<string, Form>();
  let firstUnreadable: Proof | null = null;
  for (const row of rows) {
    const value = valueAt(row, column);
    if (value === '') continue;
    const proof = { row: row.row, column: column.name, value };
    const shape = dateShape(value);
    if (shape === null) {
      counts.unreadable++;
      firstUnreadable ??= proof;
      continue;
    }
    addForm(forms, shape);
    counts[shape.order ?? 'undecided']++;
    if (shape.order !== null && shape.order !== 'year_first' && counts[shape.order] <= PROOFS)
      proofs[shape.order].push(proof);
  }
  const { day_first, month_first, year_first, undecided, unreadable } = counts;
  const order = orderOf(counts);
  const decided = order === 'day_first' || order === 'month_first' ? order : null;
  const other = decided === 'day_first' ? 'month_first' : 'day_first';
  const used = [...forms.values()].filter(({ shape }) => order !== 'year_first' || shape.order === 'year_first');
  const isIso = used.every(({ shape }) => shape.iso);
  return {
    order: day_first + month_first + year_first + undecided === 0 ? null : order,
    patterns: {
      day_first: isIso ? [] : patternsOf(used, 'day_first'),
      month_first: isIso ? [] : patternsOf(used, 'month_first'),
    },
    proof: decided === null ? [] : proofs[decided],
    against: decided === null ? [] : proofs[other],
    ...{ undecided, unreadable, firstUnreadable },
  };
}

/** What most values say. */
function orderOf({
  day_first,
  month_first,
  year_first,
  undecided,
}: Record<'day_first' | 'month_first' | 'year_first' | 'undecided', number>): DatesSeen['order'] {
  if (year_first > day_first + month_first + undecided) return 'year_first';
  if (day_first + month_first > 0) return day_first >= month_first ? 'day_first' : 'month_first';
  return undecided > 0 ? null : 'year_first';
}

function addForm(forms: Map<string, Form>, shape: DateShape): void {
  const known = forms.get(shape.form);
  const { padded, short } = shape;
  if (known === undefined) {
    forms.set(shape.form, { shape, values: 1, padded, short });
    return;
  }
  known.values++;
  known.padded = either(known.padded, padded);
  known.short = either(known.short, short);
}

const either = (a: Widths, b: Widths): Widths => ({ date: a.date || b.date, hour: a.hour || b.hour });

/** Numbers that never begin with 0 may have one digit: then the pattern takes both. */
function patternsOf(forms: readonly Form[], by: 'day_first' | 'month_first'): string[] {
  const common = forms.toSorted((a, b) => b.values - a.values).slice(0, limits.maxDatePatterns);
  return common.map(({ shape, padded, short }) => {
    const isPadded = { date: padded.date && !short.date, hour: padded.hour && !short.hour };
    return shape.pattern(shape.order === 'year_first' ? 'year_first' : by, isPadded);
  });
}
