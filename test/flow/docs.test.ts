/** The documentation is true: its commands work and answer what it says, and it names everything that the code has. */
import { copyFile, mkdir, readFile, symlink } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/adapters/order-store.mongo/database.ts';
import { readConfig, SETTINGS } from '../../src/config.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { Catalog } from '../../src/ims/catalog.ts';
import { referenceIms } from '../../src/ims/reference-ims.ts';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import { FILE_STATUSES } from '../../src/model/file.ts';
import { FILE_FAILURE_CODES } from '../../src/model/file-failure.ts';
import { REASON_CODES } from '../../src/model/rejection.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { asWritten, differences, readExamples, runExample } from '../support/docs.ts';
import { cleanEnvironment, ROOT, type Service, startService, temporaryDirectory } from '../support/service.ts';

const SAMPLES = ['sample_orders.csv', 'sample_stock.csv', 'sample_catalog.csv'];
const document = (name: string) => readFile(join(ROOT, name), 'utf8');

describe.each(['README.md', 'GETTING_STARTED.md'])('%s', (name) => {
  test('has examples that work, in order, and answer what it says', async () => {
    const directory = await temporaryDirectory();
    await symlink(join(ROOT, 'bin'), join(directory, 'bin'));
    for (const sample of SAMPLES) await copyFile(join(ROOT, sample), join(directory, sample));
    const dataDirectory = join(directory, 'data');
    await mkdir(dataDirectory);
    const service = await startService({ dataDirectory, args: ['--sample'] });
    await sampleTold(service);
    const place = { url: service.url, imsUrl: service.imsUrl, directory };

    const text = await document(name);
    const firstStart = /^```text\n(listening on [\s\S]*?)^```$/m.exec(text)?.[1];
    if (firstStart) {
      const said = asWritten(service.output.join('\n'), place);
      expect(differences({ language: 'text', text: firstStart }, said)).toEqual([]);
    }

    const examples = readExamples(name, text);
    expect(examples.length).toBeGreaterThan(0);
    const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
    for (const example of examples) {
      const { code, output } = await runExample(example, place, cleanEnvironment({ PATH: path }));
      expect(code, `${example.where}: ${output}`).toBe(0);
      expect(differences(example.answer, output), example.where).toEqual([]);
    }
  });
});

test.each(['README.md', 'GETTING_STARTED.md', 'CHANGELOG.md', 'docs/ARCHITECTURE.md', 'docs/OPERATIONS.md'])(
  '%s has links that lead somewhere',
  async (name) => {
    for (const [, target] of (await document(name)).matchAll(/\]\(([^)\s]+)\)/g)) {
      const [path, anchor] = target!.split('#') as [string, string | undefined];
      const text = await document(path === '' ? name : join(dirname(name), path));
      if (anchor !== undefined) expect(anchorsOf(text), target).toContain(anchor);
    }
  },
);

test('docs/OPERATIONS.md names every collection of the order store and has policies that are JSON', async () => {
  const text = await document('docs/OPERATIONS.md');
  const { db, client, missingIndexes: _, createIndexes: __, ...collections } = openDatabase('mongodb://127.0.0.1/oms');
  const names = Object.values(collections).map(({ collectionName }) => collectionName);
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((collection) => !new RegExp(`^\\| \`${collection}\` +\\|`, 'm').test(text))).toEqual([]);
  expect(db.databaseName).toBe('oms');
  await client.close();

  const policies = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, policy]) => policy!);
  expect(policies.length).toBeGreaterThan(2);
  for (const policy of policies) expect(() => JSON.parse(policy), policy).not.toThrow();
});

describe('GETTING_STARTED.md names', () => {
  let guide: string;
  beforeAll(async () => {
    guide = await document('GETTING_STARTED.md');
  });

  test.each([
    ['every column', ORDER_COLUMNS],
    ['every reason of a row', REASON_CODES],
    ['every failure of a file', FILE_FAILURE_CODES],
    ['every setting', SETTINGS],
  ])('%s, in a table', (_, names) => {
    expect(names.filter((name) => !new RegExp(`^\\| \`${name}\` +\\|`, 'm').test(guide))).toEqual([]);
  });

  test.each([
    ['OMS_OBJECT_STORE', 's3://bucket'],
    ['OMS_JOB_QUEUE', 'sqs://queue'],
    ['OMS_EVENT_STREAM', 'kafka://broker:9092/topic'],
  ])('every parameter of the address in %s', (variable, address) => {
    let known = '';
    try {
      readConfig({ [variable]: `${address}?unknown=1` }, '/nowhere');
    } catch (error) {
      known = /known are (.*)$/.exec((error as Error).message)?.[1] ?? '';
    }
    const names = known.split(', ');
    expect(names.length).toBeGreaterThan(1);
    const scheme = address.slice(0, address.indexOf('//') + 2);
    const written = (name: string) => new RegExp(`^\\| \`${scheme}\` +\\| \`${name}\` +\\|`, 'm').test(guide);
    expect(names.filter((name) => !written(name))).toEqual([]);
  });

  test('every status of a file', () => {
    expect(FILE_STATUSES.filter((status) => !guide.includes(`\`${status}\``))).toEqual([]);
  });

  test('every route of the service and of the reference IMS', () => {
    const config = readConfig({}, '/nowhere');
    const service = createHttpApp(
      // The routes are looked at, none is called.
      { ports: {} as Ports, config, roles: ['api'], logger: pino({ level: 'silent' }) },
      new AbortController().signal,
      () => 0,
    );
    const routes = [...service.routes, ...referenceIms({ catalog: new Catalog() }).routes].filter(
      ({ method }) => method !== 'ALL',
    );
    expect(routes.length).toBeGreaterThan(20);
    const missing = routes.filter(({ method, path }) => {
      const written = path.split(/:\w+/).map(RegExp.escape).join('\\{\\w+\\}');
      return !new RegExp(`\`${method} ${written}\``).test(guide);
    });
    expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  test('every command', async () => {
    const main = await document('src/main.ts');
    const commands = [...main.matchAll(/import\('\.\/commands\/(\w+)\.ts'\)/g)].map(([, command]) => command!);
    expect(commands.length).toBeGreaterThan(5);
    expect(commands.filter((command) => !guide.includes(`\n### \`oms ${command}`))).toEqual([]);
  });
});

/** The test's own timeout is the bound. */
async function sampleTold(service: Service): Promise<void> {
  while (!service.output.some((line) => line.startsWith('Ctrl-C'))) await delay(25);
}

const anchorsOf = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}
