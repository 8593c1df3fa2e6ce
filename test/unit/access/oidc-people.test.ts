/** Whom an issuer knows: which role a claim gives, and that it is that of the configuration of now. */
import { describe, expect, test } from 'vitest';
import { OidcPeople } from '../../../src/access/oidc-people.ts';
import { Sessions } from '../../../src/access/sessions.ts';
import { SignedInUsers } from '../../../src/access/signed-in.ts';
import { limits } from '../../../src/limits.ts';
import type { AccessRole } from '../../../src/model/access.ts';
import { cookie, openUsers } from '../../support/users.ts';

const ISSUER = 'https://id.example.com/';
const peopleOf = (roles: Record<string, AccessRole>, roleClaim = 'roles', issuer = ISSUER) =>
  new OidcPeople({ issuer, roleClaim, roles: new Map(Object.entries(roles)) });
const ROLES = { boss: 'admin', staff: 'operator', all: 'viewer' } as const;

describe('the claim of roles', () => {
  test.each<[string, Record<string, unknown>, string | null]>([
    ['roles', { roles: ['all', 'staff'] }, 'operator'],
    ['roles', { roles: 'boss' }, 'admin'],
    ['realm_access.roles', { realm_access: { roles: ['all'] } }, 'viewer'],
    ['https://example.com/roles', { 'https://example.com/roles': ['boss'] }, 'admin'],
    ['cognito:groups', { 'cognito:groups': ['staff'] }, 'operator'],
    ['a.b', { a: null }, null],
    ['a.b', { a: 'b' }, null],
    ['constructor.name', {}, null],
    ['roles', { roles: { boss: true } }, null],
    ['roles', { roles: [['boss']] }, null],
    ['roles', { roles: 'boss staff' }, null],
    ['roles', { roles: ['Boss', 'toString'] }, null],
  ])('%s of %o', (claim, claims, role) => {
    const people = peopleOf(ROLES, claim);
    const person = () => people.personOf({ sub: 'ada', ...claims });
    if (role === null) expect(person).toThrow('none of the roles');
    else expect(people.identityOf(person()).principal).toMatchObject({ name: 'oidc:ada', role });
  });
});

test('a session ends when its role is not mapped any more, the issuer is another or none, and after a day of work', async () => {
  const { store, clock, here, close } = await openUsers();
  const sessions = (people: OidcPeople | null) =>
    new Sessions(store.smallRecords, new SignedInUsers(here.users, clock), people, clock);
  const person = peopleOf(ROLES).personOf({ sub: 'ada', roles: ['staff'] });
  const value = await sessions(peopleOf(ROLES)).beginOf('oidc:ada', person);
  const roleBy = async (people: OidcPeople | null) =>
    (await sessions(people).identify(cookie(value))).principal?.role ?? null;
  expect(await roleBy(peopleOf(ROLES))).toBe('operator');
  expect(await roleBy(peopleOf({ staff: 'viewer' }))).toBe('viewer');
  expect(await roleBy(peopleOf({ boss: 'admin' }))).toBeNull();
  expect(await roleBy(peopleOf(ROLES, 'roles', 'https://other.example.com/'))).toBeNull();
  expect(await roleBy(null)).toBeNull();
  // However much it is used.
  for (let hours = 0; hours < 11; hours++) {
    clock.pass(60 * 60_000);
    expect(await roleBy(peopleOf(ROLES))).toBe('operator');
  }
  clock.pass(limits.oidcSessionMs - 11 * 60 * 60_000);
  expect(await roleBy(peopleOf(ROLES))).toBeNull();
  await close();
});
