/** Counts as a list of bars, the largest count the longest. */
import type { ReactNode } from 'react';
import { Count } from '../components/number.tsx';

interface Bar {
  key: string;
  label: ReactNode;
  value: number;
}

export const largestFirst = (counts: Record<string, number>): [name: string, count: number][] =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([a, first], [b, second]) => second - first || a.localeCompare(b));

export function Bars({
  bars,
  rest,
  none,
  tone = 'accent',
}: {
  bars: Bar[];
  /** The sum of the others: last, however large. */
  rest?: { label: string; value: number } | undefined;
  none: string;
  tone?: 'accent' | 'bad';
}) {
  const all: (Bar & { kind: string })[] = bars.map((bar) => ({ ...bar, kind: tone }));
  if (rest) all.push({ key: 'the rest', kind: 'rest', ...rest });
  if (all.length === 0) return <p className="quiet">{none}</p>;
  const largest = Math.max(1, ...all.map(({ value }) => value));
  return (
    <ul className="bars">
      {all.map(({ key, label, value, kind }) => (
        <li key={`${kind} ${key}`}>
          <span className="bar-label">{label}</span>
          <Count value={value} />
          <span className="bar-ground" aria-hidden="true">
            <span className={`bar bar-${kind}`} style={{ width: `${(100 * value) / largest}%` }} />
          </span>
        </li>
      ))}
    </ul>
  );
}
