/** Who opens the socket in the data directory could read and change all of the store anyway. */
import type { Principal } from '../model/access.ts';
import type { Authenticator, Identity } from './access.ts';

export const LOCAL: Principal = { name: 'local', role: 'admin', scopes: null, hubs: null, email: null };

const IDENTITY: Identity = { principal: LOCAL };

export const byLocalSocket: Authenticator = {
  takes: ({ local, bearer }) => local && bearer === null,
  identify: () => IDENTITY,
  // It lets in whoever administers the machine, not clients.
  knowsAdmin: () => false,
};
