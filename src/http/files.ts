/** `/files`: the state of each upload, live progress, cancel, pause, resume and retry. For the rejected rows see `rejections.ts`. */
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { limits } from '../limits.ts';
import { EVERYTHING, type View } from '../model/access.ts';
import { FILE_STATUSES, type FileRecord, isAtRest } from '../model/file.ts';
import { seesFile } from '../model/views.ts';
import { cancelFile, resumeFile, retryFile } from '../pipeline/requeue-file.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { PageRequest } from '../ports/page.ts';
import { viewFor } from './access-guard.ts';
import { basePath } from './base-path.ts';
import { notFound } from './errors.ts';
import { filesJson, needsAttention } from './file-json.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { flag, oneOf, text } from './parameters.ts';
import { fileResponse, filesResponse } from './responses.ts';
import { type HttpEnv, json, type RouteDescription, route } from './route.ts';
import { type EventStreaming, eventStream, streamEvents } from './streams.ts';

interface FilePorts {
  store: Pick<OrderStore, 'files'>;
  queue: JobQueue;
  clock: Clock;
}

export function fileRoutes(ports: FilePorts, streaming: EventStreaming) {
  const app = new Hono<HttpEnv>();
  app.get('/files', listFiles(ports));
  app.get('/files/:file_id', getFile(ports));
  app.get('/files/:file_id/progress', followFile(ports, streaming));
  app.post('/files/:file_id/cancel', postCancel(ports));
  app.post('/files/:file_id/pause', postPause(ports));
  app.post('/files/:file_id/resume', postResume(ports));
  app.post('/files/:file_id/retry', postRetry(ports));
  return app;
}

export const fileParams = { file_id: z.string().describe('The `file_id` that the upload returned.') };

/** Throws `not_found`, also where the view does not show the file. */
export async function findFile(
  { files }: Pick<OrderStore, 'files'>,
  view: Pick<View, 'hubs'>,
  fileId: string,
): Promise<FileRecord> {
  const file = await files.get(fileId);
  if (!file || !seesFile(view, file)) throw notFound('file', fileId);
  return file;
}

/** Of the path: found, and seen. What a file is limited to never changes, so it stays seen. */
const pathFile = ({ store }: Pick<FilePorts, 'store'>, c: Context<HttpEnv, '/:file_id'>) =>
  findFile(store, viewFor(c), c.req.param('file_id'));

/** What of a list a view shows. */
export const seenBy = ({ hubs }: Pick<View, 'hubs'>) => (hubs === null ? {} : { seenBy: hubs });

const fileJsonOf = async (c: Context, { store }: FilePorts, file: FileRecord) =>
  (await filesJson(store, [file], basePath(c)))[0]!;

