/**
 * A property-based tester reads the OpenAPI document and sends valid and invalid requests to every operation. No response is an internal
 * error, each has a status and a shape of the document, valid requests are accepted and invalid ones refused.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { SCHEMATHESIS as FILES, fetchSchemathesis } from '../support/schemathesis.ts';
import { csv, ingest, orderLine, setStock, startService, temporaryDirectory } from '../support/service.ts';

/** Streams without an end, for which the tester would wait, and one for which it would need to open a WebSocket. */
const ENDLESS = ['/events', '/progress', '/ws'];

test('Schemathesis finds no difference between the service and its document', async () => {
  const python = await fetchSchemathesis();
  const service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 100]]);
  const file = await ingest(service, csv(orderLine('A-1'), orderLine('A-2', { quantity: 'two' }), orderLine('A-3')));
  const options = [
    ...['--max-examples', '5', '--continue-on-failure', '--request-timeout', '10'],
    ...['--no-color', '--generation-database', 'none', '--output-truncate', 'true'],
    ...ENDLESS.flatMap((path) => ['--exclude-path', path]),
  ];
  const { stdout } = await promisify(execFile)(
    python,
    [
      ...['-m', 'schemathesis.cli', '--config-file', join(FILES, 'schemathesis.toml'), 'run'],
      `${service.url}/openapi.json`,
      ...options,
    ],
    {
      cwd: await temporaryDirectory(),
      env: {
        ...process.env,
        PYTHONPATH: FILES,
        SCHEMATHESIS_HOOKS: 'hooks',
        ORDER_ID: 'A-1',
        DELETED_ID: 'A-3',
        REPORT_NAME: String(file.invalid_file),
      },
      maxBuffer: 2 ** 26,
    },
  ).catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
  expect(stdout).toMatch(/\d{3,} generated, \d{3,} passed/);
  expect(service.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
});
