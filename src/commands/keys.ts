/**
 * `oms keys …`: makes, lists, revokes and rotates keys. The key itself is the only thing on standard output, once. Goes to the service that
 * it is told, else to the order store, and where a service holds that, through the service.
 */
import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import type { KeyResponse, NewKeyResponse } from '../http/responses.ts';
import { limits } from '../limits.ts';
import { CLIENT_OPTIONS, type ClientOption } from './connect.ts';
import { type KeyBook, openKeyBook } from './keys/key-book.ts';
import { cell, print, table } from './orders/printed.ts';

type Option = ClientOption | 'name' | 'role' | 'scopes' | 'hubs' | 'expires' | 'valid-for';
type Given = Partial<Record<Option, string>> & { json: boolean };
type Action = (book: KeyBook, args: string[], given: Given, config: Config) => Promise<void>;

const USAGE = 'usage: oms keys create --name N --role R | list | revoke ID… | rotate ID';

export async function run([name, ...args]: string[]): Promise<number> {
  const action = name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) throw new OmsError('invalid_option', USAGE);
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      ...CLIENT_OPTIONS,
      ...Object.fromEntries(action.options.map((option) => [option, { type: 'string' as const }])),
    },
  });
  const given = { ...values, json: values.json === true } as Given;
  const config = readConfig();
  await using opened = new AsyncDisposableStack();
  await action.run(
    await openKeyBook({ given, config, command: `oms keys ${name}`, opened }),
    positionals,
    given,
    config,
  );
  return 0;
}

const create: Action = async (book, args, given) => {
  if (args.length > 0 || given.name === undefined || given.role === undefined)
    throw new OmsError(
      'invalid_option',
      `${USAGE}: --name says what the key is for, --role is viewer, operator or admin`,
    );
  const list = (text: string | undefined) => text?.split(',').map((one) => one.trim()) ?? null;
  const { name, role, expires = null } = given;
  const key = await book.create({
    ...{ name, role, scopes: list(given.scopes), hubs: list(given.hubs), expires_at: expires },
  });
  await printKey(key, given);
};

const list: Action = async (book, args, { json }) => {
  if (args.length > 0) throw new OmsError('invalid_option', USAGE);
  const keys = await book.list();
  if (json) await print(keys.map((key) => `${JSON.stringify(key)}\n`).join(''));
  else if (keys.length > 0) await print(table([HEADER, ...keys.map(cells)]));
};

const revoke: Action = async (book, ids) => {
  if (ids.length === 0) throw new OmsError('invalid_option', USAGE);
  for (const id of ids) {
    await book.revoke(id);
    await print(`${cell(id, limits.maxTextChars)} is revoked: it ends within 5 seconds\n`);
  }
};

const rotate: Action = async (book, ids, given) => {
  const seconds = given['valid-for'];
  if (ids.length !== 1) throw new OmsError('invalid_option', USAGE);
  if (seconds !== undefined && !/^\d{1,9}$/.test(seconds))
    throw new OmsError('invalid_option', `--valid-for "${seconds}" is not a number of seconds`);
  await printKey(
    await book.rotate(ids[0]!, seconds === undefined ? {} : { valid_for_seconds: Number(seconds) }),
    given,
  );
};

const ACTIONS: Record<string, { run: Action; options: string[] }> = {
  create: { run: create, options: ['name', 'role', 'scopes', 'hubs', 'expires'] },
  list: { run: list, options: [] },
  revoke: { run: revoke, options: [] },
  rotate: { run: rotate, options: ['valid-for'] },
};

/** So that `KEY=$(oms keys create …)` gives the key, words about it go to standard error. */
async function printKey(key: NewKeyResponse, { json }: Given): Promise<void> {
  await print(json ? `${JSON.stringify(key)}\n` : `${key.key}\n`);
  if (json) return;
  const until = key.old_secret_until === null ? '' : `; the secret before is taken until ${key.old_secret_until}`;
  process.stderr.write(
    `key ${key.id}, ${key.role}, "${cell(key.name, limits.maxTextChars)}": it is shown only now${until}\n`,
  );
}

const HEADER = ['ID', 'NAME', 'ROLE', 'SCOPES', 'HUBS', 'CREATED', 'BY', 'EXPIRES', 'LAST USED'];

const cells = (key: KeyResponse): string[] => [
  ...[key.id, cell(key.name, limits.maxKeyNameChars), key.role],
  key.scopes?.join(',') ?? 'all',
  cell(key.hubs?.join(',') ?? 'all', limits.maxKeyNameChars),
  ...[key.created_at, cell(key.created_by ?? '-', limits.maxKeyNameChars), key.expires_at ?? 'never'],
  key.last_used_at ?? 'never',
];
