/**
 * Failed sign-ins get slower and slower: for an address and an e-mail together, and for an address with all e-mails. Nothing is counted
 * for an e-mail alone, so nobody can shut out its owner from elsewhere; and where the owner has signed in before, the failures that others
 * have at the same address with other e-mails do not count. The counters are in the store, for all processes.
 * Source: OWASP, Authentication Cheat Sheet, "Login Throttling"; OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
 */
import { hash } from 'node:crypto';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { SmallRecord, SmallRecords } from '../ports/small-records.ts';

interface Failures {
  count: number;
  /** When the last of them was. */
  lastMs: number;
  /** Its owner has signed in here. */
  known: boolean;
}
type FailuresRecord = SmallRecord<Failures>;

interface Pace {
  free: number;
  firstMs: number;
  longestMs: number;
}

export class SignInThrottle {
  readonly #records: SmallRecords;
  readonly #clock: Clock;

  constructor(records: SmallRecords, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  /** Throws `rate_limited` when a sign-in has to wait. */
  async check(email: string, address: string): Promise<void> {
    const pair = await this.#read(pairId(email, address));
    this.#mustNotWait(pair, limits.signInPaceOfEmail);
    if (!pair.data.known) this.#mustNotWait(await this.#read(addressId(address)), limits.signInPaceOfAddress);
  }

  /** Before the password is known to be right, so that many attempts at the same moment count as many. Throws `rate_limited`. */
  attempt(email: string, address: string): Promise<void> {
    return this.#count(pairId(email, address), limits.signInPaceOfEmail);
  }

  failed(address: string): Promise<void> {
    return this.#count(addressId(address), null);
  }

  async succeeded(email: string, address: string): Promise<void> {
    const { version, id } = await this.#read(pairId(email, address));
    // Whoever counted a failure meanwhile wins: one more or less does no harm.
    await this.#records.put(this.#record(id, version + 1, { count: 0, lastMs: this.#clock.now(), known: true }));
  }

  async #count(id: string, pace: Pace | null): Promise<void> {
    for (let round = 0; round < limits.accessRounds; round++) {
      const record = await this.#read(id);
      if (pace) this.#mustNotWait(record, pace);
      const { count, known } = record.data;
      const counted = { count: count + 1, lastMs: this.#clock.now(), known };
      if (await this.#records.put(this.#record(id, record.version + 1, counted))) return;
    }
    throw tooOften(1);
  }

  /** Of version 0 when there is none. What was long ago is forgotten. */
  async #read(id: string): Promise<FailuresRecord> {
    const found = await this.#records.get<Failures>('failures', id);
    const none = { count: 0, lastMs: 0, known: false };
    if (!found) return this.#record(id, 0, none);
    const now = this.#clock.now();
    if (found.expiresMs !== null && found.expiresMs <= now) return { ...found, data: none };
    if (now - found.data.lastMs >= limits.failuresKeptMs) return { ...found, data: { ...found.data, count: 0 } };
    return found;
  }

  #record(id: string, version: number, data: Failures): FailuresRecord {
    const keptMs = data.known ? limits.knownAddressMs : limits.failuresKeptMs;
    return { kind: 'failures', id, version, owner: null, expiresMs: data.lastMs + keptMs, data };
  }

  #mustNotWait({ data: { count, lastMs } }: FailuresRecord, { free, firstMs, longestMs }: Pace): void {
    if (count < free) return;
    const waitMs = Math.min(longestMs, firstMs * 2 ** (count - free)) - (this.#clock.now() - lastMs);
    if (waitMs > 0) throw tooOften(Math.ceil(waitMs / 1000));
  }
}

/** Neither names a person, and both are short. */
const pairId = (email: string, address: string) => `pair_${hash('sha256', `${address} ${email}`, 'base64url')}`;
const addressId = (address: string) => `address_${hash('sha256', address, 'base64url')}`;

const tooOften = (seconds: number) =>
  new OmsError('rate_limited', `too many failed sign-ins from this address: try again in ${seconds} s`, {
    details: { retry_after: seconds },
  });
