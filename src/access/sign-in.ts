/**
 * Checks an e-mail address with its password. Whoever does not get in learns nothing: an unknown address, a disabled user and a wrong
 * password take the same work and have the same answer.
 */
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { PasswordHashes } from './password-hash.ts';
import { checkPassword, normalized } from './password-rules.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';
import { emailKey, newGeneration, type User, type Users } from './users.ts';

export interface PasswordAttempt {
  email: string;
  password: string;
  /** Of the client: of IPv4, or the network of one of IPv6. */
  address: string;
}

export class SignIn {
  readonly #users: Users;
  readonly #hashes: PasswordHashes;
  readonly #throttle: SignInThrottle;

  constructor(users: Users, hashes: PasswordHashes, throttle: SignInThrottle) {
    this.#users = users;
    this.#hashes = hashes;
    this.#throttle = throttle;
  }

  /** Throws `sign_in_failed`, `rate_limited`, `too_many_sign_ins`. */
  async byPassword({ email, password, address }: PasswordAttempt): Promise<User> {
    const user = await this.#checked(emailKey(email), password, address);
    if (user === null)
      throw new OmsError('sign_in_failed', 'the e-mail address or the password is wrong, or the user is disabled');
    return user;
  }

  /** Replaces the password and ends all that was signed in. Throws `wrong_password`, `password_refused` and as above. */
  async changePassword(attempt: PasswordAttempt, newPassword: string): Promise<User> {
    checkPassword(newPassword, attempt.email);
    const user = await this.#checked(attempt.email, attempt.password, attempt.address);
    if (user === null) throw wrongPassword();
    const made = await this.hash(newPassword, attempt.address);
    return this.#users.changeOwn(user.email, ({ password }) => {
      if (password !== user.password) throw wrongPassword();
      return { password: made, generation: newGeneration() };
    });
  }

  /** Throws `too_many_sign_ins`. */
  hash(password: string, address: string): Promise<string> {
    return this.#hashes.inTurn(address, () => this.#hashes.make(normalized(password)));
  }

  /** The user whose password it is. */
  async #checked(email: string, password: string, address: string): Promise<User | null> {
    // Before it takes a place among those who wait.
    await this.#throttle.check(email, address);
    return this.#hashes.inTurn(address, async () => {
      await this.#throttle.attempt(email, address);
      const user = await this.#users.find(email);
      // What is longer is nobody's, and hashing it may take long.
      const given = password.length > limits.maxPasswordChars * 4 ? '' : normalized(password);
      const matches = await this.#hashes.matches(user?.password ?? null, given);
      if (!user || !matches || user.disabled) {
        await this.#throttle.failed(address);
        return null;
      }
      await this.#throttle.succeeded(email, address);
      return this.#hashes.isOutdated(user.password!) ? this.#rehashed(user, given) : user;
    });
  }

  /** Unless the password was changed meanwhile. */
  async #rehashed(user: User, password: string): Promise<User> {
    const made = await this.#hashes.make(password);
    return this.#users.changeOwn(user.email, (now) => (now.password === user.password ? { password: made } : {}));
  }
}

const wrongPassword = () => new OmsError('wrong_password', 'the old password is wrong: nothing was changed');
