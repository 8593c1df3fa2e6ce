/**
 * How passwords are kept: argon2id in the PHC string format, which names its parameters, so that they can rise. Hashing takes memory and a
 * thread for some 50 ms: few run at the same time, few wait, and one address cannot have all their places.
 * Source: OWASP, Password Storage Cheat Sheet, argon2id (19 MiB, 2 passes, 1 lane); RFC 9106; the PHC string format, version 1. Node's
 * own `argon2`, since 24.7: "release candidate" (1.2) in the documents of Node 24, stable in those of later ones.
 */
import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { Running } from './running.ts';

export interface HashCost {
  memoryKib: number;
  passes: number;
  lanes: number;
}

const COST: HashCost = { memoryKib: 19_456, passes: 2, lanes: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,4}),p=(\d{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

const derive = promisify(argon2) as (algorithm: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>;

export class PasswordHashes {
  readonly #cost: HashCost;
  readonly #turns = bulkhead(limits.passwordHashesAtOnce, limits.passwordHashesQueued);
  readonly #ofAddresses = new Running(limits.passwordHashesOfAddress);

  constructor(cost: HashCost = COST) {
    this.#cost = cost;
  }

  /**
   * Carries out work that hashes, when it is its turn. Throws `too_many_sign_ins` when too many wait, or of this address, and what the
   * work throws.
   */
  inTurn<Result>(address: string, work: () => Promise<Result>): Promise<Result> {
    const turn = async () => {
      try {
        return await this.#turns.execute(work);
      } catch (error) {
        throw error instanceof BulkheadRejectedError ? tooMany() : error;
      }
    };
    return this.#ofAddresses.run(address, turn, tooMany);
  }

  async make(password: string): Promise<string> {
    const { memoryKib, passes, lanes } = this.#cost;
    const salt = randomBytes(SALT_BYTES);
    const tag = await hashed(password, salt, this.#cost, TAG_BYTES);
    return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${base64(salt)}$${base64(tag)}`;
  }

  /** `stored`: null for nobody, which takes the same work. */
  async matches(stored: string | null, password: string): Promise<boolean> {
    const parsed = stored === null ? null : parse(stored);
    const { cost, salt, tag } = parsed ?? {
      ...{ cost: this.#cost, salt: randomBytes(SALT_BYTES), tag: randomBytes(TAG_BYTES) },
    };
    const isSame = timingSafeEqual(await hashed(password, salt, cost, tag.length), tag);
    return isSame && parsed !== null;
  }

  /** Whether it was made with other parameters than a new one. */
  isOutdated(stored: string): boolean {
    const { cost } = parse(stored);
    return (
      cost.memoryKib !== this.#cost.memoryKib || cost.passes !== this.#cost.passes || cost.lanes !== this.#cost.lanes
    );
  }
}

const hashed = (message: string, nonce: Buffer, { memoryKib, passes, lanes }: HashCost, tagLength: number) =>
  derive('argon2id', { message, nonce, memory: memoryKib, passes, parallelism: lanes, tagLength });

function parse(stored: string): { cost: HashCost; salt: Buffer; tag: Buffer } {
  const [, memory, passes, lanes, salt, tag] = PHC.exec(stored) ?? [];
  if (tag === undefined) throw new Error('a stored password is no PHC string of argon2id');
  return {
    cost: { memoryKib: Number(memory), passes: Number(passes), lanes: Number(lanes) },
    salt: Buffer.from(salt!, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

/** Without padding, as the format says. */
const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

const tooMany = () =>
  new OmsError('too_many_sign_ins', 'too many passwords are being checked: try again in a moment', { retryable: true });
