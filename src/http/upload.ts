/**
 * `POST /upload`: one CSV file or workbook, as multipart field `file` or as the raw body, streamed to the object store. A slow upload is accepted as
 * long as bytes keep arriving; an incomplete upload leaves nothing behind.
 */
import type { IncomingMessage } from 'node:http';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Principal } from '../model/access.ts';
import { isStopRule, STOP_RULE_FORM } from '../model/stop-rule.ts';
import { Formats } from '../pipeline/formats.ts';
import { FormatsOfFiles } from '../pipeline/formats-of-files.ts';
import { parseEncoding } from '../pipeline/read/encoding.ts';
import { type UploadPorts, upload } from '../pipeline/upload.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { principalOf } from './access-guard.ts';
import { auditTarget } from './audit-trail.ts';
import { basePath } from './base-path.ts';
import { BodyRate } from './body-rate.ts';
import { fileJson } from './file-json.ts';
import { findFile } from './files.ts';
import { namedFormat } from './formats.ts';
import { idempotencyKey, readIdempotencyKey, scopedKey } from './idempotency-key.ts';
import { XLSX_TYPE } from './media-types.ts';
import { ownerOf, shareTaken } from './owner.ts';
import { flag, text } from './parameters.ts';
import { Places } from './places.ts';
import { problem } from './problem.ts';
import { receiveUpload } from './receive-upload.ts';
import { type UploadResponse, uploadResponse } from './responses.ts';
import { type HttpEnv, json, type RouteDescription, route } from './route.ts';

const query = {
  name: z.string().optional().describe('A name for the file, in place of that of the form.'),
  encoding: text.meta({
    description: 'A label of the WHATWG Encoding Standard, in any case. Without it the encoding is detected.',
    examples: ['utf-8', 'utf-16le', 'windows-1252', 'latin1', 'Shift_JIS'],
  }),
  sheet: text.describe('The sheet of a workbook (.xlsx), by its name. Without it the first one that is not hidden.'),
  format: text.describe(
    'The name of the format that it is read by. Without it a standard header is expected, or one that a format has.',
  ),
  parent_file_id: text.describe('The file whose rejected rows this one corrects.'),
  stop_at_invalid: z
    .string()
    .refine(isStopRule, STOP_RULE_FORM)
    .optional()
    .meta({
      description: 'Pause the file at so many invalid rows, or at such a share of them.',
      examples: ['100', '5%'],
    }),
  force: flag.describe('Accept bytes that were uploaded before.'),
  dry_run: flag.describe(
    'Decide on each row as it would be decided now, and write the report, but make no orders and take no stock.',
  ),
};

const describeUpload = (maxBytes: number) =>
  ({
    id: 'uploadFile',
    tag: 'Files',
    summary: 'Upload a file of orders',
    query,
    headers: { 'Idempotency-Key': idempotencyKey },
    body: {
      required: true,
      description: `One CSV file, at most ${maxBytes} bytes, plain or gzipped, or one workbook (.xlsx): as the field \`file\` of a form, or as the body.`,
      content: {
        'multipart/form-data': z.object({ file: z.file() }),
        'text/csv': null,
        'application/gzip': null,
        [XLSX_TYPE]: null,
      },
      partTypes: { file: `text/csv, application/gzip, ${XLSX_TYPE}` },
    },
    responses: { 202: json(uploadResponse, 'The file is stored and queued.', ['location']) },
    problems: [
      ...(['invalid_parameter', 'no_file', 'empty_upload', 'several_files', 'broken_multipart'] as const),
      ...(['unfinished_upload', 'unsupported_encoding', 'unknown_format', 'not_found'] as const),
      ...(['duplicate_file', 'too_large'] as const),
      ...(['not_csv', 'key_reused', 'too_many_open_files', 'too_many_uploads'] as const),
      ...(['upgrade_unfinished'] as const),
    ],
    engines: ['store', 'objects', 'queue'],
  }) satisfies RouteDescription;

type UploadRoutePorts = UploadPorts & { store: Pick<OrderStore, 'smallRecords'> };

