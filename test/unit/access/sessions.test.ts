/** Sessions of browsers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { ANYBODY } from '../../../src/model/access.ts';
import { attempt, cookie, EMAIL, openUsers, PASSWORD, type TestUsers } from '../../support/users.ts';

const ENDED = 'the session has ended: sign in again';
const SIGNED_OUT = 'you are signed out: sign in again';
const HOUR = 60 * 60_000;

let opened: TestUsers;
beforeAll(async () => {
  opened = await openUsers();
  await opened.create();
});
afterAll(() => opened.close());

const who = async (value: string, access = opened.there) => {
  const identity = await access.sessions.identify(cookie(value));
  return identity.principal?.name ?? (identity as { refused: string | null }).refused;
};
const ADA = `user:${EMAIL}`;

describe('a session', () => {
  test('has 256 random bits, of which the store has a hash', async () => {
    const value = await opened.here.beginSession(attempt(), null);
    expect(value).toMatch(/^se_[0-9a-z]{21}\.[\w-]{43}$/);
    expect(await who(value)).toBe(ADA);
    expect(opened.there.sessions.identify(cookie(value))).toHaveProperty('principal.name', ADA);
    const secret = Buffer.from(value.split('.')[1]!, 'base64url');
    const { items } = await opened.store.smallRecords.list('session', null, { limit: 100, after: null });
    for (const form of ['base64', 'base64url', 'hex'] as const)
      expect(JSON.stringify(items)).not.toContain(secret.toString(form));
  });

  test('is a new one at each sign-in, and ends the one that the browser had', async () => {
    const first = await opened.here.beginSession(attempt(), null);
    const second = await opened.here.beginSession(attempt(), first);
    expect(second.split('.')).not.toContain(first.split('.')[0]);
    expect([await who(first), await who(second)]).toEqual([ENDED, ADA]);
  });

  test('is not begun by a cookie that somebody chose, which is worth nothing after the sign-in either', async () => {
    for (const planted of [`se_000000000000000000000.${'A'.repeat(43)}`, 'x', '']) {
      const value = await opened.here.beginSession(attempt(), planted);
      expect(value).not.toBe(planted);
      expect(await who(planted)).toBe(ENDED);
    }
  });

  test('ends when its browser signs out, here at once, elsewhere within seconds', async () => {
    const value = await opened.here.beginSession(attempt(), null);
    expect([await who(value), await who(value, opened.here)]).toEqual([ADA, ADA]);
    expect(await opened.here.sessions.end(value)).toBe(true);
    expect(await who(value, opened.here)).toBe(ENDED);
    opened.clock.pass(4_000);
    expect(await who(value)).toBe(ENDED);
    expect(await opened.there.sessions.end(value)).toBe(false);
  });

  test('is not ended by who knows its id alone', async () => {
    const value = await opened.here.beginSession(attempt(), null);
    const guess = `${value.split('.')[0]}.${'A'.repeat(43)}`;
    expect(await opened.here.sessions.end(guess)).toBe(false);
    expect([await who(guess), await who(value)]).toEqual([ENDED, ADA]);
  });

  test('ends after twelve hours without use, and after a week in any case', async () => {
    const unused = await opened.here.beginSession(attempt(), null);
    const used = await opened.here.beginSession(attempt(), null);
    for (let hours = 0; hours < 7 * 24; hours += 11) {
      expect(await who(used, hours % 2 ? opened.here : opened.there)).toBe(ADA);
      const id = used.split('.')[0]!;
      const { now } = opened.clock;
      // The use is noted behind the request.
      await expect
        .poll(async () => (await opened.store.smallRecords.get<{ usedMs: number }>('session', id))!.data.usedMs)
        .toBe(now());
      opened.clock.pass(11 * HOUR);
    }
    expect([await who(unused), await who(used)]).toEqual([ENDED, ENDED]);
    const late = await opened.here.beginSession(attempt(), null);
    opened.clock.pass(limits.sessionIdleMs);
    expect(await who(late)).toBe(ENDED);
  });

  test('is one of 50 of a user: the oldest gives way', async () => {
    const user = { email: 'many@example.com' };
    await opened.create(user);
    const values = [];
    for (let i = 0; i <= limits.signInsOfUser; i++) {
      opened.clock.pass(1);
      values.push(await opened.here.beginSession(attempt(user), null));
    }
    expect(await who(values[0]!)).toBe(ENDED);
    expect(await who(values[1]!)).toBe('user:many@example.com');
  });
});

describe('signing out everywhere', () => {
  const everything = async () => ({
    session: await opened.here.beginSession(attempt(), null),
    tokens: await opened.here.signIn(attempt()),
  });
  const ended = async ({ session, tokens }: Awaited<ReturnType<typeof everything>>) => {
    opened.clock.pass(4_000);
    const bearer = { bearer: tokens.access, session: null, local: false };
    expect(await opened.there.tokens.identify(bearer)).toEqual({ principal: null, refused: SIGNED_OUT });
    await expect(opened.there.refresh(tokens.refresh)).rejects.toMatchObject({ code: 'sign_in_failed' });
    expect([ENDED, SIGNED_OUT]).toContain(await who(session));
    for (const kind of ['session', 'token-family'] as const) {
      const { id } = (await opened.here.users.find(EMAIL)) ?? { id: 'nobody' };
      expect((await opened.store.smallRecords.list(kind, id, { limit: 100, after: null })).items).toEqual([]);
    }
  };

  test('ends all sessions, access tokens and refresh tokens, of this user only', async () => {
    const other = { email: 'grace@example.com' };
    await opened.create(other);
    const others = await opened.here.beginSession(attempt(other), null);
    const mine = await everything();
    expect(await who(mine.session)).toBe(ADA);
    await opened.here.signOutEverywhere({ ...ANYBODY, name: ADA });
    await ended(mine);
    expect(await who(others)).toBe('user:grace@example.com');
  });

  test('comes with a change of the password, but for the browser that changes it', async () => {
    const mine = await everything();
    const next = 'another horse battery';
    await expect(opened.here.changePassword(attempt({ password: 'wrong' }), next, true)).rejects.toMatchObject({
      code: 'wrong_password',
    });
    await expect(opened.here.changePassword(attempt(), 'short', true)).rejects.toMatchObject({
      code: 'password_refused',
    });
    expect(await who(mine.session)).toBe(ADA);
    const session = await opened.here.changePassword(attempt(), next, true);
    expect(await who(session!)).toBe(ADA);
    expect([ENDED, SIGNED_OUT]).toContain(await who(mine.session));
    await expect(opened.here.signIn(attempt())).rejects.toMatchObject({ code: 'sign_in_failed' });
    expect(await opened.here.changePassword(attempt({ password: next }), PASSWORD, false)).toBeNull();
    opened.clock.pass(4_000);
    expect([ENDED, SIGNED_OUT]).toContain(await who(session!));
  });

  test('comes with a reset, whose password is shown once, and with the end of the user', async () => {
    const before = await everything();
    const { password } = await opened.here.reset(EMAIL, ANYBODY, '');
    await ended(before);
    await expect(opened.here.signIn(attempt())).rejects.toMatchObject({ code: 'sign_in_failed' });
    const session = await opened.here.beginSession(attempt({ password: password! }), null);
    expect(await who(session)).toBe(ADA);
    await opened.here.delete(EMAIL, ANYBODY);
    opened.clock.pass(4_000);
    expect([ENDED, SIGNED_OUT]).toContain(await who(session));
    await opened.create();
    expect([ENDED, SIGNED_OUT]).toContain(await who(session));
  });
});
