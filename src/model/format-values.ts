/** The values of cells as a format declares them: numbers and dates in their form, and which texts are the same. */
import { limits } from '../limits.ts';
import { createPatternReader, type DatePattern, parseDatePattern } from './date-pattern.ts';
import type { Format } from './format.ts';
import { createAmountReader, createQuantityReader, type NumberReader } from './locale-numbers.ts';

export interface ValueReaders {
  quantity: NumberReader;
  unit_price: NumberReader;
  total_amount: NumberReader;
  /** To ISO 8601. */
  order_date: NumberReader;
}

export function createValueReaders({ numbers, dates }: Pick<Format, 'numbers' | 'dates'>): ValueReaders {
  const amount = createAmountReader(numbers);
  const quantity = createQuantityReader(numbers);
  return { quantity, unit_price: amount, total_amount: amount, order_date: createDateReader(dates) };
}

/** Days repeat from row to row. */
const DAY_CHARS = 10;

function createDateReader(dates: readonly string[]): NumberReader {
  const readers = dates.map((text) => createPatternReader(parseDatePattern(text) as DatePattern));
  const read = (text: string) => {
    for (const reader of readers) {
      const date = reader(text);
      if (date !== null) return date;
    }
    return null;
  };
  const days = new Map<string, string | null>();
  return (text) => {
    if (text.length > DAY_CHARS) return read(text);
    let date = days.get(text);
    if (date === undefined) {
      if (days.size >= limits.maxZoneOffsetDays) days.clear();
      date = read(text);
      // A copy: the text may be a slice of a block and would keep it in memory.
      days.set(Buffer.from(text).toString(), date);
    }
    return date;
  };
}

/** Texts of `only` that are equal in this form are the same. */
export const comparable = (text: string): string => text.trim().toLowerCase();
