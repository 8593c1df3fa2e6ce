/**
 * `oms users …`: adds, lists and changes users. A password that was made is the only thing on standard output, once. Goes to the service
 * that it is told, else to the order store, and where a service holds that, through the service.
 */
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import type { NewUserResponse, UserResponse } from '../http/responses.ts';
import { limits } from '../limits.ts';
import { CLIENT_OPTIONS, type ClientOption } from './connect.ts';
import { cell, print, table } from './orders/printed.ts';
import { readPassword } from './read-password.ts';
import { openUserBook, type UserBook } from './users/user-book.ts';

type Option = ClientOption | 'role' | 'scopes' | 'hubs';
type Given = Partial<Record<Option, string>> & { json: boolean; verified: boolean };
type Action = (book: UserBook, args: string[], given: Given) => Promise<void>;

const USAGE =
  'usage: oms users add EMAIL --role R | list | role EMAIL ROLE | disable EMAIL… | enable EMAIL… | reset EMAIL';

export async function run([name, ...args]: string[]): Promise<number> {
  const action = name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) throw new OmsError('invalid_option', USAGE);
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      ...Object.fromEntries(action.switches.map((option) => [option, { type: 'boolean' as const }])),
      ...CLIENT_OPTIONS,
      ...Object.fromEntries(action.options.map((option) => [option, { type: 'string' as const }])),
    },
  });
  const given = { ...values, json: values.json === true, verified: 'verified' in values } as Given;
  if (action.args !== null && positionals.length !== action.args) throw new OmsError('invalid_option', USAGE);
  await using opened = new AsyncDisposableStack();
  await action.run(
    await openUserBook({ given, config: readConfig(), command: `oms users ${name}`, opened }),
    positionals,
    given,
  );
  return 0;
}

const add: Action = async (book, [email], given) => {
  if (given.role === undefined)
    throw new OmsError('invalid_option', `${USAGE}: --role is customer, viewer, operator or admin`);
  const user = await book.add({
    ...{ email, role: given.role, scopes: listIn(given.scopes) ?? null, hubs: listIn(given.hubs) ?? null },
    ...{ email_verified: given.verified, password: await readPassword() },
  });
  await printNew(user, given);
};

const list: Action = async (book, _, { json }) => {
  const users = await book.list();
  if (json) await print(users.map((user) => `${JSON.stringify(user)}\n`).join(''));
  else if (users.length > 0) await print(table([HEADER, ...users.map(cells)]));
};

/** What is not said of scopes and hubs stays. */
const role: Action = async (book, [email, to], given) => {
  const [scopes, hubs] = [listIn(given.scopes), listIn(given.hubs)];
  const change = { role: to, ...(scopes !== undefined && { scopes }), ...(hubs !== undefined && { hubs }) };
  await printUser(await book.change(email!, change), given);
};

const setDisabled =
  (disabled: boolean): Action =>
  async (book, emails, given) => {
    if (emails.length === 0) throw new OmsError('invalid_option', USAGE);
    for (const email of emails) await printUser(await book.change(email, { disabled }), given);
  };

const reset: Action = async (book, [email], given) => printNew(await book.reset(email!), given);

/** `args`: how many; null: any number. */
const ACTIONS: Record<string, { run: Action; args: number | null; options: string[]; switches: string[] }> = {
  add: { run: add, args: 1, options: ['role', 'scopes', 'hubs'], switches: ['verified'] },
  list: { run: list, args: 0, options: [], switches: [] },
  role: { run: role, args: 2, options: ['scopes', 'hubs'], switches: [] },
  disable: { run: setDisabled(true), args: null, options: [], switches: [] },
  enable: { run: setDisabled(false), args: null, options: [], switches: [] },
  reset: { run: reset, args: 1, options: [], switches: [] },
};

/** `all`: no limit. */
const listIn = (text: string | undefined): string[] | null | undefined =>
  text === 'all' ? null : text?.split(',').map((one) => one.trim());

/** So that `PASSWORD=$(oms users reset …)` gives the password, words about it go to standard error. */
async function printNew(user: NewUserResponse, { json }: Given): Promise<void> {
  if (json) return print(`${JSON.stringify(user)}\n`);
  if (user.password !== null) await print(`${user.password}\n`);
  const shown = user.password === null ? '' : ': the password is shown only now';
  process.stderr.write(`user ${user.email}, ${user.role}${shown}\n`);
}

const printUser = async (user: UserResponse, { json }: Given): Promise<void> =>
  print(json ? `${JSON.stringify(user)}\n` : table([HEADER, cells(user)]));

const HEADER = ['EMAIL', 'ROLE', 'SCOPES', 'HUBS', 'STATE', 'VERIFIED', 'CREATED', 'BY'];

const cells = (user: UserResponse): string[] => [
  ...[user.email, user.role, user.scopes?.join(',') ?? 'all'],
  cell(user.hubs?.join(',') ?? 'all', limits.maxKeyNameChars),
  ...[user.disabled ? 'disabled' : 'enabled', user.email_verified ? 'yes' : 'no', user.created_at],
  cell(user.created_by ?? '-', limits.maxKeyNameChars),
];
