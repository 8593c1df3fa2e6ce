/** `oms keys`, the owner's socket, the first key, and commands that show a key. */
import { chmod, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newKeyId, newKeyText } from '../../src/access/key-text.ts';
import { ADMIN_KEY, bearer, newKey, startClosedService } from '../support/keys.ts';
import { runOms, type Service, startService, temporaryDirectory } from '../support/service.ts';

let service: Service & { env: Record<string, string> };
beforeAll(async () => {
  service = await startClosedService();
});
afterAll(() => service.stop());

const oms = (args: string[], env: Record<string, string> = {}) =>
  runOms(args, { OMS_DATA_DIR: service.dataDirectory, ...env });
const create = ['keys', 'create', '--name', 'CI', '--role', 'admin'];
const me = async (key: string, { url } = service) =>
  (await fetch(`${url}/auth/me`, { headers: bearer(key) })).json() as Promise<Record<string, unknown>>;

function overSocket(path: string, headers: Record<string, string> = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath: path, path: '/auth/me', headers: { host: 'localhost', ...headers } },
      (response) => {
        response.setEncoding('utf8').on('data', (text) => resolve(JSON.parse(text)));
      },
    );
    sent.on('error', reject).end();
  });
}

describe("the owner's socket", () => {
  test('is open to the owner only, who is an admin there', async () => {
    const path = join(service.dataDirectory, 'oms.sock');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await overSocket(path)).toMatchObject({ principal: 'local', role: 'admin', scopes: null, hubs: null });
    const { key, id } = await newKey(service, {});
    expect(await overSocket(path, bearer(key))).toMatchObject({ principal: `key:${id}`, role: 'viewer' });
    expect(await overSocket(path, { host: 'evil.example' })).toMatchObject({ code: 'foreign_host' });
  });

  test('is replaced when a killed process left it, and gone after a stop', async () => {
    const first = await startClosedService();
    const { dataDirectory } = first;
    const path = join(dataDirectory, 'oms.sock');
    await first.kill('SIGKILL');
    expect((await stat(path)).isSocket()).toBe(true);
    const second = await startClosedService({ dataDirectory });
    expect(await overSocket(path)).toMatchObject({ principal: 'local' });
    await second.stop();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is elsewhere where the data directory has too long a path, and found all the same', async () => {
    const dataDirectory = join(await temporaryDirectory(), 'x'.repeat(110));
    const far = await startClosedService({ dataDirectory });
    const created = await runOms(create, { OMS_DATA_DIR: dataDirectory });
    expect(await me(created.stdout.trim(), far)).toMatchObject({ role: 'admin' });
    await far.stop();
  });

  test('does not exist where nobody needs a key', async () => {
    const open = await startService();
    await expect(stat(join(open.dataDirectory, 'oms.sock'))).rejects.toMatchObject({ code: 'ENOENT' });
    const created = await runOms(create, { OMS_DATA_DIR: open.dataDirectory });
    expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^oms_\w{63}\n$/) });
    await open.stop();
  });
});

describe('oms keys', () => {
  test('creates a key through the running service, and prints it alone', async () => {
    const { code, stdout, stderr } = await oms([...create, '--hubs', 'HUB-1, HUB-2', '--expires', '2099-01-01']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^oms_\w{63}\n$/);
    expect(stderr).toMatch(/^key \w{13}, admin, "CI": it is shown only now\n$/);
    expect(await me(stdout.trim())).toMatchObject({ role: 'admin', hubs: ['HUB-1', 'HUB-2'] });
    expect(JSON.stringify(service.log)).not.toContain(stdout.trim());
  });

  test('lists, rotates and revokes', async () => {
    const { id, key } = JSON.parse((await oms([...create, '--scopes', 'ops:read,files:read', '--json'])).stdout);
    const listed = await oms(['keys', 'list']);
    expect(listed.stdout).toMatch(
      new RegExp(`^${id} +CI +admin +ops:read,files:read +all .* local +never +never$`, 'm'),
    );
    expect((await oms(['keys', 'list', '--json'])).stdout).not.toContain('hash');
    const rotated = await oms(['keys', 'rotate', id, '--valid-for', '0']);
    expect(await me(rotated.stdout.trim())).toMatchObject({ principal: `key:${id}` });
    expect(await me(key)).toMatchObject({ code: 'unauthenticated' });
    expect(await oms(['keys', 'revoke', id, 'x'])).toMatchObject({ code: 0 });
    expect((await oms(['keys', 'list'])).stdout).not.toContain(id);
  });

  test('works on a store that no service holds, and with any service by its address', async () => {
    const dataDirectory = await temporaryDirectory();
    const alone = { OMS_DATA_DIR: dataDirectory };
    const { id } = JSON.parse((await runOms([...create, '--json'], alone)).stdout);
    expect((await runOms(['keys', 'list'], alone)).stdout).toContain(id);
    expect((await runOms(['keys', 'rotate', id], alone)).stdout).toMatch(/^oms_/);
    const far = await runOms([...create, '--url', service.url, '--key', ADMIN_KEY, '--json'], alone);
    expect(JSON.parse(far.stdout)).toMatchObject({ created_by: 'key:admin-file' });
  });

  test.each([
    [['keys'], 'usage'],
    [['keys', 'create', '--name', 'x'], '--role'],
    [['keys', 'create', '--name', 'x', '--role', 'customer'], 'verified e-mail'],
    [['keys', 'create', '--name', 'x', '--role', 'viewer', '--scopes', 'orders:write'], 'orders:write'],
    [['keys', 'create', '--name', 'x', '--role', 'viewer', '--expires', '2001-01-01'], 'is over'],
    [['keys', 'rotate', 'x'], 'not_found'],
    [['keys', 'rotate', 'x', '--valid-for', 'long'], '--valid-for'],
    [['keys', 'list', '--url', 'nowhere'], '--url'],
    [['keys', 'list', '--key-file', '/nowhere'], '--key-file'],
  ])('%j fails with one line', async (args, why) => {
    const { code, stdout, stderr } = await oms(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^oms keys: .*\n$/);
    expect(stderr).toContain(why);
  });
});

