/**
 * `oms ingest --dry-run`: reads and validates files and asks the IMS, and writes nothing. It does not check stock and stored orders, so
 * a row that passes here can still be `out_of_stock` or a duplicate: a dry run of the service (`--full-dry-run`) tells.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { LOCAL } from '../access/by-local-socket.ts';
import { createHttpIms } from '../adapters/ims.http.ts';
import type { Config } from '../config.ts';
import { OmsError } from '../errors.ts';
import { namedFormat } from '../http/formats.ts';
import { startReferenceIms } from '../ims/reference-ims.ts';
import { limits } from '../limits.ts';
import { isFileFailure } from '../model/file-failure.ts';
import type { Format } from '../model/format.ts';
import { PRESETS } from '../model/presets.ts';
import { openStoreForReading } from '../open-for-reading.ts';
import { ChunkBuilder } from '../pipeline/chunk-builder.ts';
import { Formats } from '../pipeline/formats.ts';
import { FormatsOfFiles } from '../pipeline/formats-of-files.ts';
import type { ByteSource } from '../pipeline/read/byte-source.ts';
import { type ReadOptions, readFile } from '../pipeline/read/read-file.ts';
import { systemClock } from '../ports/clock.ts';
import type { Ims } from '../ports/ims.ts';
import type { OrderStore } from '../ports/order-store.ts';

const SHOWN = 20;

/** How the files are read: by the named format, else by the one that has their header; of workbooks, this sheet. */
interface Asked {
  format: string | null;
  sheet: string | null;
}

interface Parts {
  config: Config;
  /** Null where there is none yet. */
  store: OrderStore | null;
  ims: Ims;
}

export async function dryRun(paths: string[], { format, sheet }: Asked, config: Config): Promise<number> {
  await using opened = new AsyncDisposableStack();
  const store = await openStoreForReading(config);
  opened.defer(async () => store?.close());
  const options: ReadOptions = {
    maxInflatedBytes: config.maxUploadBytes,
    ...(sheet !== null && { sheet }),
    ...(format !== null && { format: await formatOf(format, store) }),
    ...(store && { recognise: (file) => new FormatsOfFiles({ store }).find(file, { hubs: null }) }),
  };
  const parts = { config, store, ims: await openIms(config, store, opened) };
  const codes: number[] = [];
  for (const path of paths) codes.push(await checkFile(path, options, parts));
  return codes.includes(1) ? 1 : Math.max(...codes);
}

async function formatOf(name: string, store: OrderStore | null): Promise<Format> {
  if (store !== null) return (await namedFormat(new Formats({ store, clock: systemClock }), name, LOCAL)).format;
  const preset = PRESETS.get(name);
  if (preset) return preset;
  throw new OmsError(
    'unknown_format',
    `there is no format ${JSON.stringify(name)}, and no order store that has others`,
  );
}

async function checkFile(path: string, options: ReadOptions, { config, ims }: Parts): Promise<number> {
  let rows = 0;
  let invalid = 0;
  let skipped = 0;
  try {
    const source: ByteSource = {
      sizeBytes: (await stat(path)).size,
      open: async (start, length) =>
        createReadStream(path, { start, end: start + length - 1, highWaterMark: limits.readBytes }),
    };
    const file = await readFile(source, null, options);
    const builder = new ChunkBuilder(file.header, file.intake, {
      ...{ timeZone: config.timeZone, now: systemClock.now, ask: (pairs) => ims.validate(pairs) },
    });
    for await (const _chunk of file.chunks(builder)) {
      const chunk = builder.takeChunk();
      rows += chunk.orders.length + chunk.rejections.length + chunk.skipped;
      chunk.orders.release();
      skipped += chunk.skipped;
      for (const { row, reasons } of chunk.rejections) {
        invalid++;
        if (invalid <= SHOWN)
          process.stdout.write(
            `${path}: row ${row}: ${reasons.map(({ code, reason }) => `${code}: ${reason}`).join(' | ')}\n`,
          );
      }
    }
  } catch (error) {
    if (!isFileFailure(error)) throw error;
    process.stdout.write(`${path}: would fail after ${rows} rows: ${error.code}: ${error.message}\n`);
    return 1;
  }
  process.stdout.write(
    `${path}: ${rows} rows, ${skipped > 0 ? `${skipped} would be skipped, ` : ''}${invalid} would be rejected${invalid > SHOWN ? ` (the first ${SHOWN} are shown)` : ''}, stock and stored orders aside\n`,
  );
  return invalid === 0 ? 0 : 2;
}

async function openIms(config: Config, store: OrderStore | null, opened: AsyncDisposableStack): Promise<Ims> {
  if (config.ims.kind === 'http') {
    const ims = createHttpIms({ baseUrl: config.ims.baseUrl });
    opened.defer(() => ims.close());
    return ims;
  }
  const reference = await startReferenceIms({
    port: 0,
    ...(config.ims.catalogFile === null ? {} : { catalogFile: config.ims.catalogFile }),
    ...(store && { alsoKnown: (names) => store.stock.named(names) }),
  });
  opened.defer(() => reference.close());
  const ims = createHttpIms({ baseUrl: reference.url });
  opened.defer(() => ims.close());
  return ims;
}
