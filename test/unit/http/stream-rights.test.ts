/** When an open stream ends because of the rights of its client. */
import type { Context } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Identity } from '../../../src/access/access.ts';
import type { Guard, HttpEnv } from '../../../src/http/env.ts';
import { watchRights } from '../../../src/http/stream-rights.ts';
import { limits } from '../../../src/limits.ts';
import { ANYBODY, type Principal } from '../../../src/model/access.ts';

const principal: Principal = { ...ANYBODY, name: 'key:1', role: 'viewer', hubs: ['HUB-1'] };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Watches a stream of the principal, for whom `identify` answers from then on. */
function watch(identify: () => Identity | Promise<Identity>, isLimiting = true) {
  const identifyAgain = vi.fn(identify);
  const guard = { isLimiting, identifyAgain } as Partial<Guard>;
  const variables = { guard, principal };
  const end = vi.fn();
  const c = { get: (name: keyof typeof variables) => variables[name] } as unknown as Context<HttpEnv>;
  const forget = watchRights(c, end);
  return { end, forget, identifyAgain, pass: () => vi.advanceTimersByTimeAsync(limits.streamRightsMs) };
}

describe('an open stream', () => {
  test.each<[string, Principal | null]>([
    ['its client is nobody any more', null],
    ['its client has another role', { ...principal, role: 'customer' }],
    ['its client has other hubs', { ...principal, hubs: ['HUB-1', 'HUB-2'] }],
    ['its client has other scopes', { ...principal, scopes: ['orders:read'] }],
  ])('ends once when %s', async (_, now) => {
    let found: Principal | null = principal;
    const { end, pass } = watch(async () =>
      found === null ? { principal: null, refused: 'revoked' } : { principal: { ...found } },
    );
    await pass();
    await pass();
    expect(end).not.toHaveBeenCalled();
    found = now;
    await pass();
    await pass();
    expect(end).toHaveBeenCalledOnce();
  });

  test('goes on while nobody can say who its client is', async () => {
    let isAway = true;
    const { end, pass } = watch(async () => {
      if (isAway) throw new Error('the store is away');
      return { principal: null, refused: null };
    });
    await pass();
    await pass();
    expect(end).not.toHaveBeenCalled();
    isAway = false;
    await pass();
    expect(end).toHaveBeenCalledOnce();
  });

  test('is not looked at once it was ended, nor where access is off', async () => {
    const ended = watch(() => ({ principal: null, refused: null }));
    ended.forget();
    const open = watch(() => ({ principal: null, refused: null }), false);
    for (const { pass, end, identifyAgain } of [ended, open]) {
      await pass();
      expect(end).not.toHaveBeenCalled();
      expect(identifyAgain).not.toHaveBeenCalled();
    }
    expect(vi.getTimerCount()).toBe(0);
  });
});
