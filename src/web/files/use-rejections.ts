/**
 * The rejections that are in sight of a region that scrolls. The API gives them page by page, each with the cursor of the next: the
 * list grows as its end comes into sight, and pages seen before are asked for again by their cursors, so that coming back takes one
 * request, however far. Pages may be short, or even empty in a list by code.
 */
import { useQueries, useQueryClient } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useEffect, useEffectEvent, useRef, useState } from 'react';
import type { PageResponse, RejectionResponse } from '../../http/responses.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import { rejectionsQuery } from '../api/queries.ts';

const OVERSCAN = 6;
/** Up to two hundred sheets. These rows are always there, as a print is not waited for. */
const MOST_PRINTED = 1_000;
/** Rows before the end of what is known at which more is asked for. */
const AHEAD = 100;

/** How high a row is, as far as its words tell: a row out of sight is not measured, and the end of the list should be where it seems. */
const LINE_PX = 19.5;
const AROUND_PX = 21;
const LINE_CHARS = { narrow: 24, wide: 48 };
const NARROW_PX = 640;

interface KnownPage {
  cursor: string | null;
  /** How many; null until it was there once. */
  rows: number | null;
  /** Of a row of it; it does not change later, so that nothing moves. */
  rowPx: number;
}
const UNKNOWN: Omit<KnownPage, 'cursor'> = { rows: null, rowPx: AROUND_PX + 2 * LINE_PX };

interface Asked {
  fileId: string;
  filters: { code: ReasonCode | undefined; from_row: string | undefined };
  /** How many there are: when they become more, the last page is asked for again. */
  total: number;
  region: RefObject<HTMLElement | null>;
  /** On paper all rows are in sight that were loaded, up to a bound. */
  printing: boolean;
}

export function useRejections({ fileId, filters, total, region, printing }: Asked) {
  const [pages, setPages] = useState<readonly KnownPage[]>([{ cursor: null, ...UNKNOWN }]);
  const [columns, setColumns] = useState<readonly string[]>([]);

  const starts: number[] = [];
  let known = 0;
  for (const { rows } of pages) {
    starts.push(known);
    known += rows ?? 0;
  }
  const complete = pages.at(-1)!.rows !== null;
  const virtual = useVirtualizer({
    // What is not known yet is one row, which brings the next page when it comes into sight.
    count: complete ? known : known + 1,
    getScrollElement: () => region.current,
    estimateSize: (index) => pages[pageAt(starts, index)]!.rowPx,
    overscan: OVERSCAN,
    ...(printing && {
      rangeExtractor: () => Array.from({ length: Math.min(known, MOST_PRINTED) }, (_, index) => index),
    }),
  });

  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const inSight = pages
    .map((page, i) => ({ ...page, start: starts[i]! }))
    .filter(({ start, rows }) => start < MOST_PRINTED || (start <= last + AHEAD && start + (rows || 1) > first));
  const answers = useQueries({ queries: inSight.map(({ cursor }) => rejectionsQuery(fileId, filters, cursor)) });

  useEffect(() => {
    const chars = region.current && region.current.clientWidth < NARROW_PX ? LINE_CHARS.narrow : LINE_CHARS.wide;
    for (const [i, { data }] of answers.entries()) {
      if (!data) continue;
      setPages((old) => learn(old, inSight[i]!.cursor, data, chars));
      const [row] = data.items;
      if (row) setColumns((old) => (old.length > 0 ? old : Object.keys(row.values)));
    }
  });

  const queries = useQueryClient();
  const totalThen = useRef(total);
  useEffect(() => {
    if (total === totalThen.current) return;
    totalThen.current = total;
    const { queryKey } = rejectionsQuery(fileId, filters, pages.at(-1)!.cursor);
    void queries.invalidateQueries({ queryKey });
  });

  // How many rows are known on the way to the end; null when nobody goes there.
  const [goingToEnd, goToEnd] = useState<number | null>(null);
  const isGoing = goingToEnd !== null;
  const goOn = useEffectEvent(async (left: AbortSignal) => {
    // Each page has the cursor of the next, so the way to the end is through all of them. The list grows once, when they are known.
    let way = pages;
    for (let last = way.at(-1)!; last.rows === null; last = way.at(-1)!) {
      const query = rejectionsQuery(fileId, filters, last.cursor);
      const page = await queries.fetchQuery({ ...query, gcTime: 0 }).catch(() => null);
      if (left.aborted) return;
      if (!page) return goToEnd(null);
      way = learn(way, last.cursor, page, LINE_CHARS.wide);
      goToEnd((before) => (before ?? 0) + page.items.length);
    }
    setPages(way);
    setAtEnd(true);
    goToEnd(null);
  });
  useEffect(() => {
    if (!isGoing) return;
    const leaving = new AbortController();
    void goOn(leaving.signal);
    return () => leaving.abort();
  }, [isGoing]);
  const [atEnd, setAtEnd] = useState(false);
  useEffect(() => {
    if (!atEnd) return;
    virtual.scrollToIndex(known - 1, { align: 'end' });
    setAtEnd(false);
  }, [atEnd, virtual, known]);

  const at = (index: number): RejectionResponse | undefined => {
    const i = inSight.findLastIndex(({ start }) => start <= index);
    return answers[i]?.data?.items[index - inSight[i]!.start];
  };
  const failed = answers.find(({ isError }) => isError);
  return {
    rows: items.map(({ index }) => ({ index, rejection: at(index) })).filter(({ rejection }) => rejection || !printing),
    columns,
    before: items[0]?.start ?? 0,
    after: virtual.getTotalSize() - (items.at(-1)?.end ?? 0),
    measure: virtual.measureElement,
    /** The browser would glide there, and stop where the first rows on the way turn out to be of another height. */
    toFirst: () => virtual.scrollToIndex(0),
    toLast: () => goToEnd((before) => before ?? known),
    goingToEnd,
    stop: () => goToEnd(null),
    error: failed?.error ?? null,
    tryAgain: () => void failed?.refetch(),
    none: complete && known === 0,
  };
}

/** The same pages, where nothing is new. */
function learn(
  pages: readonly KnownPage[],
  cursor: string | null,
  { items, next_cursor }: PageResponse<RejectionResponse>,
  lineChars: number,
): readonly KnownPage[] {
  const i = pages.findIndex((page) => page.cursor === cursor);
  const page = pages[i]!;
  const more = i === pages.length - 1 && next_cursor !== null;
  if (page.rows === items.length && !more) return pages;
  const rowPx = page.rows === null && items.length > 0 ? estimate(items, lineChars) : page.rowPx;
  const learnt = pages.with(i, { cursor, rows: items.length, rowPx });
  return more ? [...learnt, { cursor: next_cursor, ...UNKNOWN }] : learnt;
}

function estimate(items: readonly RejectionResponse[], lineChars: number): number {
  const lines = items
    .flatMap(({ reasons }) => reasons)
    .reduce((sum, { reason }) => sum + 1 + Math.ceil(reason.length / lineChars), 0);
  return AROUND_PX + (LINE_PX * lines) / items.length;
}

/** Which page a row is on: of those that start at or before it the last, which is found by halves as there may be thousands. */
function pageAt(starts: readonly number[], index: number): number {
  let low = 0;
  for (let high = starts.length; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= index) low = middle;
    else high = middle;
  }
  return low;
}
