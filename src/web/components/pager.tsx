/**
 * The ways through a list that the API gives page by page. Its cursors lead one way only, so the way that was come is kept in the
 * browser's entry of this page, which a reload and the way back keep, too.
 */
import './pager.css';
import { useLocation } from '@tanstack/react-router';

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** The cursors of the pages before this one; the first has none, which is the empty text. */
    trail?: string[];
  }
}

/** Pages that one can go back step by step; beyond them there is the way to the first. */
const MAX_TRAIL = 200;

export interface Page {
  cursor: string | undefined;
  state: { trail: string[] };
}

export function Pager({
  label,
  words,
  cursor,
  nextCursor,
  busy,
  onGo,
}: {
  label: string;
  words: { first: string; previous: string; next: string };
  cursor: string | undefined;
  nextCursor: string | null;
  busy: boolean;
  onGo: (page: Page) => void;
}) {
  const trail = useLocation({ select: ({ state }) => state.trail }) ?? [];
  if (cursor === undefined && nextCursor === null) return null;
  const go = (to: string | undefined, way: string[]) => onGo({ cursor: to || undefined, state: { trail: way } });
  return (
    <nav className="pager" aria-label={label}>
      {cursor !== undefined && (
        <button type="button" onClick={() => go(undefined, [])}>
          {words.first}
        </button>
      )}
      {trail.length > 0 && (
        <button type="button" onClick={() => go(trail.at(-1), trail.slice(0, -1))}>
          {words.previous}
        </button>
      )}
      {nextCursor !== null && (
        <button
          type="button"
          className="pager-forth"
          disabled={busy}
          onClick={() => go(nextCursor, [...trail, cursor ?? ''].slice(-MAX_TRAIL))}
        >
          {words.next}
        </button>
      )}
    </nav>
  );
}
