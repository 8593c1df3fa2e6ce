/** Signing in with a password, and what becomes of those who guess. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PasswordHashes } from '../../../src/access/password-hash.ts';
import { SignIn } from '../../../src/access/sign-in.ts';
import { SignInThrottle } from '../../../src/access/sign-in-throttle.ts';
import { Users } from '../../../src/access/users.ts';
import { ANYBODY } from '../../../src/model/access.ts';
import { attempt, CHEAP, EMAIL, HOME, openUsers, PASSWORD, type TestUsers } from '../../support/users.ts';

const HOUR = 60 * 60_000;
const AWAY = '198.51.100.7';

/** Counts the passwords that were hashed. */
class CountingHashes extends PasswordHashes {
  checks = 0;
  override matches(stored: string | null, password: string): Promise<boolean> {
    this.checks++;
    return super.matches(stored, password);
  }
}

let opened: TestUsers;
let hashes: CountingHashes;
let signIn: SignIn;

beforeAll(async () => {
  opened = await openUsers();
  await opened.create();
});
afterAll(() => opened.close());
beforeEach(() => {
  // What was before is forgotten.
  opened.clock.pass(31 * 24 * HOUR);
  hashes = new CountingHashes(CHEAP);
  const { store, clock } = opened;
  signIn = new SignIn(new Users(store.smallRecords, clock), hashes, new SignInThrottle(store.smallRecords, clock));
});

/** `null`: signed in; else the code of the error. */
const tried = (values: Parameters<typeof attempt>[0] = {}) =>
  signIn.byPassword(attempt(values)).then(
    () => null,
    ({ code, details }) => (code === 'rate_limited' ? `wait ${details.retry_after} s` : (code as string)),
  );
const wrong = (values: Parameters<typeof attempt>[0] = {}) => tried({ password: 'not the password', ...values });

describe('a sign-in', () => {
  test('takes the address in any case, and the password as it is', async () => {
    expect(await tried({ email: 'ADA@Example.COM' })).toBeNull();
    expect(await tried({ password: PASSWORD.toUpperCase() })).toBe('sign_in_failed');
  });

  test('has the same answer, and takes the same work, for a wrong password, an unknown address and a disabled user', async () => {
    const disabled = 'disabled@example.com';
    const users = new Users(opened.store.smallRecords, opened.clock);
    await users.create(
      {
        ...{ email: disabled, role: 'viewer', scopes: null, hubs: null },
        ...{ disabled: true, emailVerified: false },
      },
      () => hashes.make(PASSWORD),
      ANYBODY,
    );
    const answers = [];
    for (const values of [
      { password: 'not the password' },
      { email: 'nobody@example.com' },
      { email: disabled },
      { email: 'no address at all' },
      { email: 'x'.repeat(1_000) },
      { password: 'x'.repeat(100_000) },
      { password: '' },
    ]) {
      const before = hashes.checks;
      const error = await signIn.byPassword(attempt({ address: AWAY, ...values })).catch((reason) => reason);
      answers.push([error.code, error.message, hashes.checks - before]);
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([
        JSON.stringify(['sign_in_failed', 'the e-mail address or the password is wrong, or the user is disabled', 1]),
      ]),
    );
  });

  test('makes the hash again when its parameters rose, unless the password was changed meanwhile', async () => {
    const users = new Users(opened.store.smallRecords, opened.clock);
    const dearer = new PasswordHashes({ ...CHEAP, passes: 2 });
    const later = new SignIn(users, dearer, new SignInThrottle(opened.store.smallRecords, opened.clock));
    expect((await users.find(EMAIL))!.password).toContain('t=1');
    await later.byPassword(attempt());
    const raised = (await users.find(EMAIL))!.password!;
    expect(raised).toContain('t=2');
    expect(await dearer.matches(raised, PASSWORD)).toBe(true);
    await signIn.byPassword(attempt());
    expect((await users.find(EMAIL))!.password).toContain('t=1');
  });
});

