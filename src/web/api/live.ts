/**
 * The one stream of progress of a tab. Each changed file is put into the cached queries; sums over files are invalidated, at most
 * once a second. When the stream opens again, everything is invalidated, as changes may have been missed. While the tab is hidden
 * there is no stream, nor while nobody is signed in who may read files.
 */
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { FileResponse, PageResponse } from '../../http/responses.ts';
import { connectionFound, connectionLost } from './connection.ts';
import { currentSession, mayFollow, onSession } from './session.ts';
import { findOut } from './sign-in.ts';

const REOPEN_MS = 2_000;
const SUMS_MS = 1_000;
/** A file that waits for so long needs attention. */
const LONG_MS = 5 * 60_000;

const listeners = new Set<(file: FileResponse) => void>();

/** Calls the listener with each changed file. Returns the function that stops it. */
export function onFileChange(listener: (file: FileResponse) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function followProgress(queries: QueryClient): void {
  let source: EventSource | null = null;
  let reopening = 0;

  const open = () => {
    clearTimeout(reopening);
    if (source || document.hidden || !mayFollow()) return;
    const opened = new EventSource('/progress');
    source = opened;
    opened.addEventListener('open', () => {
      connectionFound();
      void queries.invalidateQueries();
    });
    opened.addEventListener('file', ({ data }) => take(JSON.parse(data) as FileResponse));
    opened.addEventListener('error', () => {
      connectionLost();
      // The browser reconnects by itself, but not after a response that is not a stream.
      if (opened.readyState !== EventSource.CLOSED) return;
      source = null;
      reopening = setTimeout(open, REOPEN_MS);
      // It does not say why: the session may have ended.
      if (currentSession().me?.principal) void findOut().catch(() => {});
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
  // How much of a file is left to fix changes with the files that fix it, and with those that fix these.
  const fixed = atMostEvery(SUMS_MS, () => void queries.invalidateQueries({ queryKey: ['file'] }));
  const lists = atMostEvery(SUMS_MS, () => void queries.invalidateQueries({ queryKey: ['files'] }));

  const take = (file: FileResponse) => {
    queries.setQueryData(['file', file.file_id], file);
    let isNew = false;
    for (const [key, list] of queries.getQueriesData<FileList>({ queryKey: ['files'] })) {
      if (!list) continue;
      isNew ||= !isListed(list, file);
      queries.setQueryData(key, withFile(list, file, isAskedFor(file, key[1] as Filters)));
    }
    // Responses still in flight may be older than the last message of the stream.
    if (file.finished_at !== null)
      setTimeout(() => void queries.invalidateQueries({ queryKey: ['file', file.file_id] }), SUMS_MS);
    if (isNew || file.finished_at !== null) lists();
    if (file.parent_file_id !== null) fixed();
    sums();
    for (const listener of listeners) listener(file);
  };

  // A stream from before the machine slept or changed networks may be dead without an error.
  addEventListener('online', () => {
    close();
    open();
  });
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  onSession(() => (mayFollow() ? open() : close()));
  open();
}

type Filters = { status?: string; needs_attention?: string; parent_file_id?: string };
type FileList = InfiniteData<PageResponse<FileResponse>>;

const isAskedFor = (file: FileResponse, { status, needs_attention, parent_file_id }: Filters): boolean =>
  (status === undefined || status === file.status) &&
  (needs_attention === undefined || needsAttention(file)) &&
  (parent_file_id === undefined || parent_file_id === file.parent_file_id);

/** As the service selects them. */
const needsAttention = ({ status, waiting_since, open, dry_run, undo }: FileResponse): boolean =>
  undo?.state !== 'done' &&
  (status === 'failed' ||
    status === 'paused' ||
    (open > 0 && !dry_run) ||
    (waiting_since !== null && Date.now() - Date.parse(waiting_since) >= LONG_MS));

const isListed = ({ pages }: FileList, { file_id }: FileResponse): boolean =>
  pages.some(({ items }) => items.some((item) => item.file_id === file_id));

const isNewer = (a: FileResponse, b: FileResponse): boolean =>
  a.created_at === b.created_at ? a.file_id > b.file_id : a.created_at > b.created_at;

/** The list with the changed file: updated in place, inserted by age, or removed. */
function withFile(list: FileList, file: FileResponse, wanted: boolean): FileList {
  let placed = !wanted || isListed(list, file);
  const pages = list.pages.map((page) => {
    const items = page.items.flatMap((item) => {
      if (item.file_id !== file.file_id) return [item];
      return wanted ? [file] : [];
    });
    if (placed) return { ...page, items };
    const place = items.findIndex((item) => isNewer(file, item));
    // Older than all of this page: it belongs to the next, which may not be loaded.
    if (place === -1 && page.next_cursor !== null) return page;
    placed = true;
    return { ...page, items: items.toSpliced(place === -1 ? items.length : place, 0, file) };
  });
  return { ...list, pages };
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
