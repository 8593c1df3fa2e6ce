/**
 * `oms ingest FILE…`: uploads the files to the running server when there is one, else runs the same pipeline in this process. Waits for
 * all of them. Exit code 0: all rows accepted, 2: some invalid, 1: a file failed, or was
 * paused.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LOCAL } from '../access/by-local-socket.ts';
import { readHolder } from '../adapters/data-directory.ts';
import { startEngine } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { isOmsError, OmsError } from '../errors.ts';
import { fileJson } from '../http/file-json.ts';
import { namedFormat } from '../http/formats.ts';
import { limits } from '../limits.ts';
import { createLogger } from '../log.ts';
import { reportKey } from '../model/file.ts';
import { isStopRule, STOP_RULE_FORM } from '../model/stop-rule.ts';
import { Formats } from '../pipeline/formats.ts';
import { FormatsOfFiles } from '../pipeline/formats-of-files.ts';
import { upload } from '../pipeline/upload.ts';
import { connect } from './connect.ts';
import { dryRun } from './dry-run.ts';
import { createProgress } from './progress.ts';
import { okBody, type ServiceClient } from './service-client.ts';

type FileJson = ReturnType<typeof fileJson>;

/** How the files are ingested. */
interface Asked {
  stopAtInvalid: string | null;
  /** The name of a format. */
  format: string | null;
  /** Of workbooks; null: the first one. */
  sheet: string | null;
  dryRun: boolean;
}

/** A server, or the pipeline in this process. */
interface Service {
  /** The new file, or the one with the same bytes. */
  upload(path: string, asked: Asked): Promise<{ fileId: string; existed: boolean }>;
  get(fileId: string): Promise<FileJson>;
  /** Where the report is, of a file that has one. */
  report(file: FileJson): string;
  stop(): Promise<void>;
}

const EXIT = { allAccepted: 0, failed: 1, someInvalid: 2 } as const;

export async function run(args: string[]): Promise<number> {
  const { values, positionals: paths } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean', default: false },
      'full-dry-run': { type: 'boolean', default: false },
      'stop-at-invalid': { type: 'string' },
      format: { type: 'string' },
      sheet: { type: 'string' },
    },
  });
  if (paths.length === 0) throw new OmsError('invalid_option', 'no file: usage: oms ingest FILE… [--dry-run]');
  const stopAtInvalid = values['stop-at-invalid'] ?? null;
  const format = values.format ?? null;
  const sheet = values.sheet ?? null;
  if (stopAtInvalid !== null && !isStopRule(stopAtInvalid))
    throw new OmsError('invalid_option', `--stop-at-invalid "${stopAtInvalid}" ${STOP_RULE_FORM}`);
  for (const path of paths) await checkReadable(path);
  const config = readConfig();
  if (values['dry-run']) return dryRun(paths, { format, sheet }, config);

  const service = await openService(config);
  try {
    const outcomes: number[] = [];
    const fileIds: { path: string; fileId: string }[] = [];
    for (const path of paths) {
      try {
        const asked = { stopAtInvalid, format, sheet, dryRun: values['full-dry-run'] };
        const { fileId, existed } = await service.upload(path, asked);
        if (existed) await reportExisting(service, path, fileId);
        fileIds.push({ path, fileId });
      } catch (error) {
        if (!isOmsError(error)) throw error;
        process.stderr.write(`${path}: ${error.message}\n`);
        outcomes.push(EXIT.failed);
      }
    }
    for (const { path, fileId } of fileIds) outcomes.push(await follow(service, path, fileId));
    if (outcomes.includes(EXIT.failed)) return EXIT.failed;
    return outcomes.includes(EXIT.someInvalid) ? EXIT.someInvalid : EXIT.allAccepted;
  } finally {
    await service.stop();
  }
}

/** Running the command again, after a crash for example, is no error: the existing file is followed to its end. */
async function reportExisting(service: Service, path: string, fileId: string): Promise<void> {
  const { finished_at } = await service.get(fileId);
  const what = finished_at === null ? 'is in work already' : 'was ingested before';
  process.stdout.write(`${path}: ${what}, as file ${fileId}: no row is taken twice\n`);
}

async function follow(service: Service, path: string, fileId: string): Promise<number> {
  const progress = createProgress(basename(path));
  for (;;) {
    const file = await service.get(fileId).catch((error) => {
      // The file waits for the store, and so does this command (INV-7).
      if (!isOmsError(error) || !error.retryable || error.code === 'store_damaged') throw error;
      return null;
    });
    if (!file) {
      await delay(limits.outageBackoff.lastMs);
      continue;
    }
    progress.show(file);
    if (file.finished_at !== null || file.pause !== null) {
      progress.end();
      return printResult(service, path, file);
    }
    await delay(limits.progressMs);
  }
}

