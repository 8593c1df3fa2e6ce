/** The documentation is true: its commands work and answer what it says, and it names everything that the code has. */
import { copyFile, glob, mkdir, readFile, stat, symlink } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import type { UserAccess } from '../../src/access/user-access.ts';
import { openDatabase } from '../../src/adapters/order-store.mongo/database.ts';
import { readConfig, SETTINGS } from '../../src/config.ts';
import { createHttpApp } from '../../src/http/router.ts';
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

const markdownIn = async (directory: string): Promise<string[]> =>
  (await Array.fromAsync(glob(`${directory}/**/*.md`, { cwd: ROOT }))).sort();

const names = ['README.md', 'GETTING_STARTED.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...(await markdownIn('docs'))];
const documents = await Promise.all(
  names.map(async (name) => {
    const text = await document(name);
    return { name, text, examples: readExamples(name, text) };
  }),
);

// Each session is one service just started by `make run`, on which the examples of these pages run, one after the other.
const SESSIONS = [
  ['README.md', 'GETTING_STARTED.md', 'docs/cli.md'],
  ['docs/http-api.md', 'docs/engines.md', 'docs/configuration.md', 'docs/operations.md'],
];

test('every page with examples is in a session', () => {
  const withExamples = documents.filter(({ examples }) => examples.length > 0).map(({ name }) => name);
  expect(withExamples.toSorted()).toEqual(SESSIONS.flat().toSorted());
});

// Most of the time of an example is waiting, so the sessions run side by side.
test.concurrent.for(SESSIONS.map((pages) => ({ pages, title: pages.join(', ') })))(
  'examples work, in order, and answer what it says: $title',
  async ({ pages }, { expect }) => {
    const directory = await temporaryDirectory();
    await symlink(join(ROOT, 'bin'), join(directory, 'bin'));
    for (const sample of SAMPLES) await copyFile(join(ROOT, sample), join(directory, sample));
    const dataDirectory = join(directory, 'data');
    await mkdir(dataDirectory);
    const service = await startService({ dataDirectory, args: ['--sample'] });
    await sampleLoaded(service);
    const place = { url: service.url, imsUrl: service.imsUrl, directory };
    const environment = cleanEnvironment({ PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) });

    for (const page of pages) {
      const { text, examples } = documents.find(({ name }) => name === page)!;
      const firstStart = /^```text\n(listening on [\s\S]*?)^```$/m.exec(text)?.[1];
      if (firstStart) {
        const printed = asWritten(service.output.join('\n'), place);
        expect(differences({ language: 'text', text: firstStart }, printed)).toEqual([]);
      }
      for (const example of examples) {
        const { code, output } = await runExample(example, place, environment);
        expect(code, `${example.where}: ${output}`).toBe(0);
        expect.soft(differences(example.answer, output), example.where).toEqual([]);
      }
    }
  },
);

describe.each(documents)('$name', ({ name, text }) => {
  test('has links that lead somewhere', async () => {
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [path, anchor] = target!.split('#') as [string, string | undefined];
      const linked = await document(path === '' ? name : join(dirname(name), path));
      if (anchor !== undefined) expect(anchorsOf(linked), target).toContain(anchor);
    }
  });

  test('names files that exist', async () => {
    const paths = [...text.matchAll(/`((?:src|test|scripts|docs|localstack)\/[\w./-]+)`/g)].map(([, path]) => path!);
    for (const path of paths) await expect(stat(join(ROOT, path)), path).resolves.toBeDefined();
  });

  test('has lines of at most 140 characters in prose', () => {
    const prose = text.replace(/^```[\s\S]*?^```$/gm, '').split('\n');
    const long = prose.filter((line) => line.length > 140 && !/^(\||!\[|\[\S*$)/.test(line));
    expect(long).toEqual([]);
  });
});

const reference = documents.filter(({ text }) => /\bContents:/.test(text));

test('each page of reference has a table of contents', () => {
  const pages = ['order-files', 'http-api', 'cli', 'configuration', 'engines', 'operations', 'troubleshooting'];
  expect(reference.map(({ name }) => name)).toEqual(expect.arrayContaining(pages.map((page) => `docs/${page}.md`)));
});

test.each(reference)('$name lists all its sections in its table of contents', ({ text }) => {
  const listed = [...text.matchAll(/\]\(#([^)\s]+)\)/g)].map(([, anchor]) => anchor);
  const sections = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
  expect(sections.filter((section) => !listed.includes(section))).toEqual([]);
});

test('docs/engines.md names every collection of the order store and has policies that are JSON', async () => {
  const text = await document('docs/engines.md');
  const { db, client, ...collections } = openDatabase('mongodb://127.0.0.1/oms');
  const collectionNames = Object.values(collections).map(({ collectionName }) => collectionName);
  expect(collectionNames.length).toBeGreaterThan(5);
  expect(collectionNames.filter((collection) => !hasRow(text, collection))).toEqual([]);
  expect(db.databaseName).toBe('oms');
  await client.close();

  const policies = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, policy]) => policy!);
  expect(policies.length).toBeGreaterThan(2);
  for (const policy of policies) expect(() => JSON.parse(policy), policy).not.toThrow();
});

