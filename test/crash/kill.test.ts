/**
 * `kill -9` of the real process at the same point again and again: a file that kills its worker, and `oms ingest` (INV-3, INV-4).
 * Kills at random moments: `random-kills.test.ts`.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/limits.ts';
import { ended, getJson, runOms, startService, temporaryDirectory, upload } from '../support/service.ts';
import { createWays, type Line, onLine, startLife, whileAlive } from './lives.ts';
import { fileOfItsOwn, smallFile } from './order-files.ts';
import { differences, readOutcome } from './outcome.ts';
import { expectVerified, putStock, undisturbed } from './undisturbed.ts';

describe('a file that kills the process each time it is started', () => {
  test('fails after ten deaths in a row, holds up no other file, and resumes at its checkpoint when retried', async () => {
    const file = fileOfItsOwn();
    const expected = await undisturbed([file, smallFile(1), smallFile(2)]);
    const dataDirectory = await temporaryDirectory();
    const { ways, wrong, follow } = createWays();

    let life = await startLife(dataDirectory);
    await putStock(life.service!);
    onLine(life, (line) => line.stage === 'chunk' && line.chunk === 1 && life.kill());
    const poison = (await whileAlive(life, async (service) => {
      const response = await upload(service, file.bytes, `?name=${file.name}`);
      return (await response.json()) as { file_id: string };
    }))!.file_id;
    await life.gone;
    life.lines.forEach(follow);

    let deaths = 0;
    let deadly = true;
    let others: string[] = [];
    for (;;) {
      life = await startLife(dataDirectory);
      const dying = life;
      let claimed = false;
      onLine(life, (line) => {
        if (!deadly || line.stage !== 'claim' || line.file_id !== poison) return;
        claimed = true;
        dying.kill();
      });
      // The other files come halfway and are started beside it from then on: its deaths hit them, too.
      if (others.length === 0 && deaths >= limits.maxStrikes / 2)
        others =
          (await whileAlive(life, async (service) => {
            const answers = await Promise.all(
              [smallFile(1), smallFile(2)].map(({ name, bytes }) => upload(service, bytes, `?name=${name}`)),
            );
            return Promise.all(answers.map(async (answer) => fileIdOf(await answer.json())));
          })) ?? [];
      const end = await whileAlive(life, (service) => ended(service, poison));
      if (end) break;
      await life.gone;
      life.lines.forEach(follow);
      expect(claimed).toBe(true);
      deaths++;
    }
    expect(deaths).toBe(limits.maxStrikes);

    const service = life.service!;
    expect(await getJson(service, `/files/${poison}`)).toMatchObject({
      status: 'failed',
      failure: { code: 'internal', message: expect.stringContaining('retry the file') },
      progress: { rows: ways.get(poison)!.rowsAt.get(1) },
    });
    const metrics = async () => (await fetch(`${service.url}/metrics`)).text();
    while (!(await metrics()).includes('oms_jobs{state="dead"} 1')) await delay(20);
    expect(others).toHaveLength(2);
    for (const fileId of others) expect(await ended(service, fileId)).toMatchObject({ status: 'completed' });

    deadly = false;
    const retried = await fetch(`${service.url}/files/${poison}/retry`, { method: 'POST' });
    expect([retried.status, await retried.json()]).toMatchObject([202, { status: 'queued' }]);
    expect(await ended(service, poison)).toMatchObject({ status: 'completed', failure: null });
    const last = life.lines.findLast((line) => line.stage === 'claim' && line.file_id === poison)!;
    expect(last).toMatchObject({
      chunk: ways.get(poison)!.claimedChunk,
      rows: ways.get(poison)!.rowsAt.get(last.chunk!),
    });
    expect(last.rows).toBeGreaterThan(0);

    expect(differences(await readOutcome(service), expected)).toEqual([]);
    expect(await service.stop()).toBe(0);
    await expectVerified(dataDirectory);
    expect(wrong).toEqual([]);
  });
});

describe('oms ingest', () => {
  test('resumes its file when it is run again after a kill, and takes no row twice', async () => {
    const file = fileOfItsOwn();
    const expected = await undisturbed([file]);
    const dataDirectory = await temporaryDirectory();
    const stocked = await startService({ dataDirectory });
    await putStock(stocked);
    await stocked.stop();
    const path = join(await temporaryDirectory(), file.name);
    await writeFile(path, file.bytes);
    const env = { OMS_DATA_DIR: dataDirectory, OMS_IMS_PORT: '0', OMS_LOG_LEVEL: 'debug' };

    const ingest = (killAt: (line: Line) => boolean) =>
      runOms(['ingest', path], env, (child) => {
        createInterface({ input: child.stderr! }).on('line', (line) => {
          if (line.startsWith('{') && killAt(JSON.parse(line))) child.kill('SIGKILL');
        });
      });
    expect(await ingest((line) => line.stage === 'chunk' && line.chunk === 1)).toMatchObject({ code: null });
    const again = await ingest((line) => line.stage === 'report');
    expect(again).toMatchObject({ code: null, stdout: expect.stringContaining('is in work already, as file f_') });
    expect(claimOf(again.stderr).rows).toBeGreaterThan(0);

    const SOME_INVALID = 2;
    const third = await ingest(() => false);
    expect(third).toMatchObject({ code: SOME_INVALID, stdout: expect.stringContaining('is in work already') });
    expect(third.stdout).toContain('completed, ');
    const fourth = await ingest(() => false);
    expect(fourth).toMatchObject({ code: SOME_INVALID, stdout: expect.stringContaining('was ingested before') });
    expect(fourth.stdout).toContain('completed, ');

    const service = await startService({ dataDirectory });
    expect(differences(await readOutcome(service), expected)).toEqual([]);
    expect(await ingest(() => false), 'the same through a server').toMatchObject({
      code: SOME_INVALID,
      stdout: expect.stringMatching(/uploading.*was ingested before/s),
    });
    expect(await service.stop()).toBe(0);
    await expectVerified(dataDirectory);
  });
});

/** From the response to an upload, also when the first response was lost. */
const fileIdOf = (answer: unknown): string => {
  const { file_id: fileId, existing_file_id: existingFileId } = answer as Record<string, string | undefined>;
  return fileId ?? existingFileId!;
};

const claimOf = (log: string): Line =>
  log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
    .findLast((line) => line.stage === 'claim')!;
