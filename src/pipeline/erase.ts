/**
 * Erases people, a step at a time, beside other work. A request is looked through in parts: all orders; all files that have ended; then those
 * that were still open, whose rows may come meanwhile, once they have ended, and everything again. Each step is noted after it, and
 * repeating one does no harm: before an order loses its person the files that it came from are deleted, or noted where they are open, so a
 * process may die at any point. Orders and files that come after the request are not looked for.
 */
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import { FILE_STATUSES, isEnded } from '../model/file.ts';
import type { Clock } from '../ports/clock.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { EndPosition } from '../ports/files.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { pagesOf } from '../ports/page.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { mentionOf } from './erase/find-in-bytes.ts';
import { eraseFound, findNext } from './erase/find-next.ts';
import { holdsPerson } from './erase/personal-files.ts';
import { type ErasureRecord, type ErasureRequest, pendingErasures, putErasure } from './erase/requests.ts';
import { startOnRequests } from './leased-requests.ts';
import { deletePart } from './retention.ts';

export interface EraserPorts {
  objects: ObjectStore;
  store: Pick<OrderStore, 'erasure' | 'files' | 'rejections' | 'smallRecords' | 'leases' | 'journal'>;
  /** Those that a projector keeps up. */
  views: ReadModels | null;
  clock: Clock;
}

/** The last moment that a Date can have: files may have ended while the clock was ahead. */
const ANY_TIME_MS = 8.64e15;

type Work = EraserPorts & { stopping: AbortSignal };

/** Works on the requests that there are; of several processes one does. */
export const startEraser = (ports: EraserPorts, logger: Logger) =>
  startOnRequests(
    ports,
    {
      ...{ lease: 'eraser', leaseMs: limits.eraserLeaseMs, pauseMs: limits.eraserMs },
      pending: () => pendingErasures(ports.store),
      async work(record: ErasureRecord, stopping) {
        await erase({ ...ports, stopping }, record, logger);
        return false;
      },
      failed: 'the erasure of a person failed: it is tried again',
    },
    logger,
  );

/** Goes on with a request as far as it goes now: to its end, or to where open files are waited for. */
export async function erase(work: Work, found: ErasureRecord, logger: Logger): Promise<void> {
  for (let record = found; !work.stopping.aborted; ) {
    const data = await nextStep(work, record.data);
    if (data === null) return;
    const put = await putErasure(work.store, { ...record, data });
    // Another process works on it, too.
    if (!put) return;
    if (put.data.doneMs !== null) {
      const { orders, files } = put.data;
      logger.info({ erasure: put.id, orders, files }, 'a person was erased');
      return;
    }
    record = put;
    await sliceTurn();
  }
}

/** Null where nothing can be done now. */
async function nextStep(work: Work, request: ErasureRequest): Promise<ErasureRequest | null> {
  if (request.part === 'start') return beginPass(work, request);
  if (request.part === 'orders') return eraseOrders(work, request);
  if (request.part === 'files') return deleteFiles(work, request);
  return endPass(work, request);
}

async function eraseOrders(work: Work, request: ErasureRequest): Promise<ErasureRequest> {
  const { erasure } = work.store;
  const of = { email: request.email! };
  const page = await findNext(erasure, of, request.position);
  const fileIds = new Set(page.found.flatMap(({ fileIds }) => fileIds));
  const known = new Set(request.openFiles);
  let { files } = request;
  for (const fileId of fileIds) {
    if (known.has(fileId)) continue;
    const outcome = await deleteFile(work, fileId);
    if (outcome === 'open') known.add(fileId);
    if (outcome === 'deleted') files++;
  }
  // Noted first; then the same orders are found again, and erased.
  if (known.size > request.openFiles.length) return { ...request, files, openFiles: [...known] };
  const orders = request.orders + (await eraseFound(erasure, of, page.found));
  const next = page.end ? ({ part: 'files', position: null } as const) : { position: page.position };
  return { ...request, files, orders, ...next };
}

async function deleteFiles(work: Work, request: ErasureRequest): Promise<ErasureRequest> {
  const after = request.position === null ? null : (JSON.parse(request.position) as EndPosition);
  const ended = await work.store.files.endedBefore(ANY_TIME_MS, after, limits.filesSearchedAtOnce);
  const last = ended.at(-1);
  if (!last) return { ...request, part: 'open-files', position: null };
  const mention = mentionOf(request.email!);
  let { files } = request;
  for (const { file } of ended) {
    if (file.createdAtMs > request.requestedMs || !(await holdsPerson(work, file, mention, work.stopping))) continue;
    // It was queued again: its next end is later.
    if ((await deleteFile(work, file.fileId)) === 'deleted') files++;
  }
  return { ...request, files, position: JSON.stringify(last.at) };
}

async function beginPass(work: Work, request: ErasureRequest): Promise<ErasureRequest> {
  return { ...request, part: 'orders', again: await isAnyOpen(work, request) };
}

async function endPass(work: Work, request: ErasureRequest): Promise<ErasureRequest | null> {
  const openFiles: string[] = [];
  let { files } = request;
  for (const fileId of request.openFiles) {
    const outcome = await deleteFile(work, fileId);
    if (outcome === 'open') openFiles.push(fileId);
    if (outcome === 'deleted') files++;
  }
  const so = { ...request, files, openFiles };
  if (openFiles.length > 0 || (await isAnyOpen(work, request))) {
    const isSame = request.again && openFiles.length === request.openFiles.length;
    return isSame ? null : { ...so, again: true };
  }
  if (request.again) return { ...so, part: 'start' };
  if (!(await hasLeftViews(work))) return null;
  return { ...so, part: null, email: null, doneMs: work.clock.now() };
}

/** Whether the read models have nothing of those whose orders were erased so far. */
async function hasLeftViews({ store: { journal }, views }: Work): Promise<boolean> {
  if (!journal || !views) return true;
  return (await journal.erasuresBehind(await views.position())) <= 0 && (await views.isPurged());
}

const OPEN = FILE_STATUSES.filter((status) => !isEnded(status));

/** Whether a file from before the request has not ended. */
async function isAnyOpen({ store }: Work, { requestedMs }: ErasureRequest): Promise<boolean> {
  for (const status of OPEN)
    for await (const files of pagesOf((page) => store.files.list({ status }, page), limits.sliceItems)) {
      if (files.some(({ createdAtMs }) => createdAtMs <= requestedMs)) return true;
      await sliceTurn();
    }
  return false;
}

/** Deletes the upload of a file and its report, with the rejected rows. */
async function deleteFile(work: Work, fileId: string): Promise<'deleted' | 'open' | 'kept'> {
  const { files } = work.store;
  const file = await files.get(fileId);
  if (!file) return 'kept';
  // What was marked by somebody who died is deleted again.
  for (const part of ['upload', 'report'] as const) await deletePart(work, part, file, work.stopping);
  const after = (await files.get(fileId))!;
  if (!isEnded(after.status)) return 'open';
  const isSame =
    after.uploadDeletedAtMs === file.uploadDeletedAtMs && after.reportDeletedAtMs === file.reportDeletedAtMs;
  return isSame ? 'kept' : 'deleted';
}
