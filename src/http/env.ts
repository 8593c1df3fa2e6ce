/** What Hono carries along with a request. */
import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Identity } from '../access/access.ts';
import type { Principal } from '../model/access.ts';
import type { Permission } from './permissions.ts';

/** See `access-guard.ts`. */
export interface Guard {
  /** False where access is off. */
  readonly isLimiting: boolean;
  identify(c: Context<HttpEnv>): Identity | Promise<Identity>;
  /** As it is now, however often it was asked for. */
  identifyAgain(c: Context<HttpEnv>): Identity | Promise<Identity>;
  admit(c: Context<HttpEnv>, permission: Permission): void | Promise<void>;
}

type Sender = Pick<IncomingMessage, 'socket' | 'headers'>;

/** See `client-address.ts`. */
export interface ForwardedBy {
  clientOf(request: Sender): string;
  isSecure(request: Sender): boolean;
}

export interface HttpEnv {
  /** `local`: the request came over the socket of the owner. */
  Bindings: HttpBindings & { local?: boolean };
  Variables: {
    guard: Guard;
    proxies: ForwardedBy;
    /** Once it was asked for. */
    identity: Identity | Promise<Identity> | undefined;
    /** Once the request was admitted. */
    principal: Principal;
    /** The code of the problem that is the response. */
    problem: string | undefined;
    /** See `audit-trail.ts`. */
    auditTarget: string | undefined;
  };
}
