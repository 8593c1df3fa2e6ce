/**
 * Messages that arrive at the wrong time: whatever the queue does, a file ends as if its message were delivered once, no message is
 * left, and only a claim with work under it counts as an attempt.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { createStage, sourceFile, undisturbed } from './stage.ts';

const source = sourceFile('orders.csv');
const { name } = source;
let expected: Awaited<ReturnType<typeof undisturbed>>;

beforeAll(async () => {
  expected = await undisturbed(source);
  expect(expected.file).toMatchObject({ status: 'completed', rows: 12, accepted: 6, invalid: 6 });
});

describe('a message', () => {
  test('that becomes visible while its file is in work is refused without a charge', async () => {
    const stage = createStage([source]);
    const fileId = await stage.upload(source);
    stage.startWorker();
    await stage.until(() => stage.file(name).next_chunk === 1);
    const [message] = stage.queue.alive();
    message!.visibleAtMs = 0;
    stage.startWorker();
    await stage.until(() => message!.deliveries === 2);
    expect(stage.file(name)).toMatchObject({ file_id: fileId, status: 'processing' });
    await stage.rest();
    expect(stage.outcome(name)).toEqual(expected);
    expect(stage.file(name).attempts).toBe(1);
  });

  test('that two workers receive at the same time is worked on once', async () => {
    const stage = createStage([source]);
    const fileId = await stage.upload(source);
    stage.queue.send(JSON.stringify({ version: 1, fileId }));
    const messages = stage.queue.alive();
    stage.startWorker();
    stage.startWorker();
    await stage.until(() => messages.every(({ deliveries }) => deliveries > 0));
    expect(stage.file(name).next_chunk).toBeLessThan(6);
    await stage.rest();
    expect(stage.outcome(name)).toEqual(expected);
    expect(stage.file(name).attempts).toBe(1);
  });

  test.each(['before', 'after'])(
    'from before a retry that is delivered %s that of the retry changes nothing',
    async (when) => {
      const stage = createStage([source]);
      const fileId = await stage.upload(source);
      stage.startWorker();
      await stage.until(() => stage.file(name).next_chunk === 2);
      await stage.user(({ store }) => store.files.requestCancel(fileId));
      stage.next('queue.delete', 'killed before');
      await stage.until(() => stage.workers.every(({ dead }) => dead));
      expect(stage.file(name).status).toBe('cancelled');
      expect(stage.file(name).rows).toBeLessThan(12);

      const [old] = stage.queue.alive();
      await stage.retry(fileId);
      const later = stage.scheduler.nowMs + 300_000;
      old!.visibleAtMs = when === 'before' ? 0 : later;
      stage.queue.alive().at(-1)!.visibleAtMs = when === 'before' ? later : 0;
      stage.startWorker();
      await stage.rest();
      expect(stage.outcome(name)).toEqual(expected);
      // The first message and that of the retry.
      expect(stage.file(name).attempts).toBe(2);
    },
  );

  test.each(['completed', 'cancelled'])('for a file that is %s is dropped, and nothing changes', async (status) => {
    const stage = createStage([source]);
    const fileId = await stage.upload(source);
    stage.startWorker();
    if (status === 'cancelled') {
      await stage.until(() => stage.file(name).next_chunk === 2);
      await stage.user(({ store }) => store.files.requestCancel(fileId));
    }
    await stage.rest();
    const before = { ...stage.outcome(name), attempts: stage.file(name).attempts };
    expect(before.file.status).toBe(status);
    for (let times = 0; times < 2; times++) stage.queue.send(JSON.stringify({ version: 1, fileId }));
    await stage.rest();
    expect({ ...stage.outcome(name), attempts: stage.file(name).attempts }).toEqual(before);
    expect(stage.queue.messages).toEqual([]);
  });

  test('for an unknown file is dropped', async () => {
    const stage = createStage([source]);
    stage.queue.send(JSON.stringify({ version: 1, fileId: 'f_unknown' }));
    await stage.upload(source);
    stage.startWorker();
    await stage.rest();
    expect(stage.outcome(name)).toEqual(expected);
    expect(stage.queue.messages).toEqual([]);
  });
});
