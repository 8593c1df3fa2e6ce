/**
 * The rejections in sight of a region that scrolls. The API returns them page by page, each with the cursor of the next. The list
 * grows as its end comes into sight. Pages seen before are asked for again by their cursors, so coming back takes one request,
 * however far. Pages may be short, or even empty in a list by code.
 */
import { type QueryKey, useQueries, useQueryClient } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useEffect, useEffectEvent, useRef, useState } from 'react';
import type { PageResponse, RejectionResponse } from '../../http/responses.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import { rejectionsQuery } from '../api/queries.ts';

const OVERSCAN = 6;
/** Up to two hundred sheets of paper. These rows are always loaded, as printing does not wait. */
const MOST_PRINTED = 1_000;
/** So many rows before the end of what is loaded the next page is asked for. */
const AHEAD = 100;

/** To estimate the height of a row from its words: rows out of sight are not measured, and the scroll bar should be about right. */
const LINE_PX = 19.5;
const AROUND_PX = 21;
const LINE_CHARS = { narrow: 24, wide: 48 };
const NARROW_PX = 640;

interface KnownPage {
  cursor: string | null;
  /** How many; null until it was loaded once. */
  rows: number | null;
  /** The estimated height of its rows. It does not change later, so that nothing moves. */
  rowPx: number;
}
const UNKNOWN: Omit<KnownPage, 'cursor'> = { rows: null, rowPx: AROUND_PX + 2 * LINE_PX };

interface Asked {
  fileId: string;
  filters: { code: ReasonCode | undefined; from_row: string | undefined };
  /** How many there are now. */
  total: number;
  region: RefObject<HTMLElement | null>;
  /** On paper all loaded rows are in sight, up to a bound. */
  printing: boolean;
}

export function useRejections({ fileId, filters, total, region, printing }: Asked) {
  const [pages, setPages] = useState<readonly KnownPage[]>([{ cursor: null, ...UNKNOWN }]);
  const [columns, setColumns] = useState<readonly string[]>([]);
  const { starts, known, complete } = extent(pages);
  const virtual = useVirtualizer({
    // One row more stands for what is not loaded yet: when it comes into sight, the next page is loaded.
    count: complete ? known : known + 1,
    getScrollElement: () => region.current,
    estimateSize: (index) => pages[pageAt(starts, index)]!.rowPx,
    overscan: OVERSCAN,
    ...(printing && {
      rangeExtractor: () => Array.from({ length: Math.min(known, MOST_PRINTED) }, (_, index) => index),
    }),
  });

  const items = virtual.getVirtualItems();
  const inSight = pagesInSight(pages, starts, items[0]?.index ?? 0, items.at(-1)?.index ?? 0);
  const results = useQueries({ queries: inSight.map(({ cursor }) => rejectionsQuery(fileId, filters, cursor)) });
  useEffect(() => {
    const chars = region.current && region.current.clientWidth < NARROW_PX ? LINE_CHARS.narrow : LINE_CHARS.wide;
    for (const [i, { data }] of results.entries()) {
      if (!data) continue;
      setPages((old) => learn(old, inSight[i]!.cursor, data, chars));
      const [row] = data.items;
      if (row) setColumns((old) => (old.length > 0 ? old : Object.keys(row.values)));
    }
  });
  const lastPage = (cursor: string | null) => rejectionsQuery(fileId, filters, cursor);
  useNewRows(total, lastPage(pages.at(-1)!.cursor).queryKey);
  const wayToEnd = useWayToEnd(pages, lastPage, setPages, () => virtual.scrollToIndex(known - 1, { align: 'end' }));

  const at = (index: number): RejectionResponse | undefined => {
    const i = inSight.findLastIndex(({ start }) => start <= index);
    return results[i]?.data?.items[index - inSight[i]!.start];
  };
  const failed = results.find(({ isError }) => isError);
  return {
    rows: items.map(({ index }) => ({ index, rejection: at(index) })).filter(({ rejection }) => rejection || !printing),
    columns,
    before: items[0]?.start ?? 0,
    after: virtual.getTotalSize() - (items.at(-1)?.end ?? 0),
    measure: virtual.measureElement,
    /** The browser's own Home key would scroll smoothly, and stop early as rows on the way turn out to have other heights. */
    toFirst: () => virtual.scrollToIndex(0),
    toLast: () => wayToEnd.start(known),
    goingToEnd: wayToEnd.reached,
    stop: wayToEnd.stop,
    error: failed?.error ?? null,
    tryAgain: () => void failed?.refetch(),
    none: complete && known === 0,
  };
}

