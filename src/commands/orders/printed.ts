/** What the commands print: text of others is escaped, so that it can neither move the cursor nor break a line. */
import type { ProblemResponse } from '../../http/responses.ts';
import { visible } from '../../model/characters.ts';

/** In place of what the caller may not see, or was erased. */
export const HIDDEN = '(hidden or erased)';

export const EXIT = { done: 0, failed: 1, someRefused: 2 } as const;

/** A cell of a table, without the rest of a long text. */
export const cell = (text: string, maxChars: number): string => {
  const chars = [...visible(text)];
  return chars.length <= maxChars ? chars.join('') : `${chars.slice(0, maxChars - 1).join('')}…`;
};

/** Rows as lines, each column as wide as its widest cell, or as `widths` says. Numbers, by `right`, stand at its right end. */
export function table(rows: readonly string[][], right: readonly number[] = [], widths = widthsOf(rows)): string {
  const lines = rows.map((row) =>
    row
      .map((text, column) => {
        const gap = ' '.repeat(Math.max(0, widths[column]! - [...text].length));
        return right.includes(column) ? gap + text : text + gap;
      })
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => `${line}\n`).join('');
}

export function widthsOf(rows: readonly string[][]): number[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, [...text].length);
  return widths;
}

export type Refusal = Pick<ProblemResponse, 'status' | 'code' | 'detail'>;

/** Returns the exit code that it means: an error of the service is no refusal. */
export function printRefused(orderId: string, { status, code, detail }: Refusal): number {
  process.stderr.write(`${visible(orderId)}: ${code}: ${visible(detail).replaceAll('\n', ' ')}\n`);
  return status >= 500 ? EXIT.failed : EXIT.someRefused;
}

export const worst = (codes: Iterable<number>): number => {
  const all = new Set(codes);
  if (all.has(EXIT.failed)) return EXIT.failed;
  return all.has(EXIT.someRefused) ? EXIT.someRefused : EXIT.done;
};

/** Waits where the reader of standard output is slower than the service. */
export function print(text: string): Promise<void> | void {
  if (process.stdout.write(text)) return;
  return new Promise((resolve) => process.stdout.once('drain', resolve));
}
