/** Users: who may make and change them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Keys } from '../../../src/access/keys.ts';
import { type Rights, Users } from '../../../src/access/users.ts';
import { ANYBODY, type Principal } from '../../../src/model/access.ts';
import { attempt, newUser, openUsers, type TestUsers } from '../../support/users.ts';

let opened: TestUsers;
beforeAll(async () => {
  opened = await openUsers();
});
afterAll(() => opened.close());

const principal = (values: Partial<Principal>): Principal => ({
  ...{ name: 'user:admin@example.com', role: 'admin', scopes: null, hubs: null, email: null },
  ...values,
});
const forbidden = (needs: string) => expect.objectContaining({ code: 'forbidden', details: { needs } });
let users = 0;
const unique = () => `user${++users}@example.com`;

describe('a user', () => {
  test('is known by an address in lower case, once, and by whom it was made', async () => {
    const email = unique();
    const { user } = await opened.create({ email: email.toUpperCase() }, principal({}));
    expect(user).toMatchObject({ email, createdBy: 'user:admin@example.com', createdMs: opened.clock.now() });
    await expect(opened.create({ email })).rejects.toMatchObject({ code: 'user_exists' });
    expect(await opened.there.users.find(email.toUpperCase())).toEqual(user);
    expect(await opened.there.users.byId(user.id)).toEqual(user);
    expect(user.password).toMatch(/^\$argon2id\$/);
  });

  test.each([
    '',
    'ada',
    'ada@',
    'ada@localhost',
    'a b@example.com',
    'ada@example.com\n',
    `${'a'.repeat(250)}@example.com`,
  ])('has no address such as %j', async (email) => {
    await expect(opened.create({ email })).rejects.toMatchObject({ code: 'invalid_body' });
    await expect(opened.here.change(email, {}, ANYBODY)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('who is a customer has a verified address', async () => {
    const email = unique();
    await expect(opened.create({ email, role: 'customer' })).rejects.toMatchObject({ code: 'invalid_body' });
    await opened.create({ email, role: 'customer', emailVerified: true });
    await expect(opened.here.change(email, { emailVerified: false }, ANYBODY)).rejects.toMatchObject({
      code: 'invalid_body',
    });
  });

  test('gets a password that was made where none was chosen', async () => {
    const email = unique();
    const { password } = await opened.here.create(
      { ...{ email, password: null, role: 'viewer', scopes: null, hubs: null }, disabled: false, emailVerified: false },
      ANYBODY,
      '',
    );
    await opened.here.signIn(attempt({ email, password: password! }));
  });

  test('is changed by several at the same moment, and no change is lost', async () => {
    const email = unique();
    await opened.create({ email });
    await Promise.all([
      opened.here.change(email, { role: 'viewer' }, ANYBODY),
      opened.there.change(email, { hubs: ['HUB-1'] }, ANYBODY),
      opened.here.change(email, { emailVerified: true }, ANYBODY),
    ]);
    expect(await opened.there.users.find(email)).toMatchObject({
      role: 'viewer',
      hubs: ['HUB-1'],
      emailVerified: true,
    });
  });
});

test('there are at most so many users, which the last one is told', async () => {
  const own = await openUsers();
  const users = new Users(own.store.smallRecords, own.clock, 2);
  const { password: _, ...user } = newUser();
  const add = (email: string) => users.create({ ...user, email }, async () => '$', ANYBODY);
  await add(unique());
  const second = await add(unique());
  await expect(add(unique())).rejects.toMatchObject({ code: 'too_many_users' });
  await users.delete(second.email, ANYBODY);
  await add(unique());
  await own.close();
});

describe('nobody gives more than they have', () => {
  const limited = principal({ scopes: ['access:write', 'orders:read', 'events:read'] });
  const allowed: Partial<Rights> = { role: 'viewer', scopes: ['orders:read'], hubs: ['HUB-2'] };

  test.each([
    [{ ...allowed, role: 'admin', scopes: null }, 'files:read'],
    [{ ...allowed, scopes: ['stock:read'] }, 'stock:read'],
  ] as [Partial<Rights>, string][])('to a new user, nor to one that is changed: %j', async (rights, needs) => {
    const email = unique();
    await expect(opened.create({ email, ...rights }, limited)).rejects.toEqual(forbidden(needs));
    await opened.create({ email, ...allowed }, limited);
    await expect(opened.here.change(email, rights, limited)).rejects.toEqual(forbidden(needs));
    expect(await opened.here.users.find(email)).toMatchObject(allowed);
  });

  test('nor does who is limited to hubs give anything', async () => {
    const ofHubs = principal({ hubs: ['HUB-2'] });
    const email = unique();
    await expect(opened.create({ email, ...allowed }, ofHubs)).rejects.toEqual(forbidden('hub:*'));
    await opened.create({ email, ...allowed });
    await expect(opened.here.delete(email, ofHubs)).rejects.toEqual(forbidden('hub:*'));
  });

  test('nor changes, resets or deletes somebody who has more, whose password would be theirs', async () => {
    const email = unique();
    await opened.create({ email, role: 'admin' });
    const before = await opened.here.users.find(email);
    await expect(opened.here.change(email, allowed, limited)).rejects.toEqual(forbidden('files:read'));
    await expect(opened.here.reset(email, limited, '')).rejects.toEqual(forbidden('files:read'));
    await expect(opened.here.delete(email, limited)).rejects.toEqual(forbidden('files:read'));
    expect(await opened.here.users.find(email)).toEqual(before);
    await opened.here.delete(email, ANYBODY).catch(() => {});
  });
});

describe('the last who can administer access', () => {
  test('is neither disabled nor lessened nor deleted by mistake, unless a key can', async () => {
    const own = await openUsers();
    const [first, second] = [unique(), unique()];
    await own.create({ email: first, role: 'admin' });
    await own.create({ email: second, role: 'admin' });
    const last = { code: 'last_admin' };
    await own.here.change(second, { disabled: true }, ANYBODY);
    await expect(own.here.change(first, { disabled: true }, ANYBODY)).rejects.toMatchObject(last);
    await expect(own.here.change(first, { role: 'operator' }, ANYBODY)).rejects.toMatchObject(last);
    await expect(own.here.change(first, { scopes: ['orders:read'] }, ANYBODY)).rejects.toMatchObject(last);
    await expect(own.here.delete(first, ANYBODY)).rejects.toMatchObject(last);
    await expect(own.here.change(first, { hubs: ['HUB-1'] }, ANYBODY)).rejects.toMatchObject(last);
    const keys = new Keys({ store: own.store, clock: own.clock });
    const key = { name: 'x', scopes: null, hubs: null, expiresMs: own.clock.now() + 1_000 };
    await keys.create({ ...key, role: 'operator', expiresMs: null }, ANYBODY);
    await expect(own.here.delete(first, ANYBODY)).rejects.toMatchObject(last);
    await keys.create({ ...key, role: 'admin' }, ANYBODY);
    await keys.create({ ...key, role: 'admin', hubs: ['HUB-1'], expiresMs: null }, ANYBODY);
    own.clock.pass(2_000);
    await expect(own.here.delete(first, ANYBODY)).rejects.toMatchObject(last);
    await keys.create({ ...key, role: 'admin', expiresMs: null }, ANYBODY);
    await own.here.delete(first, ANYBODY);
    await own.close();
  });
});
