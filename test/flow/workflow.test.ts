/** `OMS_WORKFLOW`: presets and files, what refuses a start, and `GET /workflow`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import * as responses from '../../src/http/responses.ts';
import { DEFAULT_WORKFLOW, WORKFLOWS } from '../../src/model/workflow.ts';
import { send } from '../support/http.ts';
import {
  csv,
  getJson,
  ingest,
  orderLine,
  runOms,
  setStock,
  startService,
  temporaryDirectory,
} from '../support/service.ts';

const start = (env: Record<string, string>) => runOms(['start'], { OMS_PORT: '0', OMS_IMS_PORT: '0', ...env });
const refused = (line: string) => ({ code: 1, stdout: '', stderr: `oms start: ${line}\n` });

const OWN = {
  initial: 'open',
  states: {
    open: { to: ['closed'], editable: true, stock: 'held' },
    closed: { to: ['back'], editable: false, stock: 'gone' },
    back: { to: [], editable: false, stock: 'returned', restock: true },
  },
  finalize: null,
  undo: null,
};

test('without a setting the service has the default workflow, and GET /workflow shows it', async () => {
  const service = await startService();
  const shown = await getJson(service, '/workflow');
  expect(shown).toEqual(DEFAULT_WORKFLOW);
  expect(responses.workflowResponse.safeParse(shown).error).toBeUndefined();
  await service.stop();
});

test('a preset is named, and another workflow is a file, with or without a byte order mark', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'workflow.json');
  await writeFile(path, `\uFEFF${JSON.stringify(OWN)}`);
  const [named, own] = await Promise.all(
    ['pending', path].map((workflow) => startService({ env: { OMS_WORKFLOW: workflow } })),
  );
  expect(await getJson(named!, '/workflow')).toEqual(WORKFLOWS.pending);
  expect(await getJson(own!, '/workflow')).toEqual(OWN);
  await Promise.all([named!.stop(), own!.stop()]);
});

test('what cannot be read, or is no workflow, refuses the start with a line for each fault', async () => {
  const directory = await temporaryDirectory();
  const file = async (name: string, text: string) => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };
  const missing = join(directory, 'missing.json');
  const cases: [value: string, stderr: RegExp][] = [
    [
      missing,
      /^oms start: OMS_WORKFLOW=".*" is neither one of default, ordered, pending, paid nor a file that can be read \(ENOENT\): .*\n$/,
    ],
    [directory, /^oms start: OMS_WORKFLOW=".*" is no file of up to 65536 bytes, as a workflow is: correct the path\n$/],
    [
      await file('large.json', ' '.repeat(70_000)),
      /^oms start: OMS_WORKFLOW=".*" is no file of up to 65536 bytes.*\n$/,
    ],
    [await file('broken.json', '{"initial":\n'), /^oms start: OMS_WORKFLOW=".*" is not JSON: .*\n$/],
    [
      await file('two.json', JSON.stringify({ ...OWN, initial: 'closed', undo: 'closed' })),
      /^oms start: OMS_WORKFLOW=".*" begins in closed, .*\noms start: OMS_WORKFLOW=".*" has no way from closed to open.*\noms start: .*"undo":"closed", but no move.*\n$/,
    ],
  ];
  await Promise.all(
    cases.map(async ([value, stderr]) => {
      const result = await start({ OMS_WORKFLOW: value, OMS_DATA_DIR: join(directory, 'data') });
      expect([value, result]).toEqual([value, { code: 1, stdout: '', stderr: expect.stringMatching(stderr) }]);
    }),
  );
});

test('a status of stored orders that the workflow lacks refuses the start, until the workflow has it', async () => {
  const dataDirectory = await temporaryDirectory();
  const service = await startService({ dataDirectory });
  await setStock(service, [['SKU-1', 'HUB-1', 4]]);
  await ingest(service, csv(orderLine('A-1'), orderLine('A-2')));
  await service.stop();

  expect(await start({ OMS_DATA_DIR: dataDirectory, OMS_WORKFLOW: 'ordered' })).toEqual(
    refused(
      'OMS_WORKFLOW: 2 stored orders are on_hold, a state that the workflow lacks: add it, or start with the workflow that they were stored under',
    ),
  );
  // A status that no order has any more is no obstacle.
  const db = new DatabaseSync(join(dataDirectory, 'oms.db'));
  db.exec("insert into totals (name, value) values ('status:former', 0)");
  db.close();
  const again = await startService({ dataDirectory });
  expect((await getJson<{ orders: { total: number } }>(again, '/stats')).orders.total).toBe(2);
  await again.stop();
});

test('orders begin, are decided on and are listed in the states of the workflow', async () => {
  const service = await startService({ env: { OMS_WORKFLOW: 'paid', OMS_FINALIZER: 'confirm' } });
  await setStock(service, [['SKU-1', 'HUB-1', 10]]);
  const created = await send(service, 'POST', '/orders', {
    order_id: 'P-1',
    customer: { name: 'Ada', email: 'ada@example.com' },
    items: [{ sku: 'SKU-1', hub_id: 'HUB-1', product_name: 'Engine', quantity: 1, unit_price: '19.99' }],
    shipping_address: '12 St James Square',
  });
  expect(await created.json()).toMatchObject({ status: 'PENDING', version: 1 });
  await ingest(service, csv(orderLine('R-1')));
  const stats = () => getJson<{ orders: { by_status: object } }>(service, '/stats');
  await expect.poll(async () => (await stats()).orders.by_status).toEqual({ PAID: 2 });
  const paid = await getJson<{ items: { order_id: string }[] }>(service, '/orders?status=PAID');
  expect(paid.items.map(({ order_id }) => order_id).sort()).toEqual(['P-1', 'R-1']);
  expect((await fetch(`${service.url}/orders?status=on_hold`)).status).toBe(400);
  await service.stop();
});
