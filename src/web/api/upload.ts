/**
 * Uploads of this tab: at most three at a time, the others wait. Each has one Idempotency-Key for all its tries, so that a broken
 * connection never makes two files of one. If the service is busy or unreachable, the upload is retried; if it refuses, the user
 * decides.
 */
import { useSyncExternalStore } from 'react';
import type { ProblemResponse, UploadResponse } from '../../http/responses.ts';
import { newKey, parse, readProblem, withQuery } from './client.ts';
import { currentSession, inSession, sessionEnded } from './session.ts';

const AT_ONCE = 3;
const AGAIN_MS = 3_000;

export type UploadState =
  | { kind: 'queued' }
  | { kind: 'sending'; sentBytes: number }
  /** Retried automatically at this time. */
  | { kind: 'waiting'; why: 'unreachable' | 'busy'; untilMs: number }
  | { kind: 'duplicate'; existingFileId: string }
  | { kind: 'refused'; problem: ProblemResponse }
  /** Changed, moved or deleted after it was chosen: the browser no longer reads it. */
  | { kind: 'unreadable' }
  | { kind: 'done'; fileId: string };

export interface Upload {
  key: string;
  file: File;
  /** The file whose failed rows this one fixes. */
  parentFileId: string | null;
  /** Shown beside the upload: what else was done for it. */
  note: string | null;
  dryRun: boolean;
  force: boolean;
  state: UploadState;
}

let uploads: readonly Upload[] = [];
/** Whether uploads that are added from now on are dry runs. What fixes another file never is. */
let dryRuns = false;
const listeners = new Set<() => void>();
const requests = new Map<string, XMLHttpRequest>();

export const isUnderWay = ({ state }: Upload): boolean => ['queued', 'sending', 'waiting'].includes(state.kind);

/** Whole percents. The browser may report a few bytes more than the file has. */
export const percentSent = ({ size }: File, sentBytes: number): number =>
  size === 0 ? 100 : Math.floor((100 * Math.min(size, sentBytes)) / size);

function change(next: readonly Upload[]): void {
  uploads = next;
  for (const listener of listeners) listener();
  start();
}

const update = (key: string, changes: Partial<Upload>): void =>
  change(uploads.map((upload) => (upload.key === key ? { ...upload, ...changes } : upload)));

export function addUploads(
  files: Iterable<File>,
  parentFileId: string | null = null,
  note: string | null = null,
): void {
  const added = Array.from(files, (file): Upload => {
    return {
      key: newKey(),
      file,
      parentFileId,
      note,
      dryRun: dryRuns && parentFileId === null,
      force: false,
      state: { kind: 'queued' },
    };
  });
  change([...uploads, ...added]);
}

export function setDryRuns(on: boolean): void {
  dryRuns = on;
  change(uploads);
}

/** After `duplicate`: upload anyway. After `refused`, or while waiting: try again, forced if it was before. */
export const uploadAgain = (key: string, { force = false } = {}): void =>
  update(key, { ...(force && { force }), state: { kind: 'queued' } });

/** Removes it from the list, and aborts it if it is being sent. */
export function dismissUpload(key: string): void {
  requests.get(key)?.abort();
  requests.delete(key);
  change(uploads.filter((upload) => upload.key !== key));
}

/** Starts one: that is a change, which calls this again for the next. */
function start(): void {
  while (requests.size < AT_ONCE) {
    const next = uploads.find(({ key, state }) => state.kind === 'queued' && !requests.has(key));
    if (!next) return;
    send(next);
  }
}

function send({ key, file, parentFileId, dryRun, force }: Upload): void {
  const request = new XMLHttpRequest();
  const session = currentSession().number;
  requests.set(key, request);
  const parameters = {
    name: file.name,
    parent_file_id: parentFileId,
    dry_run: dryRun ? 'true' : null,
    force: force ? 'true' : null,
  };
  request.open('POST', withQuery('/upload', parameters));
  request.setRequestHeader('content-type', 'application/octet-stream');
  request.setRequestHeader('accept', 'application/json');
  request.setRequestHeader('idempotency-key', key);
  request.upload.onprogress = ({ loaded }) => update(key, { state: { kind: 'sending', sentBytes: loaded } });
  request.onload = () => {
    requests.delete(key);
    if (request.status === 401) void afterSignIn(key, session);
    else settle(key, request);
  };
  request.onerror = async () => {
    const readable = await file
      .slice(0, 1)
      .arrayBuffer()
      .then(
        () => true,
        () => false,
      );
    // Dismissed meanwhile.
    if (requests.get(key) !== request) return;
    requests.delete(key);
    if (readable) wait(key, 'unreachable', AGAIN_MS);
    else update(key, { state: { kind: 'unreadable' } });
  };
  request.send(file);
  update(key, { state: { kind: 'sending', sentBytes: 0 } });
}

function settle(key: string, request: XMLHttpRequest): void {
  if (request.status === 503 || request.status === 429)
    wait(key, 'busy', Number(request.getResponseHeader('retry-after')) * 1_000 || AGAIN_MS);
  else update(key, { state: settled(parse(request.responseText), request.status) });
}

/** Sent again when the user has signed in. */
async function afterSignIn(key: string, session: number): Promise<void> {
  sessionEnded(session);
  await inSession();
  update(key, { state: { kind: 'queued' } });
}

function settled(answer: unknown, status: number): UploadState {
  if (status === 202) return { kind: 'done', fileId: (answer as UploadResponse).file_id };
  const problem = readProblem(answer, status);
  const { existing_file_id } = problem;
  return problem.code === 'duplicate_file' && typeof existing_file_id === 'string'
    ? { kind: 'duplicate', existingFileId: existing_file_id }
    : { kind: 'refused', problem };
}

function wait(key: string, why: 'unreachable' | 'busy', ms: number): void {
  update(key, { state: { kind: 'waiting', why, untilMs: Date.now() + ms } });
  setTimeout(() => {
    if (uploads.some((upload) => upload.key === key && upload.state.kind === 'waiting'))
      update(key, { state: { kind: 'queued' } });
  }, ms);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useDryRuns = (): boolean => useSyncExternalStore(subscribe, () => dryRuns);

export const useUploads = (): readonly Upload[] => useSyncExternalStore(subscribe, () => uploads);

// Leaving the page aborts uploads.
addEventListener('beforeunload', (event) => {
  if (uploads.some(isUnderWay)) event.preventDefault();
});
