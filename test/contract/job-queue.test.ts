/** The contract of the JobQueue port, run on each adapter. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Delivery, JobQueue } from '../../src/ports/job-queue.ts';
import { jobQueues, type Opened } from '../support/adapters.ts';

/** Long enough to see a message that must come. It ends a wait early, so no test lasts as long. */
const WAIT_MS = 30_000;

for (const { name, open, missing, maxDeliveries, receiptsEnd, once } of jobQueues)
  describe.skipIf(missing !== null)(`JobQueue on ${name}`, () => {
    let opened: Opened<JobQueue>;
    let queue: JobQueue;
    beforeEach(async () => {
      opened = await open();
      queue = opened.first;
    });
    afterEach(() => opened.close());

    const job = (fileId: string) => ({ version: 1, fileId }) as const;
    const receive = async (from = queue): Promise<Delivery> => {
      const delivery = await from.receive(WAIT_MS);
      if (!delivery) throw new Error('no message came');
      return delivery;
    };
    const fileOf = (delivery: Delivery) => (JSON.parse(delivery.body) as { fileId: string }).fileId;

    test('delivers a message with what was sent, the first time as its first delivery', async () => {
      await queue.send(job('f_1'));
      const delivery = await receive(opened.second);
      expect(JSON.parse(delivery.body)).toEqual({ version: 1, fileId: 'f_1' });
      expect(delivery.deliveries).toBe(1);
    });

    test('gives null when no message comes within the wait', async () => {
      expect(await queue.receive(0)).toBeNull();
      expect(await queue.receive(20)).toBeNull();
    });

    test('a receiver that waits gets a message as soon as it is sent', async () => {
      const waiting = receive(opened.second);
      await queue.send(job('f_1'));
      expect(fileOf(await waiting)).toBe('f_1');
    });

    test('a wait ends with null when it is aborted, before and meanwhile', async () => {
      expect(await queue.receive(WAIT_MS, AbortSignal.abort())).toBeNull();
      const stop = new AbortController();
      const waiting = queue.receive(WAIT_MS, stop.signal);
      stop.abort();
      expect(await waiting).toBeNull();
    });

    test(`hands out every message, ${once ? 'each to one receiver' : 'some perhaps twice'}`, async () => {
      const sent = Array.from({ length: 60 }, (_, i) => `f_${i}`);
      await Promise.all(sent.map((fileId) => queue.send(job(fileId))));
      const received: string[] = [];
      const drain = async (from: JobQueue) => {
        for (let delivery = await from.receive(0); delivery; delivery = await from.receive(0))
          received.push(fileOf(delivery));
      };
      await Promise.all([drain(queue), drain(opened.second), drain(queue), drain(opened.second)]);
      expect(new Set(received)).toEqual(new Set(sent));
      if (once) expect(received).toHaveLength(sent.length);
    });

    test(`one message that several wait for goes to one of them${once ? ' only' : ''}`, async () => {
      const stop = new AbortController();
      const waiting = [queue, opened.second, queue, opened.second].map((from) => from.receive(WAIT_MS, stop.signal));
      await queue.send(job('f_1'));
      // Waiting receivers may be woken together, and the first of them may find nothing.
      await Promise.any(waiting.map(async (answer) => (await answer) ?? Promise.reject(new Error('nothing came'))));
      stop.abort();
      const got = (await Promise.all(waiting)).filter((delivery) => delivery !== null);
      if (once) expect(got).toHaveLength(1);
    });

    test('a message that is not deleted comes again once its visibility ends, counted', async () => {
      await queue.send(job('f_1'));
      const first = await receive();
      expect(await opened.second.receive(0)).toBeNull();
      await queue.extend(first.receipt, 30);
      const second = await receive(opened.second);
      expect(fileOf(second)).toBe('f_1');
      expect(second.deliveries).toBe(2);
    });

    test('an extension hides a message for longer', async () => {
      await queue.send(job('f_1'));
      const { receipt } = await receive();
      await queue.extend(receipt, 30);
      await queue.extend(receipt, 600_000);
      expect(await queue.receive(100)).toBeNull();
      await queue.extend(receipt, 0);
      expect((await receive()).deliveries).toBe(2);
    });

    test('what is done with a receipt that has ended is no error', async () => {
      await queue.send(job('f_1'));
      const first = await receive();
      await queue.extend(first.receipt, 0);
      const second = await receive();
      expect(second.receipt).not.toBe(first.receipt);
      await queue.extend(first.receipt, 600_000);
      await queue.delete(first.receipt);
      await queue.deadLetter(first, 'late');
      await queue.delete(second.receipt);
    });

    if (receiptsEnd)
      test('what is done with a receipt that has ended has no effect', async () => {
        await queue.send(job('f_1'));
        const first = await receive();
        await queue.extend(first.receipt, 0);
        const second = await receive();
        await queue.extend(first.receipt, 0);
        await queue.delete(first.receipt);
        await queue.deadLetter(first, 'late');
        expect(await queue.depth()).toEqual({ visible: 0, inFlight: 1, dead: 0 });
        await queue.delete(second.receipt);
        await queue.deadLetter(second, 'late');
        expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0, dead: 0 });
      });

    test('a deleted message never comes again', async () => {
      await queue.send(job('f_1'));
      const { receipt } = await receive();
      await opened.second.delete(receipt);
      await queue.delete(receipt);
      await queue.extend(receipt, 0);
      expect(await queue.receive(0)).toBeNull();
      expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0, dead: 0 });
    });

    test('a receipt of nothing does nothing', async () => {
      await queue.send(job('f_1'));
      await queue.delete('no receipt');
      await queue.extend('no receipt', 0);
      expect(fileOf(await receive())).toBe('f_1');
    });

    test('the same job sent twice is two messages', async () => {
      await queue.send(job('f_1'));
      await queue.send(job('f_1'));
      const [first, second] = [await receive(), await receive()];
      expect(first.receipt).not.toBe(second.receipt);
      await queue.delete(first.receipt);
      await queue.delete(second.receipt);
    });

    test('a message in the dead letters comes only after a redrive, which returns its body', async () => {
      await queue.send(job('f_dead'));
      await queue.send(job('f_well'));
      const dead = await receive();
      await queue.deadLetter(dead, 'it is no use');
      const well = await receive();
      expect([fileOf(dead), fileOf(well)].sort()).toEqual(['f_dead', 'f_well']);
      expect(await queue.receive(0)).toBeNull();
      expect((await queue.depth()).dead).toBe(1);

      expect(await opened.second.redrive()).toEqual([dead.body]);
      const again = await receive();
      expect(again.body).toBe(dead.body);
      await queue.delete(again.receipt);
      expect(await queue.redrive()).toEqual([]);
      expect((await queue.depth()).dead).toBe(0);
    });

    test('a message that was delivered too often is dead', async () => {
      await queue.send(job('f_1'));
      for (let delivered = 1; delivered <= maxDeliveries; delivered++) {
        const { receipt, deliveries } = await receive();
        expect(deliveries).toBe(delivered);
        await queue.extend(receipt, 0);
      }
      expect(await queue.receive(0)).toBeNull();
      expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0, dead: 1 });
      expect((await queue.redrive()).map((body) => JSON.parse(body))).toEqual([job('f_1')]);
      expect(fileOf(await receive())).toBe('f_1');
    });

    test('counts what is visible, in flight and dead', async () => {
      for (const fileId of ['f_1', 'f_2', 'f_3', 'f_4']) await queue.send(job(fileId));
      await receive();
      await queue.deadLetter(await receive(), 'it is no use');
      expect(await opened.second.depth()).toEqual({ visible: 2, inFlight: 1, dead: 1 });
    });

    test('says what it is and where, and that nothing is missing', async () => {
      expect(await queue.inspect()).toMatchObject({
        engine: expect.stringMatching(/./),
        address: expect.stringMatching(/./),
        missing: [],
      });
    });
  });
