/** Services that need keys, and requests with one. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { send } from './http.ts';
import { type Service, startService, temporaryDirectory } from './service.ts';

export const ADMIN_KEY = 'only-for-tests-0123456789-abcdefghij';

/** A service that needs keys, and takes requests as fast as a test sends them. `ADMIN_KEY` is that of an admin. */
export async function startClosedService(
  options: Parameters<typeof startService>[0] = {},
): Promise<Service & { env: Record<string, string> }> {
  const file = join(await temporaryDirectory(), 'admin-key');
  await writeFile(file, `${ADMIN_KEY}\n`, { mode: 0o600 });
  const env = { OMS_AUTH: 'required', OMS_ADMIN_KEY_FILE: file, OMS_RATE_LIMIT: 'off', ...options.env };
  return Object.assign(await startService({ ...options, env }), { env });
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

export interface NewKeyJson {
  key: string;
  id: string;
  [field: string]: unknown;
}

export async function newKey(service: Pick<Service, 'url'>, body: object, by = ADMIN_KEY): Promise<NewKeyJson> {
  const response = await send(service, 'POST', '/keys', { name: 'test', role: 'viewer', ...body }, bearer(by));
  if (response.status !== 201) throw new Error(`POST /keys answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as NewKeyJson;
}