describe('a command that talks to a service', () => {
  test('needs no key of the owner, and shows one that it is given', async () => {
    expect((await oms(['orders', 'list'])).code).toBe(0);
    const { key } = await newKey(service, { scopes: ['files:read'] });
    const forbidden = { code: 1, stderr: expect.stringContaining('orders:read') };
    expect(await oms(['orders', 'list', '--key', key])).toMatchObject(forbidden);
    expect(await oms(['orders', 'list'], { OMS_KEY: key })).toMatchObject(forbidden);
    const file = join(await temporaryDirectory(), 'key');
    await writeFile(file, `${key}\n`, { mode: 0o600 });
    for (const [args, env] of [
      [['--key-file', file], {}],
      [[], { OMS_KEY_FILE: file }],
    ] as const) {
      await chmod(file, 0o600);
      expect(await oms(['orders', 'list', ...args], env)).toMatchObject(forbidden);
      await chmod(file, 0o640);
      const refused = await oms(['orders', 'list', ...args], env);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`chmod 600 ${file}`) });
      expect(refused.stderr).not.toContain(key);
    }
  });

  test('from elsewhere gets in with a key only', async () => {
    const elsewhere = { OMS_DATA_DIR: await temporaryDirectory() };
    const args = ['orders', 'list', '--url', service.url];
    expect(await runOms(args, elsewhere)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('unauthenticated'),
    });
    expect(await runOms([...args, '--key', ADMIN_KEY], elsewhere)).toMatchObject({ code: 0 });
    const redrive = ['redrive', '--url', service.url, '--key'];
    expect(await runOms([...redrive, ADMIN_KEY], elsewhere)).toMatchObject({ code: 0 });
    const { key } = await newKey(service, { role: 'operator' });
    expect(await runOms([...redrive, key], elsewhere)).toMatchObject({
      ...{ code: 1, stdout: '', stderr: expect.stringContaining('ops:write') },
    });
  });

  test('works for the owner: doctor, redrive, stock and files', async () => {
    expect((await oms(['doctor'])).stdout).toContain('SQLite');
    expect(await oms(['redrive'])).toMatchObject({ code: 0 });
    expect(await oms(['stock', 'import', 'sample_stock.csv'])).toMatchObject({
      code: 0,
      stdout: '12 stock levels set\n',
    });
    expect(await oms(['ingest', 'sample_orders.csv'])).toMatchObject({ code: 2 });
    expect(await oms(['ingest', 'sample_orders.csv'])).toMatchObject({ stdout: expect.stringContaining('before') });
  });
});

describe('a start that needs keys', () => {
  const start = (env: Record<string, string>, dataDirectory: string) =>
    runOms(['start'], { OMS_DATA_DIR: dataDirectory, OMS_PORT: '0', OMS_IMS_PORT: '0', OMS_AUTH: 'required', ...env });

  test('is refused until somebody could sign in, with what to do', async () => {
    const dataDirectory = await temporaryDirectory();
    const refused = await start({}, dataDirectory);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr.split('\n').filter((line) => line.startsWith('oms start: '))).toEqual([
      expect.stringMatching(/oms keys create .* OMS_ADMIN_KEY_FILE.* OMS_AUTH=off/),
    ]);
    for (const env of [
      { OMS_AUTH: 'auto', OMS_HOST: '0.0.0.0' },
      { OMS_AUTH: 'auto', OMS_ALLOWED_HOSTS: 'a.example' },
    ])
      expect(await start(env, dataDirectory)).toMatchObject({ code: 1, stderr: refused.stderr });
    const created = await runOms(create, { OMS_DATA_DIR: dataDirectory });
    const started = await startService({ dataDirectory, env: { OMS_AUTH: 'required' }, args: ['--sample'] });
    expect(await me(created.stdout.trim(), started as typeof service)).toMatchObject({ role: 'admin' });
    await expect.poll(() => started.output.join('\n')).toContain('accepted  18');
    expect(started.output.join('\n')).toContain('Bearer $OMS_KEY');
    expect(started.output.join('\n')).not.toContain('open to all');
    await started.stop();
  });

  test.each([
    ['too short', 'short', '32 to 1000 are needed'],
    ['of two lines', `${'a'.repeat(32)}\n${'b'.repeat(32)}`, 'characters that no bearer token may have'],
    ['a mistyped key', `${newKeyText(newKeyId()).slice(0, -6)}000000`, 'typo'],
    ['missing', null, 'cannot be read'],
  ])('is refused with one line when the file of the admin key is %s', async (_, content, why) => {
    const file = join(await temporaryDirectory(), 'secret');
    if (content !== null) await writeFile(file, content);
    const { code, stderr } = await start({ OMS_ADMIN_KEY_FILE: file }, await temporaryDirectory());
    expect(code).toBe(1);
    expect(stderr.split('\n').filter((line) => line.startsWith('oms start: '))).toEqual([
      expect.stringMatching(new RegExp(`^oms start: OMS_ADMIN_KEY_FILE: ${file} .*${why}`)),
    ]);
    if (content !== null) expect(stderr).not.toContain(content);
  });
});
