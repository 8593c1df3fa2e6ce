/** Whose files a worker works on, where access is required. */
import { expect, test } from 'vitest';
import { limits } from '../../src/limits.ts';
import { setSwitches } from '../support/http.ts';
import { ADMIN_KEY, bearer, newKey, startClosedService } from '../support/keys.ts';
import { csv, type FileJson, orderLine } from '../support/service.ts';

test('files of one uploader that all wait do not keep a file of another from its end', async () => {
  const service = await startClosedService();
  const [many, few] = await Promise.all(['many', 'few'].map((name) => newKey(service, { name, role: 'operator' })));
  const send = async ({ key }: { key: string }, body: string) => {
    const response = await fetch(`${service.url}/upload`, { method: 'POST', body, headers: bearer(key) });
    expect(response.status).toBe(202);
    return ((await response.json()) as { file_id: string }).file_id;
  };
  const statuses = async (ids: string[]) => {
    const responses = await Promise.all(
      ids.map((id) => fetch(`${service.url}/files/${id}`, { headers: bearer(ADMIN_KEY) })),
    );
    const files = await Promise.all(responses.map((response) => response.json() as Promise<FileJson>));
    return files.map(({ status }) => status);
  };
  await setSwitches(service, { outage: true });
  const theirs: string[] = [];
  for (let n = 0; n <= limits.workerSlots; n++) theirs.push(await send(many!, csv(orderLine(`M-${n}`))));
  // Needs no inventory service.
  const other = await send(few!, 'a,b\n1,2\n');
  await expect.poll(() => statuses([other])).toEqual(['failed']);
  await expect
    .poll(async () => (await statuses(theirs)).filter((status) => status === 'waiting'))
    .toHaveLength(limits.workerSlotsOfPrincipal);
  expect((await statuses(theirs)).filter((status) => status === 'queued')).toHaveLength(2);

  await setSwitches(service, { outage: false });
  await expect.poll(() => statuses(theirs)).toEqual(theirs.map(() => 'completed'));
});
