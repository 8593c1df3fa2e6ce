/** Finalizers as processes of their own on S3, SQS, MongoDB and Kafka: one is killed in the middle, and each order is decided on once. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CONFIRM, startDecisions } from '../support/decisions.ts';
import { csv, getJson, ingest, orderLine, setStock } from '../support/service.ts';
import { missingEngines, newStack } from '../support/stack.ts';

interface Stats {
  orders: { by_status: Record<string, number> };
  finalizer: { events_behind: number; held: number; aside: number };
}

test.skipIf(missingEngines !== null)(
  'several finalizers share the work, and a kill -9 of one loses and doubles nothing',
  { timeout: 180_000 },
  async () => {
    const decider = await startDecisions(async ({ orderId, key }) => {
      await delay(2);
      const n = Number(orderId.split('-')[1]);
      if (n % 5 === 1) return [200, { decision: 'cancel', reason: 'fraud' }];
      if (n % 5 === 2 && key.endsWith(':1')) return [200, { decision: 'hold', retry_after_seconds: 1 }];
      return CONFIRM;
    });
    const stack = await newStack();
    const finalizing = { OMS_FINALIZER: decider.url };
    const [api] = await Promise.all([stack.start('api', finalizing), stack.start('worker'), stack.start('publisher')]);
    const first = await stack.start('finalizer', finalizing);
    const second = await stack.start('finalizer', finalizing);
    await setStock(api, [['SKU-1', 'HUB-1', 1_000_000]]);
    await ingest(api, csv(...Array.from({ length: 1_000 }, (_, i) => orderLine(`A-${i}`))));
    while (decider.asked.length < 300) await delay(5);
    await first.kill('SIGKILL');

    const stats = () => getJson<Stats>(api, '/stats');
    const guard = { timeout: 120_000 };
    await expect.poll(async () => (await stats()).finalizer, guard).toEqual({ events_behind: 0, held: 0, aside: 0 });
    await expect.poll(async () => (await stats()).orders.by_status, guard).toEqual({ confirmed: 800, cancelled: 200 });
    expect(new Set(decider.asked.map(({ key }) => key)).size).toBe(1_200);
    const orders = await Promise.all(
      Array.from({ length: 50 }, (_, i) => getJson<{ version: number; actor: string }>(api, `/orders/A-${i}`)),
    );
    for (const order of orders) expect(order).toMatchObject({ version: 2, actor: 'finalizer' });
    expect(await second.stop()).toBe(0);
    await decider.stop();
  },
);