describe('failed sign-ins', () => {
  test('get slower and slower for an address and an e-mail, up to a quarter of an hour', async () => {
    const waits: string[] = [];
    for (let i = 0; i < 18; i++) {
      const code = (await wrong())!;
      waits.push(code);
      if (code.startsWith('wait')) opened.clock.pass(Number(/\d+/.exec(code)![0]) * 1000);
    }
    expect(waits.slice(0, 5)).toEqual(Array(5).fill('sign_in_failed'));
    expect(waits.filter((wait) => wait.startsWith('wait'))).toEqual(
      ['2', '4', '8', '16', '32', '64', '128'].map((s) => `wait ${s} s`),
    );
    for (let i = 0; i < 10; i++) {
      opened.clock.pass(16 * 60_000);
      expect(await wrong()).toBe('sign_in_failed');
    }
    expect(await wrong()).toBe('wait 900 s');
  });

  test('are forgotten after an hour, and by a sign-in', async () => {
    for (let i = 0; i < 5; i++) await wrong();
    expect(await tried()).toBe('wait 2 s');
    opened.clock.pass(2_000);
    expect(await tried()).toBeNull();
    for (let i = 0; i < 5; i++) expect(await wrong()).toBe('sign_in_failed');
    opened.clock.pass(HOUR);
    for (let i = 0; i < 5; i++) expect(await wrong()).toBe('sign_in_failed');
  });

  test('count for all processes, and each of those at the same moment', async () => {
    for (let i = 0; i < 5; i++)
      await opened.there.signIn(attempt({ password: 'wrong', address: AWAY })).catch(() => {});
    expect(await wrong({ address: AWAY })).toBe('wait 2 s');
    const codes = await Promise.all(Array.from({ length: 100 }, () => wrong({ address: '203.0.113.1' })));
    expect(hashes.checks).toBeLessThanOrEqual(5);
    expect(codes.every((code) => code !== null)).toBe(true);
  });

  test('10,000 wrong passwords in a day are some hundred guesses, and the owner signs in from elsewhere meanwhile', async () => {
    let refused = 0;
    for (let i = 0; i < 10_000; i++) {
      const code = await wrong({ address: AWAY, password: `guess number ${i}` });
      if (code!.startsWith('wait')) refused++;
      opened.clock.pass((24 * HOUR) / 10_000);
      if (i % 1_000 === 999) {
        const before = hashes.checks;
        expect(await tried({ address: HOME })).toBeNull();
        hashes.checks = before;
      }
    }
    expect(hashes.checks).toBeLessThan(120);
    expect(refused).toBe(10_000 - hashes.checks);
  });

  test('with many e-mails are slowed for the address, but not where an owner signed in before', async () => {
    expect(await tried({ address: AWAY })).toBeNull();
    const guess = (i: number) => wrong({ address: AWAY, email: `user${i}@example.com` });
    for (let i = 0; i < 30; i++) expect(await guess(i)).toBe('sign_in_failed');
    expect(await guess(30)).toBe('wait 1 s');
    expect(await tried({ address: AWAY })).toBeNull();
    expect(await tried({ address: HOME })).toBeNull();
    hashes.checks = 0;
    for (let i = 0; i < 5_000; i++) {
      await guess(100 + i);
      opened.clock.pass((24 * HOUR) / 5_000);
    }
    expect(hashes.checks).toBeLessThan(310);
  });

  test('are kept without the e-mail and the address, and not for ever', async () => {
    await wrong({ address: AWAY });
    const { items } = await opened.store.smallRecords.list('failures', null, { limit: 1_000, after: null });
    const text = JSON.stringify(items);
    expect(items.length).toBeGreaterThan(0);
    for (const secret of [EMAIL, AWAY, HOME, PASSWORD]) expect(text).not.toContain(secret);
    expect(items.every(({ expiresMs }) => expiresMs! < opened.clock.now() + 31 * 24 * HOUR)).toBe(true);
  });
});
