/** `POST /files/{file_id}/run`: takes the upload of a dry run for real. */
import { Hono } from 'hono';
import { runForReal } from '../pipeline/run-for-real.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { principalOf, viewFor } from './access-guard.ts';
import { basePath } from './base-path.ts';
import { filesJson } from './file-json.ts';
import { fileParams, findFile } from './files.ts';
import { flag } from './parameters.ts';
import { fileResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';
import { refuseTooManyOpen } from './upload.ts';

export function runFileRoutes(ports: { store: Pick<OrderStore, 'files'>; queue: JobQueue }) {
  const handler = route(
    {
      id: 'runFile',
      tag: 'Files',
      summary: 'Take a dry run for real',
      description: 'Makes a new file of the same upload. A repeated request is answered with that file.',
      params: fileParams,
      query: { force: flag.describe('Accept bytes that were taken before.') },
      responses: { 202: json(fileResponse, 'The new file.', ['location']) },
      problems: ['invalid_parameter', 'not_found', 'not_runnable', 'duplicate_file', 'too_many_open_files'],
      engines: ['store', 'queue'],
    },
    async (c, readQuery) => {
      const { force } = readQuery(c);
      const dryRun = await findFile(ports.store, viewFor(c), c.req.param('file_id'));
      const { name: uploadedBy } = principalOf(c);
      if (uploadedBy !== null) await refuseTooManyOpen(ports, uploadedBy);
      const file = await runForReal(ports, dryRun, { uploadedBy, force });
      const [response] = await filesJson(ports.store, [file], basePath(c));
      c.header('location', response!.links.self);
      return c.json(response!, 202);
    },
  );
  return new Hono<HttpEnv>().post('/files/:file_id/run', handler);
}
