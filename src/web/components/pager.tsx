/**
 * Buttons through a list that the API returns page by page. Its cursors lead forward only, so those of the pages before are kept in
 * the browser's history entry, which survives a reload and the back button.
 */
import './pager.css';
import { useLocation } from '@tanstack/react-router';

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** The cursors of the pages before this one; the first page has none, kept as an empty string. */
    trail?: string[];
  }
}

/** So many pages back step by step; beyond them only the first page can be reached. */
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
  const go = (to: string | undefined, trail: string[]) => onGo({ cursor: to || undefined, state: { trail } });
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
