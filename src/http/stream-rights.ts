/**
 * A stream may stay open for days. While it is, its client is identified again every few seconds, so that it ends soon after a key was
 * revoked, a role was taken or a session ended; also when the rights only changed, as what is sent depends on them. The client connects
 * again, and gets what it may have then.
 */
import type { Context } from 'hono';
import { limits } from '../limits.ts';
import type { Principal } from '../model/access.ts';
import { principalOf } from './access-guard.ts';
import type { HttpEnv } from './env.ts';

/** Calls `end` once. Returns the function that stops watching. */
export function watchRights(c: Context<HttpEnv>, end: () => void): () => void {
  const guard = c.get('guard');
  if (!guard.isLimiting) return () => {};
  const before = nameRights(principalOf(c));
  let asking = false;
  const timer = setInterval(async () => {
    if (asking) return;
    asking = true;
    try {
      const { principal } = await guard.identifyAgain(c);
      if (principal && nameRights(principal) === before) return;
      clearInterval(timer);
      end();
    } catch {
      // Nobody can take rights in a store that is away. The next time may succeed.
    } finally {
      asking = false;
    }
  }, limits.streamRightsMs);
  return () => clearInterval(timer);
}

const nameRights = ({ name, role, scopes, hubs, email }: Principal): string =>
  JSON.stringify([name, role, scopes, hubs, email]);