export type Rejections = ReturnType<typeof useRejections>;

/** Where each page starts, how many rows are loaded, and whether these are all. */
function extent(pages: readonly KnownPage[]): { starts: number[]; known: number; complete: boolean } {
  const starts: number[] = [];
  let known = 0;
  for (const { rows } of pages) {
    starts.push(known);
    known += rows ?? 0;
  }
  return { starts, known, complete: pages.at(-1)!.rows !== null };
}

const pagesInSight = (pages: readonly KnownPage[], starts: readonly number[], first: number, last: number) =>
  pages
    .map((page, i) => ({ ...page, start: starts[i]! }))
    .filter(({ start, rows }) => start < MOST_PRINTED || (start <= last + AHEAD && start + (rows || 1) > first));

/** When there are more rows than before, the last page is asked for again. */
function useNewRows(total: number, lastPageKey: QueryKey): void {
  const queries = useQueryClient();
  const totalBefore = useRef(total);
  useEffect(() => {
    if (total === totalBefore.current) return;
    totalBefore.current = total;
    void queries.invalidateQueries({ queryKey: lastPageKey });
  });
}

/** Each page has the cursor of the next, so the way to the end is through all of them. The list grows once, when they are known. */
function useWayToEnd(
  pages: readonly KnownPage[],
  pageQuery: (cursor: string | null) => ReturnType<typeof rejectionsQuery>,
  setPages: (pages: readonly KnownPage[]) => void,
  scrollToEnd: () => void,
) {
  const queries = useQueryClient();
  /** How many rows are loaded on the way to the end; null when not going there. */
  const [reached, setReached] = useState<number | null>(null);
  const [isAtEnd, setAtEnd] = useState(false);
  const go = useEffectEvent(async (left: AbortSignal) => {
    let way = pages;
    for (let last = way.at(-1)!; last.rows === null; last = way.at(-1)!) {
      const page = await queries.fetchQuery({ ...pageQuery(last.cursor), gcTime: 0 }).catch(() => null);
      if (left.aborted) return;
      if (!page) return setReached(null);
      way = learn(way, last.cursor, page, LINE_CHARS.wide);
      setReached((before) => (before ?? 0) + page.items.length);
    }
    setPages(way);
    setAtEnd(true);
    setReached(null);
  });
  const isGoing = reached !== null;
  useEffect(() => {
    if (!isGoing) return;
    const leaving = new AbortController();
    void go(leaving.signal);
    return () => leaving.abort();
  }, [isGoing]);
  // The list has its full length only after the render.
  useEffect(() => {
    if (!isAtEnd) return;
    scrollToEnd();
    setAtEnd(false);
  }, [isAtEnd, scrollToEnd]);
  return {
    reached,
    start: (known: number) => setReached((before) => before ?? known),
    stop: () => setReached(null),
  };
}

/** The pages with what this response adds; the same array if nothing is new. */
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
  const known = pages.with(i, { cursor, rows: items.length, rowPx });
  return more ? [...known, { cursor: next_cursor, ...UNKNOWN }] : known;
}

function estimate(items: readonly RejectionResponse[], lineChars: number): number {
  const lines = items
    .flatMap(({ reasons }) => reasons)
    .reduce((sum, { reason }) => sum + 1 + Math.ceil(reason.length / lineChars), 0);
  return AROUND_PX + (LINE_PX * lines) / items.length;
}

/** The page that has the row, by binary search, as there may be thousands. */
function pageAt(starts: readonly number[], index: number): number {
  let low = 0;
  for (let high = starts.length; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= index) low = middle;
    else high = middle;
  }
  return low;
}
