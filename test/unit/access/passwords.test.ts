/** How passwords are chosen and kept. */
import { describe, expect, test } from 'vitest';
import { PasswordHashes } from '../../../src/access/password-hash.ts';
import { checkPassword, newPassword } from '../../../src/access/password-rules.ts';
import { limits } from '../../../src/limits.ts';
import { CHEAP, EMAIL, PASSWORD } from '../../support/users.ts';

const hashes = new PasswordHashes(CHEAP);

describe('the hash of a password', () => {
  test('names its parameters, and has a salt of its own', async () => {
    const [one, another] = await Promise.all([hashes.make(PASSWORD), hashes.make(PASSWORD)]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=8,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(another).not.toBe(one);
    expect(await hashes.matches(one, PASSWORD)).toBe(true);
    expect(await hashes.matches(one, `${PASSWORD} `)).toBe(false);
  });

  test('has the parameters that OWASP names, and is known as outdated when they rise', async () => {
    const made = await new PasswordHashes().make(PASSWORD);
    expect(made).toContain('$m=19456,t=2,p=1$');
    expect(new PasswordHashes().isOutdated(made)).toBe(false);
    const old = await hashes.make(PASSWORD);
    expect(new PasswordHashes().isOutdated(old)).toBe(true);
    expect(await new PasswordHashes().matches(old, PASSWORD)).toBe(true);
  });

  test('is what argon2id makes elsewhere', async () => {
    // Of the tests of the reference implementation, phc-winner-argon2, src/test.c.
    const tag = Buffer.from('09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7', 'hex').toString(
      'base64',
    );
    const elsewhere = `$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$${tag.replace('=', '')}`;
    expect(await hashes.matches(elsewhere, 'password')).toBe(true);
  });

  test('of nobody is worked at like any other, and never matches', async () => {
    expect(await hashes.matches(null, PASSWORD)).toBe(false);
    const impossible = new PasswordHashes({ memoryKib: 1, passes: 1, lanes: 1 });
    await expect(impossible.matches(null, PASSWORD)).rejects.toThrow();
  });

  test('has few places, of which one address has a few', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++running);
      await promise;
      running--;
    };
    const addresses = Array.from({ length: 40 }, (_, i) => `192.0.2.${i}`);
    const ofOne = Array.from({ length: 10 }, () => hashes.inTurn('198.51.100.1', work));
    const ofMany = addresses.map((address) => hashes.inTurn(address, work));
    setImmediate(resolve);
    const refused = (results: PromiseSettledResult<void>[]) =>
      results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    const [one, many] = await Promise.all([Promise.allSettled(ofOne), Promise.allSettled(ofMany)]);
    expect(refused(one)).toEqual(Array(10 - limits.passwordHashesOfAddress).fill('too_many_sign_ins'));
    const places = limits.passwordHashesAtOnce + limits.passwordHashesQueued - limits.passwordHashesOfAddress;
    expect(refused(many)).toHaveLength(40 - places);
    expect(most).toBe(limits.passwordHashesAtOnce);
    await hashes.inTurn('198.51.100.1', async () => {});
  });
});

describe('a password', () => {
  test.each([PASSWORD, 'ünïcödé 密码 пароль', '🔑🗝️🚪🏠 and more', newPassword(), `${'x7'.repeat(6)}abc`])(
    'may be %s',
    (password) => {
      expect(() => checkPassword(password, EMAIL)).not.toThrow();
    },
  );

  test.each([
    ['eleven char', 'has 11 characters: 12 to 128 are needed'],
    ['🔑'.repeat(11), 'has 11 characters'],
    [`${'long '.repeat(25)}long`, 'has 129 characters'],
    ['QWERTY123456', 'is one of the commonest'],
    ['1q2w3e4r5t6y', 'is one of the commonest'],
    ['abababababab', 'has fewer than 5 different characters'],
    ['Ada@Example.com', 'is the e-mail address'],
  ])('may not be %s', (password, why) => {
    let message = '';
    try {
      checkPassword(password, EMAIL);
    } catch (error) {
      expect(error).toMatchObject({ code: 'password_refused' });
      ({ message } = error as Error);
    }
    expect(message).toContain(why);
    expect(message).not.toContain(password);
  });

  test('is the same however a keyboard composes its letters', async () => {
    expect(() => checkPassword('e\u0301'.repeat(11), EMAIL)).toThrow('has 11 characters');
  });

  test('that the service makes is another each time', () => {
    const made = Array.from({ length: 100 }, newPassword);
    expect(new Set(made).size).toBe(100);
    for (const password of made) expect(password).toMatch(/^([a-km-np-z2-9]{5}-){4}[a-km-np-z2-9]{5}$/);
  });
});
