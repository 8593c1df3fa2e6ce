/** The bars of the history, on a canvas: the accepted rows, and on top of them the invalid ones. Colours are those of the theme. */
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import { usePrinting } from '../components/media.ts';
import { formatNumber } from '../components/number.tsx';
import { useTheme } from '../layout/theme.ts';

export interface Slot {
  atMs: number;
  rows: number;
  accepted: number;
  invalid: number;
}

const DAY_MS = 86_400_000;
const LARGEST_BAR = 40;

/** Days are in UTC, as the service counts them. Hours and minutes are in the reader's time zone. */
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const utcDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const utcShortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayAndClock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });

export const slotName = (atMs: number, bucketMs: number): string =>
  (bucketMs === DAY_MS ? utcDay : dayAndClock).format(atMs);

/** Whole numbers only. */
const STEPS = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

export function HistoryChart({
  slots,
  bucketMs,
  label,
  onPoint,
}: {
  slots: Slot[];
  bucketMs: number;
  label: string;
  onPoint: (slot: number | null) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(null);
  const newest = useRef({ slots, onPoint });
  newest.current = { slots, onPoint };

  useEffect(() => {
    const element = place.current!;
    const made = new UPlot(options(bucketMs, element, newest), columns(newest.current.slots), element);
    chart.current = made;
    const resized = new ResizeObserver(() => made.setSize(sizeOf(element)));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [bucketMs]);

  useEffect(() => chart.current?.setData(columns(slots)), [slots]);

  // The colours are read while drawing.
  const theme = useTheme();
  const printing = usePrinting();
  useEffect(() => chart.current?.redraw(), [theme, printing]);

  return <div ref={place} className="history-chart" role="img" aria-label={label} />;
}

const sizeOf = ({ clientWidth, clientHeight }: HTMLElement) => ({ width: clientWidth, height: clientHeight });

/** The accepted rows are drawn over all rows, so the visible rest are the invalid ones. */
const columns = (slots: Slot[]): UPlot.AlignedData => [
  slots.map(({ atMs }) => atMs / 1000),
  slots.map(({ rows }) => rows),
  slots.map(({ accepted }) => accepted),
];

function options(
  bucketMs: number,
  element: HTMLElement,
  newest: { current: { slots: Slot[]; onPoint: (slot: number | null) => void } },
): UPlot.Options {
  const token = (name: string) => () => getComputedStyle(element).getPropertyValue(name);
  const bars = UPlot.paths.bars!({ align: 1, size: [0.8, LARGEST_BAR] });
  const series = (colour: string): UPlot.Series => ({
    stroke: token(colour),
    fill: token(colour),
    width: 0,
    paths: bars,
    points: { show: false },
  });
  const axis = { stroke: token('--text-quiet'), font: `12px ${getComputedStyle(element).fontFamily}` };
  const lines = { stroke: token('--line'), width: 1 };
  return {
    ...sizeOf(element),
    padding: [8, 24, 0, 0],
    legend: { show: false },
    // Dragging would zoom in, and the next figures would zoom out again.
    cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
    hooks: { setCursor: [(made) => newest.current.onPoint(made.cursor.idx ?? null)] },
    ...(bucketMs === DAY_MS && { tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') }),
    scales: {
      x: {
        range: () => {
          const { slots } = newest.current;
          return [slots[0]!.atMs / 1000, (slots.at(-1)!.atMs + bucketMs) / 1000];
        },
      },
      y: { range: (_made, _least, most) => [0, Math.max(1, most * 1.05)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        ticks: lines,
        space: 72,
        values: (_made, seconds, _axis, _space, step) => seconds.map((at) => moment(at * 1000, step * 1000, bucketMs)),
      },
      {
        ...axis,
        grid: lines,
        ticks: { show: false },
        size: 52,
        incrs: STEPS,
        values: (_made, counts) =>
          counts.map((count) => (count < 10_000 ? formatNumber(count) : compact.format(count))),
      },
    ],
    series: [{}, series('--bad'), series('--accent')],
  };
}

function moment(atMs: number, stepMs: number, bucketMs: number): string {
  if (bucketMs === DAY_MS) return utcShortDay.format(atMs);
  const at = new Date(atMs);
  const midnight = at.getHours() === 0 && at.getMinutes() === 0;
  return stepMs >= DAY_MS || midnight ? day.format(at) : clock.format(at);
}