const listFiles = ({ store, clock }: FilePorts) =>
  route(
    {
      id: 'listFiles',
      tag: 'Files',
      summary: 'List files, newest first',
      query: {
        ...pageShape,
        status: oneOf(FILE_STATUSES),
        parent_file_id: text.describe('Only the corrections of this file.'),
        needs_attention: flag.describe('Only files that failed, are paused, wait for long, or have rows to fix.'),
      },
      responses: { 200: json(filesResponse, 'A page of files.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads'],
      engines: ['store'],
    },
    async (c, readQuery) => {
      const query = readQuery(c);
      const { needs_attention: attention } = query;
      const list = ['files', query.status, query.parent_file_id, ...(attention ? ['needs_attention'] : [])];
      const filter = {
        ...(query.status && { status: query.status }),
        ...(query.parent_file_id && { parentFileId: query.parent_file_id }),
        ...(attention && { mayNeedAttention: true as const }),
        ...seenBy(viewFor(c)),
      };
      const read = async (slice: PageRequest) => {
        const page = await store.files.list(filter, slice);
        const items = await filesJson(store, page.items, basePath(c));
        return { ...page, items: attention ? items.filter((file) => needsAttention(file, clock.now())) : items };
      };
      return respondWithPage(c, list, readPage(list, query), read, (file) => file);
    },
  );

const getFile = (ports: FilePorts) =>
  route(
    {
      id: 'getFile',
      tag: 'Files',
      summary: 'Get a file',
      params: fileParams,
      responses: { 200: json(fileResponse, 'The file, its counts and its progress.') },
      problems: ['not_found'],
      engines: ['store'],
    },
    async (c) => c.json(await fileJsonOf(c, ports, await pathFile(ports, c))),
  );

const followFile = (ports: FilePorts, streaming: EventStreaming) =>
  route(
    {
      id: 'followFile',
      tag: 'Files',
      summary: 'Follow one file until it ends, and while it is undone',
      params: fileParams,
      responses: {
        200: eventStream('Events named `file`, each with a File as its data, whenever it changed. Ends with the file.'),
      },
      problems: ['not_found'],
      engines: ['store'],
    },
    async (c) => {
      const { fileId } = await pathFile(ports, c);
      return streamEvents(c, streaming, async function* (stop) {
        for (let sent = ''; ; ) {
          const file = await findFile(ports.store, EVERYTHING, fileId);
          const latest = JSON.stringify(await fileJsonOf(c, ports, file));
          yield latest === sent ? '' : `event: file\ndata: ${latest}\n\n`;
          sent = latest;
          if (isAtRest(file)) return;
          await ports.clock.sleep(limits.progressMs, stop);
        }
      });
    },
  );

/** A request of a user for one file, answered with the file. */
const postRequest = (
  ports: FilePorts,
  description: Pick<RouteDescription, 'id' | 'summary' | 'description' | 'problems' | 'engines'> & { becomes: string },
  ask: (fileId: string) => Promise<FileRecord | null>,
) => {
  const { becomes, problems = [], ...described } = description;
  return route(
    {
      ...described,
      tag: 'Files',
      params: fileParams,
      responses: { 202: json(fileResponse, becomes) },
      problems: ['not_found', ...problems],
    },
    async (c) => {
      const { fileId } = await pathFile(ports, c);
      const file = await ask(fileId);
      if (!file) throw notFound('file', fileId);
      return c.json(await fileJsonOf(c, ports, file), 202);
    },
  );
};

const postCancel = (ports: FilePorts) =>
  postRequest(
    ports,
    {
      id: 'cancelFile',
      summary: 'Cancel a file',
      description: 'Orders accepted before the cancellation stay.',
      becomes: 'The file; it ends soon.',
      problems: ['file_ended'],
      engines: ['store', 'queue'],
    },
    (fileId) => cancelFile(ports, fileId),
  );

const postPause = (ports: FilePorts) =>
  postRequest(
    ports,
    {
      id: 'pauseFile',
      summary: 'Pause a file',
      description:
        'A queued file at once, one in work at its next chunk border. Orders accepted before stay. A repeat changes nothing.',
      becomes: 'The file; it is paused, or will be soon.',
      problems: ['not_pausable'],
      engines: ['store'],
    },
    (fileId) => ports.store.files.requestPause(fileId),
  );

const postResume = (ports: FilePorts) =>
  postRequest(
    ports,
    {
      id: 'resumeFile',
      summary: 'Resume a paused file',
      description: 'Where its stop rule has paused it, without that rule. A repeat changes nothing.',
      becomes: 'The file, queued again.',
      problems: ['not_paused'],
      engines: ['store', 'queue'],
    },
    (fileId) => resumeFile(ports, fileId),
  );

const postRetry = (ports: FilePorts) =>
  postRequest(
    ports,
    {
      id: 'retryFile',
      summary: 'Resume a file that failed or was cancelled',
      becomes: 'The file, queued again.',
      problems: ['not_retryable', 'duplicate_file', 'object_missing'],
      engines: ['store', 'queue'],
    },
    (fileId) => retryFile(ports, fileId),
  );
