/** The service on the files of the crash tests without any crash: what each run with crashes is compared with. */
import { expect } from 'vitest';
import { putStockCsv } from '../support/http.ts';
import { ended, runOms, type Service, startService, upload } from '../support/service.ts';
import { type OrderFile, stockCsv } from './order-files.ts';
import { type Outcome, readOutcome } from './outcome.ts';

export const putStock = (service: Pick<Service, 'url'>): Promise<void> => putStockCsv(service, stockCsv());

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
