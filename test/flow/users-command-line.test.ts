/** `oms users`, at a service, and at the order store while none runs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SHOPIFY } from '../../src/model/presets/shopify.ts';
import { startClosedService } from '../support/keys.ts';
import { runOms, type Service, temporaryDirectory } from '../support/service.ts';

const PASSWORD = 'correct horse battery';
const EMAIL = 'ada@example.com';

let service: Service;
beforeAll(async () => {
  service = await startClosedService();
});
afterAll(() => service.stop());

const oms = (args: string[], input = '', dataDirectory = service.dataDirectory) =>
  runOms(['users', ...args], { OMS_DATA_DIR: dataDirectory }, undefined, input);
const signsIn = async (email: string, password: string) => {
  const body = JSON.stringify({ email, password });
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${service.url}/auth/token`, { method: 'POST', headers, body })).status === 200;
};

test('adds a user whose password is read from standard input, and shows it nowhere', async () => {
  const added = await oms(['add', EMAIL, '--role', 'operator', '--hubs', 'HUB-1,HUB-2'], `${PASSWORD}\n`);
  expect(added).toEqual({ code: 0, stdout: '', stderr: `user ${EMAIL}, operator\n` });
  expect(await signsIn(EMAIL, PASSWORD)).toBe(true);
  const listed = await oms(['list', '--json']);
  expect(JSON.parse(listed.stdout)).toMatchObject({ email: EMAIL, hubs: ['HUB-1', 'HUB-2'], created_by: 'local' });
  expect((await oms(['list'])).stdout).toContain('HUB-1,HUB-2');
});

test('changes, disables, enables and resets a user', async () => {
  const changed = await oms(['role', EMAIL, 'viewer', '--hubs', 'all', '--scopes', 'orders:read', '--json']);
  expect(JSON.parse(changed.stdout)).toMatchObject({ role: 'viewer', hubs: null, scopes: ['orders:read'] });
  expect((await oms(['disable', EMAIL])).stdout).toContain('disabled');
  expect(await signsIn(EMAIL, PASSWORD)).toBe(false);
  expect((await oms(['enable', EMAIL])).code).toBe(0);
  const reset = await oms(['reset', EMAIL]);
  expect(reset).toMatchObject({ code: 0, stderr: `user ${EMAIL}, viewer: the password is shown only now\n` });
  expect(await signsIn(EMAIL, PASSWORD)).toBe(false);
  expect(await signsIn(EMAIL, reset.stdout.trim())).toBe(true);
});

test('says what is wrong, without the password', async () => {
  for (const [args, input, line] of [
    [['add', 'x@example.com', '--role', 'viewer'], 'too short\n', 'password_refused: the password has 9 characters'],
    [['add', EMAIL, '--role', 'viewer'], `${PASSWORD}\n`, 'user_exists: there is a user'],
    [['add', 'x@example.com'], '', '--role is customer, viewer, operator or admin'],
    [['add', 'x@example.com', '--role', 'viewer', '--password', PASSWORD], '', "Unknown option '--password'"],
    [['disable', 'nobody@example.com'], '', 'not_found: there is no user "nobody@example.com"'],
    [['disable'], '', 'usage: oms users'],
    [['erase', EMAIL], '', 'usage: oms users'],
  ] as [string[], string, string][]) {
    const failed = await oms(args, input);
    expect([failed.code, failed.stdout, failed.stderr]).toEqual([1, '', expect.stringContaining(line)]);
    if (input !== '') expect(failed.stderr).not.toContain(input.trim());
  }
});

test('adds a first user while no service runs', async () => {
  const directory = await temporaryDirectory();
  const added = await oms(['add', 'root@example.com', '--role', 'admin'], '', directory);
  expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/^([a-z2-9]{5}-){4}[a-z2-9]{5}\n$/) });
  expect((await oms(['list', '--json'], '', directory)).stdout).toContain('"role":"admin"');
});

test('leaves an entry in the audit log while no service runs, as oms keys does', async () => {
  const dataDirectory = await temporaryDirectory();
  const env = { OMS_DATA_DIR: dataDirectory };
  const run = (...args: string[]) => runOms(args, env);
  const { stdout: key } = await run('keys', 'create', '--name', 'first', '--role', 'admin');
  const id = /^key (\w+),/.exec((await run('keys', 'create', '--name', 'second', '--role', 'viewer')).stderr)![1]!;
  await run('keys', 'rotate', id);
  await run('keys', 'revoke', id);
  await run('users', 'add', EMAIL, '--role', 'viewer');
  await run('users', 'role', EMAIL, 'operator');
  await run('users', 'disable', 'nobody@example.com');
  await run('users', 'list');
  const format = join(dataDirectory, 'format.json');
  await writeFile(format, JSON.stringify({ ...SHOPIFY, name: 'shop' }));
  await run('formats', 'put', format);
  await run('formats', 'delete', 'shop', 'none');
  const at = await startClosedService({ dataDirectory });
  const response = await fetch(`${at.url}/audit`, { headers: { authorization: `Bearer ${key.trim()}` } });
  const { items } = (await response.json()) as { items: Record<string, unknown>[] };
  const done = items.filter(({ action }) => String(action).startsWith('oms ')).toReversed();
  expect(done.map(({ action, target, principal }) => [action, target, principal])).toEqual([
    ['oms keys create', expect.stringMatching(/^key \w{13}$/), 'local'],
    ['oms keys create', `key ${id}`, 'local'],
    ['oms keys rotate', `key ${id}`, 'local'],
    ['oms keys revoke', `key ${id}`, 'local'],
    ['oms users add', `user ${EMAIL}`, 'local'],
    ['oms users role', `user ${EMAIL}`, 'local'],
    ['oms formats put', 'format shop', 'local'],
    ['oms formats delete', 'format shop', 'local'],
  ]);
  expect(JSON.stringify(items)).not.toContain(key.trim().slice(20));
  await at.stop();
  expect(await run('verify')).toMatchObject({ code: 0 });
});
