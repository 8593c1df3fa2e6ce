/** `kill -9` of the real process while clients change orders: each change that was answered has its entry in the audit log (INV-9). */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AuditEntryResponse } from '../../src/http/responses.ts';
import { runOms, type Service, startService, temporaryDirectory } from '../support/service.ts';

const SECRET = '3f1c'.repeat(16);
const CLIENTS = 24;
/** Answers after which the service is killed. */
const KILLED_AT = [150, 400];

test('a service that is killed has an entry for each change that it answered', async () => {
  const dataDirectory = await temporaryDirectory();
  const keyFile = join(await temporaryDirectory(), 'admin-key');
  await writeFile(keyFile, SECRET);
  const env = { OMS_AUTH: 'required', OMS_ADMIN_KEY_FILE: keyFile, OMS_RATE_LIMIT: 'off' };
  const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' };
  /** By request id, the status. */
  const answered = new Map<string, number>();

  async function work(service: Service, client: string, until: number): Promise<void> {
    for (let n = 0; answered.size < until; n++) {
      const id = `${client}-${n}`;
      const body = JSON.stringify({ items: [{ sku: `SKU-${client}`, hub_id: 'HUB-1', delta: 1 }] });
      const answer = await fetch(`${service.url}/inventory/adjust`, {
        method: 'POST',
        headers: { ...headers, 'x-request-id': id },
        body,
      }).catch(() => null);
      if (!answer) return;
      answered.set(id, answer.status);
      await answer.arrayBuffer().catch(() => {});
    }
    await service.kill('SIGKILL');
  }

  for (const [life, until] of KILLED_AT.entries()) {
    const service = await startService({ dataDirectory, env });
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => work(service, `${life}.${client}`, until)));
  }
  const service = await startService({ dataDirectory, env });
  const lines = await (
    await fetch(`${service.url}/audit?action=adjustStock`, { headers: { ...headers, accept: 'application/x-ndjson' } })
  ).text();
  const entries = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditEntryResponse);
  const recorded = new Map(entries.map(({ request_id, status }) => [request_id, status]));
  expect(answered.size).toBeGreaterThanOrEqual(KILLED_AT.at(-1)!);
  for (const [id, status] of answered) expect({ id, status: recorded.get(id) }).toEqual({ id, status });
  expect(new Set(entries.map(({ chain }) => chain)).size).toBe(KILLED_AT.length);
  expect(await service.stop()).toBe(0);
  expect(await runOms(['verify'], { OMS_DATA_DIR: dataDirectory })).toMatchObject({ code: 0 });
});
