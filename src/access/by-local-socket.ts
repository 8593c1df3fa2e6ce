/** Who opens the socket in the data directory could read and change all of the store anyway. */
import type { Authenticator } from './access.ts';

export const byLocalSocket: Authenticator = {
  takes: ({ local, bearer }) => local && bearer === null,
  identify: () => ({ principal: { name: 'local', role: 'admin', scopes: null, hubs: null, email: null } }),
  // It lets in whoever administers the machine, not clients.
  knowsAdmin: () => false,
};
