/** The documentation is true: its commands work and answer what it says, and it names everything that the code has. */
import { copyFile, mkdir, readFile, symlink } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { beforeAll, describe, expect, test } from 'vitest';
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
    expect(examples.length).toBeGreaterThan(2);
    const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
    for (const example of examples) {
      const { code, output } = await runExample(example, place, cleanEnvironment({ PATH: path }));
      expect(code, `${example.where}: ${output}`).toBe(0);
      expect(differences(example.answer, output), example.where).toEqual([]);
    }
  });
});

test.each(['README.md', 'GETTING_STARTED.md', 'CHANGELOG.md', 'docs/ARCHITECTURE.md'])(
  '%s has links that lead somewhere',
  async (name) => {
    const text = await document(name);
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (target!.startsWith('#')) expect(anchors).toContain(target!.slice(1));
      else await expect(document(join(dirname(name), target!)), target).resolves.not.toBe('');
    }
  },
);

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

  test('every status of a file', () => {
    expect(FILE_STATUSES.filter((status) => !guide.includes(`\`${status}\``))).toEqual([]);
  });

  test('every route of the service and of the reference IMS', () => {
    const config = readConfig({}, '/nowhere');
    const service = createHttpApp(
      // The routes are looked at, none is called.
      { ports: {} as Ports, config, logger: pino({ level: 'silent' }) },
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

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}
