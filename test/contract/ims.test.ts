/**
 * The contract of the Ims port, run on the HTTP adapter with the reference IMS behind it. INV-7: an outage is never an
 * answer about a pair.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpIms } from '../../src/adapters/ims.http.ts';
import { type ReferenceIms, startReferenceIms } from '../../src/ims/reference-ims.ts';
import type { Ims } from '../../src/ports/ims.ts';

const unavailable = expect.objectContaining({ name: 'OmsError', code: 'ims_unavailable', retryable: true });
const VALID = { skuValid: true, hubValid: true };

describe('Ims over HTTP', () => {
  let service: ReferenceIms;
  let ims: Ims;

  beforeEach(async () => {
    service = await startReferenceIms({
      port: 0,
      alsoKnown: async ({ skus, hubIds }) => ({
        skus: skus.filter((sku) => sku.startsWith('SKU-')),
        hubIds: hubIds.filter((hubId) => hubId.startsWith('HUB-')),
      }),
    });
    ims = createHttpIms({
      baseUrl: service.url,
      bounds: { imsRetryDelayMs: 1, imsMaxRetryDelayMs: 2, imsBreakerFailures: 1_000 },
    });
  });

  afterEach(async () => {
    await ims.close();
    await service.close();
  });

  const stats = async () => (await (await fetch(`${service.url}/stats`)).json()) as { requests: number; items: number };
  const setSwitches = (switches: Record<string, unknown>) =>
    fetch(`${service.url}/switches`, { method: 'PUT', body: JSON.stringify(switches) });

  it('answers about SKU and hub of each pair, in the order of the pairs', async () => {
    const answers = await ims.validate([
      { sku: 'SKU-1', hubId: 'nowhere' },
      { sku: 'SKU-1', hubId: 'HUB-1' },
      { sku: 'thing', hubId: 'nowhere' },
      { sku: 'thing', hubId: 'HUB-1' },
    ]);
    expect(answers).toEqual([
      { skuValid: true, hubValid: false },
      VALID,
      { skuValid: false, hubValid: false },
      { skuValid: false, hubValid: true },
    ]);
  });

  it('answers nothing when asked nothing', async () => {
    expect(await ims.validate([])).toEqual([]);
    expect(await stats()).toEqual({ requests: 0, items: 0 });
  });

  it('distinguishes values that only look alike', async () => {
    const answers = await ims.validate([
      { sku: 'SKU-1', hubId: 'HUB-1' },
      { sku: 'sku-1', hubId: 'HUB-1' },
      { sku: 'SKU-1","HUB-1', hubId: 'x' },
      { sku: 'SKU-é', hubId: 'HUB-😀' },
      { sku: 'SKU-e\u0301', hubId: 'HUB-😀' },
    ]);
    expect(answers.map((answer) => answer.skuValid)).toEqual([true, false, true, true, true]);
    expect((await stats()).items).toBe(5);
  });

  it('asks about each distinct pair once, in batches, and not again', async () => {
    const pairs = Array.from({ length: 3_000 }, (_, i) => ({ sku: `SKU-${i % 1_200}`, hubId: 'HUB-1' }));
    expect(await ims.validate(pairs)).toEqual(pairs.map(() => VALID));
    expect(await stats()).toEqual({ requests: 3, items: 1_200 });
    await ims.validate(pairs);
    expect(await stats()).toEqual({ requests: 3, items: 1_200 });
  });

  it('knows which pairs it need not ask about: those that were valid not long ago', async () => {
    const [valid, invalid] = [
      { sku: 'SKU-1', hubId: 'HUB-1' },
      { sku: 'thing', hubId: 'HUB-1' },
    ];
    expect(ims.isKnown(valid)).toBe(false);
    await ims.validate([valid, invalid]);
    expect([ims.isKnown(valid), ims.isKnown(invalid), ims.isKnown({ ...valid, hubId: 'HUB-2' })]).toEqual([
      ...[true, false, false],
    ]);
    expect((await stats()).requests).toBe(1);
  });

  it('shares a question among those who ask at the same time', async () => {
    const pairs = [{ sku: 'SKU-1', hubId: 'HUB-1' }];
    const all = await Promise.all(Array.from({ length: 20 }, () => ims.validate(pairs)));
    expect(all).toEqual(Array(20).fill([VALID]));
    expect(await stats()).toEqual({ requests: 1, items: 1 });
  });

  it('fails only the caller that aborts', async () => {
    await setSwitches({ latency_ms: 300 });
    const impatient = new AbortController();
    const pairs = [{ sku: 'SKU-1', hubId: 'HUB-1' }];
    const first = ims.validate(pairs, impatient.signal);
    const second = ims.validate(pairs);
    const third = ims.validate(pairs, new AbortController().signal);
    impatient.abort(new Error('no longer interested'));
    await expect(first).rejects.toThrow('no longer interested');
    expect(await Promise.all([second, third])).toEqual([[VALID], [VALID]]);
    expect(await stats()).toEqual({ requests: 1, items: 1 });
  });

  it('asks nothing for a caller who has aborted before', async () => {
    await expect(
      ims.validate([{ sku: 'SKU-1', hubId: 'HUB-1' }], AbortSignal.abort(new Error('too late'))),
    ).rejects.toThrow('too late');
    expect((await stats()).requests).toBe(0);
  });

  it('is unavailable during an outage, and answers afterwards', async () => {
    await setSwitches({ outage: true });
    const pairs = [{ sku: 'SKU-1', hubId: 'HUB-1' }];
    await expect(ims.validate(pairs)).rejects.toEqual(unavailable);
    await expect(ims.inspect()).rejects.toEqual(unavailable);
    await setSwitches({ outage: false });
    await ims.inspect();
    expect(await ims.validate(pairs)).toEqual([VALID]);
  });

  it('gets its answers from an IMS that fails now and then', async () => {
    await setSwitches({ error_rate: 0.5 });
    const pairs = Array.from({ length: 5_000 }, (_, i) => ({ sku: `SKU-${i}`, hubId: 'HUB-1' }));
    // Answers are cached, so that retries until success must end.
    for (;;) {
      try {
        expect(await ims.validate(pairs)).toEqual(pairs.map(() => VALID));
        break;
      } catch (error) {
        expect(error).toEqual(unavailable);
      }
    }
    expect((await stats()).items).toBe(5_000);
  });

  it('is unavailable when nothing listens, and says where', async () => {
    const { host } = new URL(service.url);
    await service.close();
    const failure = expect(ims.validate([{ sku: 'SKU-1', hubId: 'HUB-1' }])).rejects;
    await failure.toEqual(unavailable);
    await failure.toThrow(host);
    await expect(ims.inspect()).rejects.toEqual(unavailable);
    service = await startReferenceIms({ port: 0 });
  });

  it('ends what is under way when it is closed', async () => {
    await setSwitches({ latency_ms: 60_000 });
    const waiting = ims.validate([{ sku: 'SKU-1', hubId: 'HUB-1' }]);
    const failure = expect(waiting).rejects.toEqual(unavailable);
    await ims.close();
    await failure;
  });
});
