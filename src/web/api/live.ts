/**
 * The one stream of progress of a tab. Each file that changes is put where views look for it; what is summed from files is asked for
 * again, at most once a second. Whenever the stream begins again everything shown is asked for, as changes may have been missed.
 * While the tab is hidden there is no stream.
 */
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { FileAnswer, PageAnswer } from '../../http/answers.ts';
import { connectionFound, connectionLost } from './connection.ts';

const REOPEN_MS = 2_000;
const SUMS_MS = 1_000;

export function followProgress(queries: QueryClient): void {
  let source: EventSource | null = null;
  let reopening = 0;

  const open = () => {
    clearTimeout(reopening);
    if (source || document.hidden) return;
    const opened = new EventSource('/progress');
    source = opened;
    opened.addEventListener('open', () => {
      connectionFound();
      void queries.invalidateQueries();
    });
    opened.addEventListener('file', ({ data }) => take(JSON.parse(data) as FileAnswer));
    opened.addEventListener('error', () => {
      connectionLost();
      // The browser comes back by itself, but not after an answer that is no stream.
      if (opened.readyState !== EventSource.CLOSED) return;
      source = null;
      reopening = setTimeout(open, REOPEN_MS);
    });
  };
  const close = () => {
    clearTimeout(reopening);
    source?.close();
    source = null;
  };

  const sums = atMostEvery(SUMS_MS, () => {
    void queries.invalidateQueries({ queryKey: ['stats'] });
    void queries.invalidateQueries({ queryKey: ['inventory'] });
  });
  const lists = atMostEvery(SUMS_MS, () => void queries.invalidateQueries({ queryKey: ['files'] }));

  const take = (file: FileAnswer) => {
    queries.setQueryData(['file', file.file_id], file);
    let listed = false;
    queries.setQueriesData<InfiniteData<PageAnswer<FileAnswer>>>({ queryKey: ['files'] }, (old) => {
      if (!old?.pages.some(({ items }) => items.some(({ file_id }) => file_id === file.file_id))) return old;
      listed = true;
      return {
        ...old,
        pages: old.pages.map((page) => ({
          ...page,
          items: page.items.map((item) => (item.file_id === file.file_id ? file : item)),
        })),
      };
    });
    // A new file, or one that a list by status has no longer.
    if (!listed || file.finished_at !== null) lists();
    sums();
  };

  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  open();
}

function atMostEvery(ms: number, work: () => void): () => void {
  let planned = false;
  return () => {
    if (planned) return;
    planned = true;
    setTimeout(() => {
      planned = false;
      work();
    }, ms);
  };
}
