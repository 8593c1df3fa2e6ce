/** Keys where several processes share the order store: made beside them with the credentials of the store, taken and ended by all of them. */
import { describe, expect, test } from 'vitest';
import { bearer } from '../support/keys.ts';
import { runOms } from '../support/service.ts';
import { missingEngines, newStack } from '../support/stack.ts';

describe.skipIf(missingEngines !== null)('on a shared order store', () => {
  test('oms keys makes the first key, each process takes it, and none does 5 s after it was revoked', async () => {
    const { env, start } = await newStack();
    const oms = (...args: string[]) => runOms(['keys', ...args], { ...env, OMS_LOG_LEVEL: 'warn' });
    const created = await oms('create', '--name', 'CI', '--role', 'admin', '--json');
    expect(created).toMatchObject({ code: 0 });
    const { key, id } = JSON.parse(created.stdout) as { key: string; id: string };
    const closed = { OMS_AUTH: 'required', OMS_IMS: 'http://127.0.0.1:9' };
    const apis = await Promise.all([start('api', closed), start('api', closed)]);
    const statuses = (secret: string) =>
      Promise.all(apis.map(async ({ url }) => (await fetch(`${url}/files`, { headers: bearer(secret) })).status));
    expect(await statuses(key)).toEqual([200, 200]);
    const rotated = await oms('rotate', id, '--valid-for', '0');
    expect([await statuses(rotated.stdout.trim()), await statuses(key)]).toEqual([
      [200, 200],
      [401, 401],
    ]);
    expect(await oms('revoke', id)).toMatchObject({ code: 0 });
    await expect.poll(() => statuses(rotated.stdout.trim()), { timeout: 5_000 }).toEqual([401, 401]);
    for (const api of apis) await api.stop();
  });
});
