/**
 * Many processes on the production engines share files. A worker that dies and a zombie worker do not change the outcome, which is that of
 * one undisturbed process on the embedded engines (INV-1 to INV-4).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Line } from '../crash/lives.ts';
import { type OrderFile, scarceFiles, smallFile, stockFor } from '../crash/order-files.ts';
import { differences, type Outcome, readOutcome } from '../crash/outcome.ts';
import { putStockCsv } from '../support/http.ts';
import { ended, type FileJson, getJson, type Service, startService, upload } from '../support/service.ts';
import { missingEngines, newStack } from '../support/stack.ts';

const FILES = 20;
/** The first ones have several chunks; all workers begin with these. */
const ROWS = Array.from({ length: FILES }, (_, i) => (i < 6 ? 7_000 : 300));
const VISIBILITY_SECONDS = 6;

const scarce = scarceFiles(ROWS);
const sentinel = smallFile(99);

const putStock = (service: Pick<Service, 'url'>): Promise<void> => putStockCsv(service, stockFor(scarce, sentinel));

async function uploadAll(service: Pick<Service, 'url'>, files: OrderFile[]): Promise<string[]> {
  const ids: string[] = [];
  for (const file of files) {
    const response = await upload(service, file.bytes, `?name=${file.name}`);
    expect(response.status).toBe(202);
    ids.push(((await response.json()) as { file_id: string }).file_id);
  }
  return ids;
}

async function undisturbed(): Promise<Outcome> {
  const service = await startService();
  await putStock(service);
  for (const fileId of await uploadAll(
    service,
    scarce.map(({ file }) => file),
  ))
    await ended(service, fileId);
  const outcome = await readOutcome(service, { sentinel });
  expect(await service.stop()).toBe(0);
  return outcome;
}

/** The first such line of the log. */
function nextLine(service: Service, wanted: (line: Line) => boolean): Promise<Line> {
  return new Promise((resolve) => {
    service.onLog((line) => {
      if (wanted(line as unknown as Line)) resolve(line as unknown as Line);
    });
  });
}

const claimsIn = (service: Service) => (service.log as unknown as Line[]).filter((line) => line.stage === 'claim');

describe.skipIf(missingEngines !== null)('on S3, SQS, MongoDB and Kafka', () => {
  test('two APIs, three workers and two publishers, one worker killed, one frozen past its lease and woken', {
    timeout: 240_000,
  }, async () => {
    const expected = await undisturbed();
    const stack = await newStack({ visibilitySeconds: VISIBILITY_SECONDS });
    const [api, otherApi] = await Promise.all([stack.start('api'), stack.start('api')]);
    const publishers = await Promise.all([stack.start('publisher'), stack.start('publisher')]);
    await putStock(api);
    const [killed, frozen] = await Promise.all([stack.start('worker'), stack.start('worker')]);
    const inChunk = (line: Line) => line.stage === 'chunk' && line.chunk === 1;
    const dies = nextLine(killed, inChunk).then(() => killed.kill('SIGKILL'));
    const freezes = nextLine(frozen, inChunk).then(() => frozen.child.kill('SIGSTOP'));
    const ids = await uploadAll(
      api,
      scarce.map(({ file }) => file),
    );
    await Promise.all([dies, freezes]);
    const unfinished = claimsIn(frozen).map((line) => line.file_id!);
    const added = await stack.start('worker');
    // Until the files that it holds have gone to another.
    const taken = (fileId: string) => claimsIn(added).some((line) => line.file_id === fileId);
    for (const fileId of unfinished) {
      while (!taken(fileId) && (await getJson<FileJson>(otherApi, `/files/${fileId}`)).finished_at === null)
        await delay(50);
    }
    frozen.child.kill('SIGCONT');

    for (const fileId of ids) expect(await ended(otherApi, fileId)).toMatchObject({ status: 'completed' });
    expect(differences(await readOutcome(otherApi, { sentinel, repeats: true }), expected)).toEqual([]);
    expect(claimsIn(killed).length + claimsIn(frozen).length + claimsIn(added).length).toBeGreaterThan(FILES);
    const services = [api, otherApi, frozen, added, ...publishers];
    expect(await Promise.all(services.map((service) => service.stop()))).toEqual(services.map(() => 0));
  });
});
