/**
 * Refresh tokens. Each is used once and replaced by the next of its family; a family is what one sign-in made, and ends after some weeks.
 * The next secret follows from the one before by a key of the family, and of the newest only a hash is stored: the store alone gives away
 * no token, and an older token is recognised by deriving forward from it. One that was used before ends the family, as a thief and the
 * owner both have had it. Only a short time after its use it is answered with the same next token again: a client sent it twice, or never
 * got the answer. A thief gains nothing by that, as either of the two is the second to use the next token.
 * Source: RFC 9700, section 4.14.2 (rotation, detection of reuse); OAuth 2.0 for Browser-Based Apps.
 */
import { createHmac } from 'node:crypto';
import type { Logger } from 'pino';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { newId } from '../model/new-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { SmallRecord, SmallRecords } from '../ports/small-records.ts';
import { hashOfSecret, isSecretOf, newSecret } from './secret.ts';
import { endOldest, type SignedIn } from './signed-in.ts';
import type { User, Users } from './users.ts';

interface Family {
  generation: string;
  /** Derives each secret from the one before. Base64. */
  derivationKey: string;
  /** Of the newest secret, whose number it is. Base64. */
  hash: string;
  number: number;
  rotatedMs: number;
}
type FamilyRecord = SmallRecord<Family>;

const TOKEN = /^omsr_(tf_[0-9a-z]{21})_(\d{1,9})_([\w-]{43})$/;

export class TokenFamilies {
  readonly #records: SmallRecords;
  readonly #users: Users;
  readonly #clock: Clock;
  readonly #logger: Pick<Logger, 'warn'>;

  constructor(records: SmallRecords, users: Users, clock: Clock, logger: Pick<Logger, 'warn'>) {
    this.#records = records;
    this.#users = users;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The first refresh token of a sign-in. A user with too many families loses the oldest. */
  async begin({ userId, generation }: SignedIn): Promise<string> {
    const now = this.#clock.now();
    const id = newId('tf', now);
    const secret = newSecret();
    const data = {
      ...{ generation, derivationKey: newSecret().toString('base64'), hash: hashOfSecret(secret) },
      ...{ number: 1, rotatedMs: now },
    };
    await endOldest(this.#records, 'token-family', userId);
    await this.#records.put({
      ...{ kind: 'token-family', id, version: 1, owner: userId, expiresMs: now + limits.tokenFamilyMs, data },
    });
    return tokenOf(id, 1, secret);
  }

  /** The user, and the next refresh token. Throws `sign_in_failed`. */
  async refresh(token: string): Promise<{ user: User; token: string }> {
    const [, id, number, secret] = TOKEN.exec(token) ?? [];
    if (id === undefined) throw ended();
    for (let round = 0; round < limits.accessRounds; round++) {
      const record = await this.#records.get<Family>('token-family', id);
      const now = this.#clock.now();
      if (!record || record.expiresMs! <= now) throw ended();
      const { data } = record;
      const given = Buffer.from(secret!, 'base64url');
      if (!isOf(data, Number(number), given)) throw ended();
      const user = await this.#users.byId(record.owner!);
      if (!user || user.disabled || user.generation !== data.generation) throw ended();
      const next = derive(data, given, 1);
      const nextToken = tokenOf(id, Number(number) + 1, next);
      if (Number(number) === data.number) {
        const rotated = { ...data, hash: hashOfSecret(next), number: data.number + 1, rotatedMs: now };
        if (await this.#records.put({ ...record, version: record.version + 1, data: rotated }))
          return { user, token: nextToken };
        // Another request was first: this one is judged again.
      } else if (Number(number) === data.number - 1 && now - data.rotatedMs < limits.refreshAgainMs)
        return { user, token: nextToken };
      else return this.#end(record);
    }
    throw new OmsError('store_contention', 'the refresh token is being used by others: try again', { retryable: true });
  }

  async #end({ id, owner }: FamilyRecord): Promise<never> {
    await this.#records.delete('token-family', id);
    this.#logger.warn(
      { user_id: owner, family: id },
      'a refresh token was used again later: all of its family are ended',
    );
    throw ended();
  }
}

/** Whether it is the secret of this number, the newest or one before. */
function isOf(family: Family, number: number, secret: Buffer): boolean {
  const steps = family.number - number;
  if (steps < 0 || steps > limits.refreshesRecognised) return false;
  return isSecretOf(family.hash, derive(family, secret, steps));
}

function derive({ derivationKey }: Family, secret: Buffer, steps: number): Buffer {
  const key = Buffer.from(derivationKey, 'base64');
  let derived = secret;
  for (let step = 0; step < steps; step++) derived = createHmac('sha256', key).update(derived).digest();
  return derived;
}

const tokenOf = (id: string, number: number, secret: Buffer): string =>
  `omsr_${id}_${number}_${secret.toString('base64url')}`;

const ended = () =>
  new OmsError('sign_in_failed', 'the refresh token is unknown, was used before or has ended: sign in again');