export function uploadRoutes(ports: UploadRoutePorts, options: { maxBytes: number }) {
  const places = new Places(limits.maxUploads);
  const formats = new Formats(ports);
  const files = new FormatsOfFiles(ports);
  const handler = route(describeUpload(options.maxBytes), async (c, readQuery) => {
    const { name, encoding, sheet, format, parent_file_id, stop_at_invalid, force, dry_run: dryRun } = readQuery(c);
    if (encoding !== undefined) parseEncoding(encoding);
    const principal = principalOf(c);
    const key = readIdempotencyKey(c.req.header('idempotency-key'));
    const parent = parent_file_id === undefined ? null : await findFile(ports.store, principal, parent_file_id);
    const saved = format === undefined ? null : await namedFormat(formats, format, principal);
    const { name: uploadedBy } = principal;
    if (uploadedBy !== null) await refuseTooManyOpen(ports, uploadedBy);
    const { incoming } = c.env;
    const releasePlace = takePlace(places, c);
    try {
      refuseBySize(incoming, options.maxBytes);
      const received = receiveUpload(incoming);
      const result = await upload(ports, received.bytes, {
        get name() {
          return name ?? received.name();
        },
        uploadedBy,
        get encoding() {
          return encoding ?? received.declaredEncoding();
        },
        sheet: sheet ?? null,
        parentFileId: parent?.fileId ?? null,
        stopAtInvalid: stop_at_invalid ?? null,
        format: saved && (await files.keep(saved)),
        // A correction is for the hubs of what it corrects.
        hubs: parent ? parent.hubs : sortedHubs(principal),
        dryRun,
        force,
        idempotencyKey: scopedKey(principal, key),
        maxBytes: options.maxBytes,
      });
      return respond(c, result);
    } finally {
      releasePlace();
    }
  });
  return new Hono<HttpEnv>().post('/upload', handler);
}

const sortedHubs = ({ hubs }: Principal) => hubs && [...new Set(hubs)].sort();

/** The worker serves all files in turn, so the files of one principal must not be many. Throws `too_many_open_files`. */
export async function refuseTooManyOpen({ store }: Pick<UploadPorts, 'store'>, uploadedBy: string): Promise<void> {
  const most = limits.openFilesOfPrincipal;
  if ((await store.files.openOf(uploadedBy, most)) >= most)
    throw new OmsError(
      'too_many_open_files',
      `${most} files of ${uploadedBy} are queued or in work: upload this one when some have ended`,
      { retryable: true },
    );
}

/** Takes a place among the running uploads, and returns the function that releases it. Throws `too_many_uploads`. */
function takePlace(places: Places, c: Context<HttpEnv>): () => void {
  const rate = BodyRate.of(c.env.incoming);
  const owner = ownerOf(c, limits.uploadShares);
  const holder = {
    ...owner,
    isReplaceable: () => rate.isSlow(),
    end: () => rate.end(),
  };
  if (!places.take(holder))
    throw owner.isPrincipal && places.isTaken(owner)
      ? shareTaken(owner, 'uploads')
      : new OmsError('too_many_uploads', 'too many uploads are running: try again in a moment', { retryable: true });
  return () => places.release(holder);
}

function respond(c: Context<HttpEnv>, result: Awaited<ReturnType<typeof upload>>): Response {
  switch (result.kind) {
    case 'created':
    case 'repeated': {
      const { file_id, name, size_bytes, sha256, links } = fileJson(result.file, undefined, basePath(c));
      auditTarget(c, `file ${file_id}`);
      c.header('location', links.self);
      const response: UploadResponse = { file_id, name, status: 'queued', size_bytes, sha256, links };
      return c.json(response, 202);
    }
    case 'duplicate':
      return problem(
        c,
        409,
        'duplicate_file',
        `these bytes were uploaded before, as file ${result.existingFileId}: look at it, or upload with ?force=true`,
        { existing_file_id: result.existingFileId },
      );
    case 'key_reused':
      return problem(c, 422, 'key_reused', 'this Idempotency-Key was used for other bytes: send a new key with them');
  }
}

function refuseBySize(incoming: IncomingMessage, maxBytes: number): void {
  const length = Number(incoming.headers['content-length'] ?? 0);
  // A form is a little larger than its file.
  if (length > maxBytes + limits.maxFormOverheadBytes)
    throw new OmsError(
      'too_large',
      `the upload has ${length} bytes, more than ${maxBytes}: split the file, or raise OMS_MAX_UPLOAD_BYTES`,
    );
}
