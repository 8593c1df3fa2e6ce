/**
 * The page has one stylesheet, built from a file for each part of the page. So that a rule applies to its part only, a class belongs to
 * one file, each rule starts at a class of its own file, and a view imports the files of the classes that it uses.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../support/service.ts';

const WEB = join(ROOT, 'src/web');
/** What holds on every view. */
const EVERYWHERE = ['tokens.css', join('layout', 'base.css'), join('layout', 'frame.css')];

const classesIn = (selector: string): string[] =>
  Array.from(selector.matchAll(/\.([a-z][\w-]*)/g), ([, name]) => name!);

interface Rule {
  file: string;
  selector: string;
  /** The classes of the first element of the selector. */
  first: string[];
}

const rules: Rule[] = globSync('**/*.css', { cwd: WEB }).flatMap((file) => {
  const text = readFileSync(join(WEB, file), 'utf8').replaceAll(/\/\*.*?\*\//gs, '');
  const preludes = Array.from(text.matchAll(/([^{};]+)\{/g), ([, prelude]) => prelude!.trim());
  return preludes
    .filter((prelude) => !prelude.startsWith('@'))
    .flatMap((prelude) => prelude.split(/,(?![^(]*\))/))
    .map((selector) => selector.trim())
    .map((selector) => ({ file, selector, first: classesIn(selector.split(/\s(?![^(]*\))/)[0]!) }));
});

const owners = new Map<string, Set<string>>();
for (const { file, first } of rules)
  if (first.length === 1) owners.set(first[0]!, (owners.get(first[0]!) ?? new Set()).add(file));

test('no class belongs to two style files', () => {
  expect(rules.length).toBeGreaterThan(200);
  const shared = [...owners].filter(([, files]) => files.size > 1);
  expect(shared.map(([name, files]) => `${name}: ${[...files].join(', ')}`)).toEqual([]);
});

test('each rule starts at a class of its own file', () => {
  const foreign = rules.filter(
    ({ file, first }) => !EVERYWHERE.includes(file) && !first.some((name) => owners.get(name)?.has(file)),
  );
  expect(foreign.map(({ file, selector }) => `${file}: ${selector}`)).toEqual([]);
});

test('a view has the styles of each class that it uses', () => {
  const views = globSync('*/*-page.tsx', { cwd: WEB });
  expect(views.length).toBeGreaterThan(5);
  const lacking = views.flatMap((view) => {
    const parts = partsOf(view, new Set(EVERYWHERE));
    return [...parts]
      .filter((part) => part.endsWith('.tsx'))
      .flatMap((part) =>
        classesUsed(part).flatMap((name) =>
          [...(owners.get(name) ?? [])].filter((file) => !parts.has(file)).map((file) => `${view}: ${name} of ${file}`),
        ),
      );
  });
  expect(lacking).toEqual([]);
});

/** The file with all that it imports of the page. */
function partsOf(file: string, found: Set<string>): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path] of readFileSync(join(WEB, file), 'utf8').matchAll(/(?:from|import) '(\.[^']+)'/g)) {
    const part = join(dirname(file), path!);
    if (!part.startsWith('..')) partsOf(part, found);
  }
  return found;
}

function classesUsed(file: string): string[] {
  const uses = readFileSync(join(WEB, file), 'utf8').matchAll(/className=(?:"([^"]*)"|\{((?:[^{}]|\{[^{}]*\})*)\})/g);
  return Array.from(uses, ([, text, code]) => text ?? code!).flatMap((text) => text.match(/[a-z][\w-]*/g) ?? []);
}