function printResult(service: Service, path: string, file: FileJson): number {
  const { rows, accepted, invalid, skipped } = file.progress;
  const lines = [
    `${path}: ${file.status}, ${rows} rows, ${accepted} accepted, ${invalid} invalid${skipped > 0 ? `, ${skipped} skipped` : ''} (${file.file_id})`,
  ];
  if (file.dry_run) lines.push('  a dry run: no order was made, no stock was taken');
  if (file.format) lines.push(`  read by the format ${file.format.name}, version ${file.format.version}`);
  if (file.failure) lines.push(`  ${file.failure.code}: ${file.failure.message}`);
  if (file.pause) lines.push(`  ${file.pause.code}: ${file.pause.reason}`);
  for (const [code, count] of Object.entries(file.invalid_by_code)) lines.push(`  ${code.padEnd(20)}${count}`);
  for (const { code, count, row } of file.warnings)
    lines.push(`  warning: ${code}, ${count} ${count === 1 ? 'row' : 'rows'}, the first is row ${row}`);
  if (file.invalid_file) lines.push(`  report: ${service.report(file)}`);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (file.status !== 'completed') return EXIT.failed;
  return invalid === 0 ? EXIT.allAccepted : EXIT.someInvalid;
}

async function checkReadable(path: string): Promise<void> {
  try {
    const handle = await open(path);
    const isFile = (await handle.stat()).isFile();
    await handle.close();
    if (!isFile) throw new Error('it is not a regular file');
  } catch (error) {
    throw new OmsError('file_unreadable', `${path} cannot be read: ${(error as Error).message}`);
  }
}

async function openService(config: Config): Promise<Service> {
  try {
    return await ownPipeline(config);
  } catch (error) {
    const url = isOmsError(error, 'data_directory_held') ? readHolder(config.dataDirectory)?.url : null;
    if (!url) throw error;
    process.stdout.write(`uploading to the server at ${url}\n`);
    return runningServer(url, connect({}, config, 1));
  }
}

async function ownPipeline(config: Config): Promise<Service> {
  const logger = createLogger(config.logLevel, 'ingest');
  const engine = await startEngine(config, { command: 'oms ingest', roles: ['worker'] }, logger);
  engine.startRole('worker');
  engine.startRole('publisher');
  const ports = { ...engine.ports, logger };
  const formats = new Formats(ports);
  return {
    async upload(path, { stopAtInvalid, format, sheet, dryRun: isDryRun }) {
      const saved = format === null ? null : await namedFormat(formats, format, LOCAL);
      const result = await upload(ports, createReadStream(path, { highWaterMark: limits.readBytes }), {
        name: basename(path),
        encoding: null,
        sheet,
        parentFileId: null,
        stopAtInvalid,
        dryRun: isDryRun,
        format: saved && (await new FormatsOfFiles(ports).keep(saved)),
        hubs: null,
        force: false,
        idempotencyKey: null,
        maxBytes: config.maxUploadBytes,
      });
      if (result.kind === 'duplicate') return { fileId: result.existingFileId, existed: true };
      if (result.kind !== 'created') throw new Error(`an upload without a key was answered ${result.kind}`);
      return { fileId: result.file.fileId, existed: false };
    },
    async get(fileId) {
      const file = fileJson((await ports.store.files.get(fileId))!);
      // Most outages pass. Damage does not, and is reported.
      if (file.waiting_for === 'store') await ports.store.inspect();
      return file;
    },
    report({ invalid_file: name, progress }) {
      const key = reportKey({ name: name!, rows: progress.invalid });
      return config.objectStore.kind === 'directory'
        ? `${config.dataDirectory}/objects/${key}`
        : `s3://${config.objectStore.bucket}/${key}`;
    },
    stop: () => engine.stop(),
  };
}

function runningServer(url: string, client: ServiceClient): Service {
  return {
    async upload(path, { stopAtInvalid, format, sheet, dryRun: isDryRun }) {
      const bytes = createReadStream(path, { highWaterMark: limits.readBytes });
      const query = new URLSearchParams({
        name: basename(path),
        ...(stopAtInvalid !== null && { stop_at_invalid: stopAtInvalid }),
        ...(format !== null && { format }),
        ...(sheet !== null && { sheet }),
        ...(isDryRun && { dry_run: 'true' }),
      });
      const target = `/upload?${query}`;
      try {
        const file = okBody<FileJson>(await client.once('POST', target, { type: 'text/csv', bytes }));
        return { fileId: file.file_id, existed: false };
      } catch (error) {
        if (!isOmsError(error, 'duplicate_file')) throw error;
        return { fileId: error.details.existing_file_id as string, existed: true };
      }
    },
    // What waits for an engine is asked about again by the caller, who says so.
    get: async (fileId) => okBody(await client.once('GET', `/files/${fileId}`)),
    report: ({ invalid_file: name }) => `${url}/invalid-files/${name}`,
    async stop() {
      client.close();
    },
  };
}
