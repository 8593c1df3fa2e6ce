/** The imports of the source: no circles, and only in the directions of docs/ARCHITECTURE.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '../../src');

const imports = new Map(
  readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => [file, importsOf(file)]),
);

/** Of types, too. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SOURCE, file), 'utf8');
  const found = text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+\.tsx?)'/g);
  return [...found].map(([, path]) => normalize(join(dirname(file), path!)));
}

/** What each folder may import, beside itself. */
const ALLOWED: Record<string, string[]> = {
  model: ['errors.ts', 'limits.ts'],
  'order-batch': ['model', 'assert.ts', 'errors.ts', 'limits.ts'],
  ports: ['order-batch', 'model', 'errors.ts', 'limits.ts'],
  pipeline: ['ports', 'order-batch', 'model', 'assert.ts', 'errors.ts', 'limits.ts', 'log.ts'],
  adapters: ['ports', 'order-batch', 'model', 'assert.ts', 'errors.ts', 'limits.ts'],
  orders: ['ports', 'model', 'errors.ts', 'limits.ts'],
  access: ['ports', 'model', 'errors.ts', 'limits.ts', 'log.ts', 'config.ts', 'oidc-settings.ts'],
  http: [
    'access',
    'pipeline',
    'orders',
    'ports',
    'model',
    'errors.ts',
    'limits.ts',
    'log.ts',
    'config.ts',
    'roles.ts',
    'check-engines.ts',
  ],
  // The reference IMS is a service of its own.
  ims: ['http', 'ports', 'model', 'errors.ts', 'limits.ts'],
  // The page knows the shapes of the API.
  web: ['http', 'model'],
};

const folderOf = (file: string): string => file.split('/')[0]!;

test('imports go in one direction', () => {
  const wrong = [...imports].flatMap(([file, imported]) => {
    const allowed = ALLOWED[folderOf(file)];
    return imported
      .filter((other) => allowed && folderOf(other) !== folderOf(file) && !allowed.includes(folderOf(other)))
      .map((other) => `${file} imports ${other}`);
  });
  expect(wrong).toEqual([]);
});

test('the code that serves all clients of the SQLite database imports none of them', () => {
  const wrong = [...imports]
    .filter(([file]) => file.startsWith('adapters/sqlite/'))
    .flatMap(([file, imported]) => imported.map((other) => [file, other] as const))
    .filter(([, other]) => folderOf(other) === 'adapters' && !other.startsWith('adapters/sqlite/'));
  expect(wrong).toEqual([]);
});

test('no module imports itself, directly or indirectly', () => {
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[][] => {
    if (path.includes(file)) return [[...path.slice(path.indexOf(file)), file]];
    if (done.has(file)) return [];
    const circles = (imports.get(file) ?? []).flatMap((other) => visit(other, [...path, file]));
    done.add(file);
    return circles;
  };
  expect([...imports.keys()].flatMap((file) => visit(file, []))).toEqual([]);
});

test('the parser of imports finds all of them', () => {
  expect(imports.get('main.ts')!.length).toBeGreaterThan(2);
  expect(imports.get('app.ts')).toContain('http/server.ts');
});
