/**
 * Whose share of places a request takes: the principal's; where access is off, and for those who have not signed in, the address's. One
 * principal is a person or a program, but behind one address may be all clients, so the shares differ.
 */
import type { Context } from 'hono';
import { Running } from '../access/running.ts';
import { OmsError } from '../errors.ts';
import { clientAddress, networkOf } from './client-address.ts';
import type { HttpEnv } from './env.ts';
import type { Owner } from './places.ts';

interface Shares {
  ofPrincipal: number;
  ofAddress: number;
}

/** Once the request was identified. */
export function ownerOf(c: Context<HttpEnv>, { ofPrincipal, ofAddress }: Shares): Owner & { isPrincipal: boolean } {
  const name = nameOf(c);
  return name === null
    ? { owner: networkOf(clientAddress(c)), share: ofAddress, isPrincipal: false }
    : { owner: name, share: ofPrincipal, isPrincipal: true };
}

/** For a principal whose share is taken: it is not the service that has no place. `what`: in the plural. */
export const shareTaken = ({ owner, share }: Owner, what: string): OmsError =>
  new OmsError(
    'rate_limited',
    `${owner} may have ${share} ${what} at the same time: send this one when another has ended`,
    {
      retryable: true,
    },
  );

/** Bounds what runs, or waits to run, for one principal at the same time, so that it leaves the places of all to others. */
export class PrincipalShare {
  readonly #share: number;
  readonly #what: string;
  readonly #running: Running;

  /** `what`: in the plural. */
  constructor(share: number, what: string) {
    this.#share = share;
    this.#what = what;
    this.#running = new Running(share);
  }

  /** Throws `rate_limited`, and what the work throws. */
  async run<Result>(c: Context<HttpEnv>, work: () => Promise<Result>): Promise<Result> {
    const owner = nameOf(c);
    if (owner === null) return work();
    return this.#running.run(owner, work, () => shareTaken({ owner, share: this.#share }, this.#what));
  }
}

/** Null for nobody, and where access is off. */
function nameOf(c: Context<HttpEnv>): string | null {
  const identity = c.get('identity');
  return identity && 'principal' in identity ? (identity.principal?.name ?? null) : null;
}
