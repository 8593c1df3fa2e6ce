/**
 * `oms ingest --dry-run`: reads and validates files and asks the IMS, and writes nothing. It does not check stock and stored orders, so
 * a row that passes here can still be `out_of_stock` or a duplicate: a dry run of the service (`--full-dry-run`) tells.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createHttpIms } from '../adapters/ims.http.ts';
import type { Config } from '../config.ts';
import { startReferenceIms } from '../ims/reference-ims.ts';
import { limits } from '../limits.ts';
import { isFileFailure } from '../model/file-failure.ts';
import { openStoreForReading } from '../open-for-reading.ts';
import { AskedPairs, askIms } from '../pipeline/ask-ims.ts';
import type { ByteSource } from '../pipeline/read/byte-source.ts';
import { readFile } from '../pipeline/read/read-file.ts';
import { boundsOf, rowsOf } from '../pipeline/read/row-collector.ts';
import { createRowValidator } from '../pipeline/validate.ts';
import type { Ims } from '../ports/ims.ts';

const SHOWN = 20;

export async function dryRun(paths: string[], sheet: string | null, config: Config): Promise<number> {
  const { ims, close } = await openIms(config);
  try {
    const codes: number[] = [];
    for (const path of paths) codes.push(await checkFile(path, sheet, ims, config));
    return codes.includes(1) ? 1 : Math.max(...codes);
  } finally {
    await close();
  }
}

async function checkFile(path: string, sheet: string | null, ims: Ims, config: Config): Promise<number> {
  let rows = 0;
  let invalid = 0;
  try {
    const source: ByteSource = {
      sizeBytes: (await stat(path)).size,
      open: async (start, length) =>
        createReadStream(path, { start, end: start + length - 1, highWaterMark: limits.readBytes }),
    };
    const options = { maxInflatedBytes: config.maxUploadBytes, ...(sheet !== null && { sheet }) };
    const file = await readFile(source, null, options, boundsOf(limits.maxPartRows));
    const validate = createRowValidator(file.header, { timeZone: config.timeZone });
    for await (const part of rowsOf(file)) {
      const checked = part.map(validate);
      await askIms(checked, new AskedPairs(), (pairs) => ims.validate(pairs));
      rows += checked.length;
      for (const { raw, reasons } of checked) {
        if (reasons.length === 0) continue;
        invalid++;
        if (invalid <= SHOWN)
          process.stdout.write(
            `${path}: row ${raw.row}: ${reasons.map(({ code, reason }) => `${code}: ${reason}`).join(' | ')}\n`,
          );
      }
    }
  } catch (error) {
    if (!isFileFailure(error)) throw error;
    process.stdout.write(`${path}: would fail after ${rows} rows: ${error.code}: ${error.message}\n`);
    return 1;
  }
  process.stdout.write(
    `${path}: ${rows} rows, ${invalid} would be rejected${invalid > SHOWN ? ` (the first ${SHOWN} are shown)` : ''}, stock and stored orders aside\n`,
  );
  return invalid === 0 ? 0 : 2;
}

async function openIms(config: Config): Promise<{ ims: Ims; close(): Promise<void> }> {
  if (config.ims.kind === 'http') {
    const ims = createHttpIms({ baseUrl: config.ims.baseUrl });
    return { ims, close: () => ims.close() };
  }
  const store = await openStoreForReading(config);
  const reference = await startReferenceIms({
    port: 0,
    ...(config.ims.catalogFile === null ? {} : { catalogFile: config.ims.catalogFile }),
    ...(store && { alsoKnown: (names) => store.stock.named(names) }),
  });
  const ims = createHttpIms({ baseUrl: reference.url });
  return {
    ims,
    async close() {
      await ims.close();
      await reference.close();
      await store?.close();
    },
  };
}
