/**
 * `oms formats …`: lists, shows, saves and deletes formats. Goes to the service that it is told, else to the order store, and where a
 * service holds that, through the service.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import type { FormatResponse } from '../http/responses.ts';
import { limits } from '../limits.ts';
import { CLIENT_OPTIONS } from './connect.ts';
import { type FormatBook, openFormatBook } from './formats/format-book.ts';
import { cell, print, table } from './orders/printed.ts';

type Action = (book: FormatBook, args: string[], json: boolean) => Promise<void>;

const USAGE = 'usage: oms formats list | show NAME | put FILE… | delete NAME…';

export async function run([name, ...args]: string[]): Promise<number> {
  const action = name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) throw new OmsError('invalid_option', USAGE);
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...CLIENT_OPTIONS, json: { type: 'boolean' } },
  });
  await using opened = new AsyncDisposableStack();
  const book = await openFormatBook({ given: values, config: readConfig(), command: `oms formats ${name}`, opened });
  await action(book, positionals, values.json === true);
  return 0;
}

const list: Action = async (book, args, json) => {
  if (args.length > 0) throw new OmsError('invalid_option', USAGE);
  const formats = await book.list();
  if (json) await print(formats.map((format) => `${JSON.stringify(format)}\n`).join(''));
  else await print(table([HEADER, ...formats.map(cells)]));
};

/** As JSON that `put` takes. */
const show: Action = async (book, names) => {
  if (names.length !== 1) throw new OmsError('invalid_option', USAGE);
  await print(`${JSON.stringify(await book.show(names[0]!), null, 2)}\n`);
};

const put: Action = async (book, paths, json) => {
  if (paths.length === 0) throw new OmsError('invalid_option', USAGE);
  for (const path of paths) {
    const format = await book.put(await readJson(path));
    await print(json ? `${JSON.stringify(format)}\n` : `${format.name}: version ${format.version}\n`);
  }
};

const remove: Action = async (book, names) => {
  if (names.length === 0) throw new OmsError('invalid_option', USAGE);
  for (const name of names) {
    await book.delete(name);
    await print(`${cell(name, limits.maxTextChars)} is deleted: files that it reads keep what it said\n`);
  }
};

const ACTIONS: Record<string, Action> = { list, show, put, delete: remove };

async function readJson(path: string): Promise<object> {
  let format: unknown;
  try {
    format = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new OmsError('file_unreadable', `${path} cannot be read as JSON: ${(error as Error).message}`);
  }
  if (typeof format === 'object' && format !== null && !Array.isArray(format)) return format;
  throw new OmsError('file_unreadable', `${path} is not a format: it is a JSON object with "name" and "columns"`);
}

const HEADER = ['NAME', 'VERSION', 'SAVED', 'BY'];

const cells = ({ name, version, preset, saved_at, saved_by }: FormatResponse): string[] => [
  ...[name, String(version), saved_at ?? '-'],
  preset ? 'preset' : cell(saved_by ?? '-', limits.maxKeyNameChars),
];
