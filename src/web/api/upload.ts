/**
 * Uploads of this tab: at most three at a time, the others wait. Each has one Idempotency-Key for all its tries, so that a broken
 * connection never makes two files of one. If the service is busy or unreachable, the upload is retried; if it refuses, the user
 * decides. A file whose columns the service would not know is not sent until the user has said what they are.
 */
import { useSyncExternalStore } from 'react';
import type { ProblemResponse, UploadResponse } from '../../http/responses.ts';
import { newKey, Problem, parse, readProblem, withQuery } from './client.ts';
import { findUnfamiliar, type Unfamiliar } from './columns.ts';
import { currentSession, inSession, sessionEnded } from './session.ts';

const AT_ONCE = 3;
const AGAIN_MS = 3_000;

export type UploadState =
  | { kind: 'queued' }
  /** The service is asked what its columns are. */
  | { kind: 'checking' }
  /** The user is asked what its columns are. */
  | ({ kind: 'unfamiliar' } & Unfamiliar)
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
  options: UploadOptions;
  /** The name of the format that it is read by; null: the service finds it. */
  format: string | null;
  /** Whether its columns were looked at. */
  isChecked: boolean;
  force: boolean;
  state: UploadState;
}

export interface UploadOptions {
  dryRun: boolean;
  /** The stop rule; empty for none. */
  stopAtInvalid: string;
}

const QUEUED: UploadState = { kind: 'queued' };
const NO_OPTIONS: UploadOptions = { dryRun: false, stopAtInvalid: '' };

let uploads: readonly Upload[] = [];
/** Those of uploads that are added from now on. What fixes another file has none. */
let options = NO_OPTIONS;
const listeners = new Set<() => void>();
const requests = new Map<string, { abort(): void }>();

export const isUnderWay = ({ state }: Upload): boolean =>
  ['queued', 'checking', 'unfamiliar', 'sending', 'waiting'].includes(state.kind);

export type UnfamiliarUpload = Upload & { state: Extract<UploadState, { kind: 'unfamiliar' }> };

export const isUnfamiliar = (upload: Upload): upload is UnfamiliarUpload => upload.state.kind === 'unfamiliar';

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
      options: parentFileId === null ? options : NO_OPTIONS,
      format: null,
      isChecked: false,
      force: false,
      state: QUEUED,
    };
  });
  change([...uploads, ...added]);
}

export function setUploadOptions(changes: Partial<UploadOptions>): void {
  options = { ...options, ...changes };
  change(uploads);
}

/** Files of one header are read alike. */
export const headerOf = ({ state: { preview } }: UnfamiliarUpload): string =>
  JSON.stringify([preview.header?.skip_rows, preview.delimiter, preview.columns.map(({ name }) => name)]);

/** The user has said what the columns of these are. Those that are being looked at are looked at again, as they may be known now. */
export function uploadByFormat(keys: readonly string[], format: string): void {
  const next = uploads.map((upload): Upload => {
    if (keys.includes(upload.key)) return { ...upload, format, isChecked: true, state: QUEUED };
    if (upload.state.kind !== 'checking') return upload;
    stop(upload.key);
    return { ...upload, state: QUEUED };
  });
  change(next);
}

/** After `duplicate`: upload anyway. After `refused`, or while waiting: try again, forced if it was before. */
export const uploadAgain = (key: string, { force = false } = {}): void =>
  update(key, { ...(force && { force }), state: QUEUED });

/** Removes it from the list, and aborts it if it is being sent. */
export function dismissUpload(key: string): void {
  stop(key);
  change(uploads.filter((upload) => upload.key !== key));
}

function stop(key: string): void {
  const request = requests.get(key);
  requests.delete(key);
  request?.abort();
}

/** Starts one: that is a change, which calls this again for the next. */
function start(): void {
  while (requests.size < AT_ONCE) {
    const next = uploads.find(({ key, state }) => state.kind === 'queued' && !requests.has(key));
    if (!next) return;
    if (next.isChecked) send(next);
    else void check(next);
  }
}

async function check({ key, file }: Upload): Promise<void> {
  const looking = new AbortController();
  requests.set(key, looking);
  /** Once: not when it was dismissed, or is looked at again. */
  const end = () => requests.get(key) === looking && requests.delete(key);
  try {
    const ask = () => update(key, { state: { kind: 'checking' } });
    const found = await findUnfamiliar(file, looking.signal, ask);
    if (end()) update(key, found ? { state: { kind: 'unfamiliar', ...found } } : { isChecked: true, state: QUEUED });
  } catch (error) {
    if (!end()) return;
    const seconds = error instanceof Problem ? error.retryAfterSeconds : null;
    wait(key, error instanceof Problem ? 'busy' : 'unreachable', seconds === null ? AGAIN_MS : seconds * 1_000);
  }
}

function send({ key, file, parentFileId, options: { dryRun, stopAtInvalid }, format, force }: Upload): void {
  const request = new XMLHttpRequest();
  const session = currentSession().number;
  requests.set(key, request);
  const parameters = {
    name: file.name,
    parent_file_id: parentFileId,
    format,
    dry_run: dryRun ? 'true' : null,
    stop_at_invalid: stopAtInvalid,
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
  update(key, { state: QUEUED });
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
    if (uploads.some((upload) => upload.key === key && upload.state.kind === 'waiting')) update(key, { state: QUEUED });
  }, ms);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useUploadOptions = (): UploadOptions => useSyncExternalStore(subscribe, () => options);

export const useUploads = (): readonly Upload[] => useSyncExternalStore(subscribe, () => uploads);

// Leaving the page aborts uploads.
addEventListener('beforeunload', (event) => {
  if (uploads.some(isUnderWay)) event.preventDefault();
});
