/** What Hono carries along with a request. */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Identity } from '../access/access.ts';
import type { Principal } from '../model/access.ts';
import type { Permission } from './permissions.ts';

/** See `access-guard.ts`. */
export interface Guard {
  identify(c: Context<HttpEnv>): Identity | Promise<Identity>;
  admit(c: Context<HttpEnv>, permission: Permission): void | Promise<void>;
}

export interface HttpEnv {
  Bindings: HttpBindings;
  Variables: {
    guard: Guard;
    /** Once it was asked for. */
    identity: Identity | Promise<Identity> | undefined;
    /** Once the request was admitted. */
    principal: Principal;
  };
}
