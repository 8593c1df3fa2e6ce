/** Our side: the whole service as users start it, with a file uploaded over HTTP and followed to its end. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { Input } from './inputs.ts';
import { post } from './measure.ts';
import { cpuSeconds, residentMemory, type Server, startOms } from './processes.ts';

const POLL_MS = 100;
const FORMAT = 'bench';

export interface FileShown {
  file_id: string;
  status: string;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  progress: { rows: number; accepted: number; invalid: number };
}

export interface Ingested {
  /** From the moment the file is created, its bytes on disk, to its end. */
  rowsPerSecond: number;
  /** The same from the first byte of the upload. */
  rowsPerSecondWithUpload: number;
  cpuSeconds: number;
  peakMiB: number;
  accepted: number;
  invalid: number;
  /** All stock that is left. */
  stockLeft: number;
}

/** One file into a fresh service; `format`: what it is read by, null for a standard one. */
export async function ingest(work: string, input: Input, format: object | null = null): Promise<Ingested> {
  const directory = await mkdtemp(join(work, 'data-'));
  const oms = await startOms(directory);
  try {
    const pid = oms.child.pid!;
    await setStock(oms, input.stock);
    if (format !== null) await saveFormat(oms, format);
    const cpuBefore = await cpuSeconds(pid);
    const startedMs = Date.now();
    const ended = await followed(oms, await uploaded(oms, input.path, format !== null), input.rows);
    const seconds = (fromMs: number) => (Date.parse(ended.finished_at!) - fromMs) / 1000;
    return {
      rowsPerSecond: input.rows / seconds(Date.parse(ended.created_at)),
      rowsPerSecondWithUpload: input.rows / seconds(startedMs),
      cpuSeconds: (await cpuSeconds(pid)) - cpuBefore,
      peakMiB: (await residentMemory(pid)).peakMiB,
      accepted: ended.progress.accepted,
      invalid: ended.progress.invalid,
      stockLeft: readStockLeft(directory),
    };
  } finally {
    await oms.stop();
    await rm(directory, { recursive: true });
  }
}

export async function setStock(oms: Server, stock: string): Promise<void> {
  const headers = { 'content-type': 'text/csv' };
  const answer = await fetch(`${oms.url}/inventory`, { method: 'PUT', headers, body: await readFile(stock) });
  if (!answer.ok) throw new Error(`the stock was answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

async function saveFormat(oms: Server, format: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${oms.url}/formats/${FORMAT}`, { method: 'PUT', headers, body: JSON.stringify(format) });
  if (!answer.ok) throw new Error(`the format was answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** The id of the file. */
export async function uploaded(oms: Server, body: string | Buffer, hasFormat = false): Promise<string> {
  const { answer } = await post(`${oms.url}/upload?name=bench.csv${hasFormat ? `&format=${FORMAT}` : ''}`, body);
  return (JSON.parse(answer) as { file_id: string }).file_id;
}

/** Waits for the end of the file. Throws unless it is completed with all its rows. */
export async function followed(oms: Server, fileId: string, rows: number): Promise<FileShown> {
  for (;;) {
    const file = (await (await fetch(`${oms.url}/files/${fileId}`)).json()) as FileShown;
    if (file.finished_at === null) {
      await delay(POLL_MS);
      continue;
    }
    if (file.status !== 'completed' || file.progress.rows !== rows)
      throw new Error(`the file of ${rows} rows ended as ${JSON.stringify(file)}`);
    return file;
  }
}

function readStockLeft(dataDirectory: string): number {
  const db = new DatabaseSync(join(dataDirectory, 'oms.db'), { readOnly: true });
  const { left } = db.prepare('select sum(available) "left" from stock').get() as { left: number };
  db.close();
  return left;
}