test('docs/ARCHITECTURE.md maps files that exist', async () => {
  const map = /^## The map\n\n((?: {4}.*\n)+)/m.exec(await document('docs/ARCHITECTURE.md'))![1]!;
  const folders: string[] = [];
  for (const line of map.trimEnd().split('\n')) {
    const [, indent, entry] = /^ {4}( *)(\S.*?)(?: {2,}|$)/.exec(line)!;
    folders.length = indent!.length / 2;
    const entries = entry!.split(', ');
    for (const name of entries) await expect(stat(join(ROOT, ...folders, name)), name).resolves.toBeDefined();
    folders.push(entries.at(-1)!);
  }
});

test('docs/operations.md quotes lines of the log as the code writes them', async () => {
  const table = /^\| level [\s\S]*?^$/m.exec(await document('docs/operations.md'))![0];
  const lines = [...table.matchAll(/`(\w+ [^`]+)`/g)].map(([, line]) => line!);
  expect(lines.length).toBeGreaterThan(3);
  const sources = await Array.fromAsync(glob('src/**/*.ts', { cwd: ROOT }));
  const code = (await Promise.all(sources.map(document))).join('\n');
  expect(lines.filter((line) => !code.includes(`'${line}'`))).toEqual([]);
});

describe('the documents name', () => {
  test.each([
    ['every column', 'order-files', ORDER_COLUMNS],
    ['every reason of a row', 'order-files', REASON_CODES],
    ['every failure of a file', 'order-files', FILE_FAILURE_CODES],
    ['every setting', 'configuration', SETTINGS],
  ])('%s, in a table of docs/%s.md', async (_, page, entries) => {
    const text = await document(`docs/${page}.md`);
    expect(entries.filter((entry) => !hasRow(text, entry))).toEqual([]);
  });

  test.each([
    ['OMS_OBJECT_STORE', 's3://bucket'],
    ['OMS_JOB_QUEUE', 'sqs://queue'],
    ['OMS_EVENT_STREAM', 'kafka://broker:9092/topic'],
  ])('every parameter of the address in %s', async (variable, address) => {
    const text = await document('docs/configuration.md');
    let known = '';
    try {
      readConfig({ [variable]: `${address}?unknown=1` }, '/nowhere');
    } catch (error) {
      known = /known are (.*)$/.exec((error as Error).message)?.[1] ?? '';
    }
    const parameters = known.split(', ');
    expect(parameters.length).toBeGreaterThan(1);
    const scheme = address.slice(0, address.indexOf('//') + 2);
    const written = (name: string) => new RegExp(`^\\| \`${scheme}\` +\\| \`${name}\` +\\|`, 'm').test(text);
    expect(parameters.filter((name) => !written(name))).toEqual([]);
  });

  test('every status of a file', async () => {
    const text = await document('docs/http-api.md');
    expect(FILE_STATUSES.filter((status) => !text.includes(`\`${status}\``))).toEqual([]);
  });

  test('every route of the service and of the reference IMS', async () => {
    const text = (await document('docs/http-api.md')) + (await document('docs/engines.md'));
    const config = readConfig({}, '/nowhere');
    const service = createHttpApp(
      // The routes are looked at, none is called.
      {
        ports: {} as Ports,
        config,
        roles: ['api'],
        access: null,
        audit: null,
        users: {} as UserAccess,
        oidc: null,
        logger: pino({ level: 'silent' }),
      },
      new AbortController().signal,
      () => 0,
    );
    const routes = [...service.routes, ...referenceIms({ catalog: new Catalog() }).routes].filter(
      ({ method }) => method !== 'ALL',
    );
    expect(routes.length).toBeGreaterThan(20);
    const missing = routes.filter(({ method, path }) => {
      const written = path.split(/:\w+/).map(RegExp.escape).join('\\{\\w+\\}');
      return !new RegExp(`\`${method} ${written}\``).test(text);
    });
    expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  test('every command', async () => {
    const main = await document('src/main.ts');
    const commands = [...main.matchAll(/import\('\.\/commands\/(\w+)\.ts'\)/g)].map(([, command]) => command!);
    expect(commands.length).toBeGreaterThan(5);
    const text = await document('docs/cli.md');
    expect(commands.filter((command) => !text.includes(`\n### \`oms ${command}`))).toEqual([]);
  });
});

/** The test's own timeout is the bound. */
async function sampleLoaded(service: Service): Promise<void> {
  while (!service.output.some((line) => line.startsWith('Ctrl-C'))) await delay(25);
}

/** Whether a table of the document has a row for this name. */
const hasRow = (text: string, name: string): boolean => new RegExp(`^\\| \`${name}\` +\\|`, 'm').test(text);

const anchorsOf = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}
