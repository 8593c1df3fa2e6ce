/** The service on the files of the crash tests without any crash: what each run with crashes is compared with. */
import { expect } from 'vitest';
import { ended, runOms, type Service, startService, upload } from '../support/service.ts';
import { type OrderFile, stockCsv } from './order-files.ts';
import { type Outcome, readOutcome } from './outcome.ts';

export async function putStock(service: Pick<Service, 'url'>): Promise<void> {
  const headers = { 'content-type': 'text/csv' };
  const response = await fetch(`${service.url}/inventory`, { method: 'PUT', headers, body: stockCsv() });
  expect(response.status).toBe(200);
}

export async function undisturbed(files: OrderFile[]): Promise<Outcome> {
  const service = await startService();
  await putStock(service);
  const fileIds: string[] = [];
  for (const { name, bytes } of files) {
    const response = await upload(service, bytes, `?name=${name}`);
    fileIds.push(((await response.json()) as { file_id: string }).file_id);
  }
  for (const fileId of fileIds) await ended(service, fileId);
  const outcome = await readOutcome(service);
  expect(await service.stop()).toBe(0);
  return outcome;
}

export async function expectVerified(dataDirectory: string): Promise<void> {
  const { code, stdout, stderr } = await runOms(['verify'], { OMS_DATA_DIR: dataDirectory });
  expect(stdout + stderr).not.toContain(' off ');
  expect(code).toBe(0);
}
