/** The rate of requests of one key, where several processes share it through the order store. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bearer } from '../support/keys.ts';
import { temporaryDirectory } from '../support/service.ts';
import { missingEngines, newStack } from '../support/stack.ts';

const ADMIN = 'the-secret-of-the-first-admin-of-tests';
const PER_SECOND = 5;
/** Of four seconds. */
const BURST = 4 * PER_SECOND;
/** So long that two buckets of their own would let through more than one may that is shared. */
const SENDING_MS = 25_000;

describe.skipIf(missingEngines !== null)('on a shared order store', () => {
  test('two processes let through what one bucket has, and go on with what it is refilled by', async () => {
    const keyFile = join(await temporaryDirectory(), 'admin.key');
    await writeFile(keyFile, ADMIN);
    const { start } = await newStack();
    const settings = {
      ...{ OMS_AUTH: 'required', OMS_ADMIN_KEY_FILE: keyFile, OMS_IMS: 'http://127.0.0.1:9' },
      OMS_RATE_LIMIT: String(PER_SECOND),
    };
    const apis = await Promise.all([start('api', settings), start('api', settings)]);
    const ask = async (url: string) => {
      const response = await fetch(`${url}/workflow`, { headers: bearer(ADMIN) });
      await response.arrayBuffer();
      return response.status;
    };

    const passed = [0, 0];
    const refused = [0, 0];
    const beginMs = performance.now();
    await Promise.all(
      apis.map(async ({ url }, n) => {
        while (performance.now() - beginMs < SENDING_MS) {
          const status = await ask(url);
          if (status === 200) passed[n]!++;
          else {
            expect(status).toBe(429);
            refused[n]!++;
          }
        }
      }),
    );
    const refilled = (PER_SECOND * (performance.now() - beginMs)) / 1000;
    // Beyond its bucket each may let through a burst, while the store answers; that is a debt.
    expect(passed[0]! + passed[1]!).toBeLessThanOrEqual(3 * BURST + refilled);
    expect(Math.min(...passed)).toBeGreaterThan(0);
    expect(Math.min(...refused)).toBeGreaterThan(0);
    // What is refilled serves both again.
    for (const { url } of apis) await expect.poll(() => ask(url)).toBe(200);
    for (const api of apis) await api.stop();
  });
});
