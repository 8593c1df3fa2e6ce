/** Users of two processes on one store, by a clock of the test's own, with hashes that cost next to nothing. */
import { pino } from 'pino';
import { UserAccess } from '../../src/access/user-access.ts';
import type { NewUser } from '../../src/access/users.ts';
import { ANYBODY, type Principal } from '../../src/model/access.ts';
import { type Clock, systemClock } from '../../src/ports/clock.ts';
import { sqliteOrderStore } from './adapters/sqlite.ts';

export const CHEAP = { memoryKib: 8, passes: 1, lanes: 1 };
export const PASSWORD = 'correct horse battery';
export const EMAIL = 'ada@example.com';
export const HOME = '192.0.2.1';

export interface TestClock extends Clock {
  pass(ms: number): void;
  /** Of all that slept. */
  sleptMs: number;
}

export function testClock(): TestClock {
  let nowMs = Date.parse('2026-11-20T12:00:00Z');
  return {
    ...systemClock,
    sleptMs: 0,
    now: () => nowMs,
    pass(ms) {
      nowMs += ms;
    },
    async sleep(ms) {
      this.sleptMs += ms;
      nowMs += ms;
    },
  };
}

export async function openUsers() {
  const { first, second, close } = await sqliteOrderStore.open();
  const clock = testClock();
  const logger = pino({ level: 'silent' });
  const [here, there] = [first, second].map((store) => new UserAccess({ store, clock, logger, people: null }, CHEAP));
  return {
    store: first,
    clock,
    here: here!,
    there: there!,
    close,
    create: (values: Partial<ReturnType<typeof newUser>> = {}, by: Principal = ANYBODY) =>
      here!.create({ ...newUser(), ...values }, by, HOME),
  };
}

export type TestUsers = Awaited<ReturnType<typeof openUsers>>;

export const newUser = (): NewUser & { password: string } => ({
  ...{ email: EMAIL, password: PASSWORD, role: 'operator', scopes: null, hubs: null },
  ...{ disabled: false, emailVerified: false },
});

export const attempt = (values: Partial<{ email: string; password: string; address: string }> = {}) => ({
  ...{ email: EMAIL, password: PASSWORD, address: HOME },
  ...values,
});

export const bearer = (token: string) => ({ bearer: token, session: null, local: false });
export const cookie = (value: string) => ({ bearer: null, session: value, local: false });
