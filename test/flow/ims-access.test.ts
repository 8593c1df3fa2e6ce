/** `oms ims` where other machines reach it: everybody asks it, an admin changes it. */
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ADMIN_KEY, bearer } from '../support/keys.ts';
import { runOms, temporaryDirectory } from '../support/service.ts';

/** Runs the work on a reference IMS that listens on all addresses. */
async function withIms(env: Record<string, string>, work: (url: string, output: () => string) => Promise<void>) {
  let output = '';
  const spawned = Promise.withResolvers<ChildProcess>();
  const directory = await temporaryDirectory();
  const ended = runOms(
    ['ims'],
    { OMS_DATA_DIR: directory, OMS_HOST: '0.0.0.0', OMS_IMS_PORT: '0', ...env },
    (child) => {
      child.stdout!.on('data', (text) => (output += text));
      spawned.resolve(child);
    },
  );
  const child = await spawned.promise;
  try {
    await expect.poll(() => output).toMatch(/reference IMS on \S+\n/);
    await work(/reference IMS on (\S+)/.exec(output)![1]!, () => output);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await ended).toMatchObject({ code: 0 });
}

const change = (url: string, path: string, headers: Record<string, string> = {}, body = '{"latency_ms":1}') =>
  fetch(`${url}${path}`, { method: 'PUT', headers, body });
const ask = (url: string) =>
  fetch(`${url}/api/v1/validate`, { method: 'POST', body: JSON.stringify({ items: [{ sku: 'a', hub_id: 'b' }] }) });

test('only who has the secret of the admin changes its switches and catalog', async () => {
  const file = join(await temporaryDirectory(), 'secret');
  await writeFile(file, ADMIN_KEY);
  await withIms({ OMS_ADMIN_KEY_FILE: file }, async (url, output) => {
    for (const headers of [{}, bearer('x'), bearer(`${ADMIN_KEY.slice(0, -1)}x`)])
      for (const path of ['/switches', '/catalog']) {
        const refused = await change(url, path, headers);
        expect(refused.status).toBe(401);
        expect(await refused.json()).toMatchObject({ code: 'unauthenticated' });
      }
    expect((await change(url, '/switches', bearer(ADMIN_KEY))).status).toBe(200);
    expect((await change(url, '/catalog', bearer(ADMIN_KEY), 'sku,hub_id\nS,H\n')).status).toBe(200);
    expect((await ask(url)).status).toBe(200);
    expect(output()).not.toContain('open to all');
  });
});

test('nobody changes it without such a file, and everybody where access is off', async () => {
  await withIms({}, async (url) => {
    expect((await change(url, '/switches', bearer(ADMIN_KEY))).status).toBe(401);
    expect((await ask(url)).status).toBe(200);
  });
  await withIms({ OMS_AUTH: 'off' }, async (url, output) => {
    expect((await change(url, '/switches')).status).toBe(200);
    expect(output()).toContain('open to all');
  });
});
