/**
 * All ways to sign in, as one: which of them is asked is decided by the kind of the credentials. A way that is missing here does not exist.
 */
import type { Config } from '../config.ts';
import { OmsError } from '../errors.ts';
import {
  type Access,
  type AccessPorts,
  type Authenticator,
  type Credentials,
  type Identity,
  refused,
} from './access.ts';
import { byAdminKeyFile } from './by-admin-key-file.ts';
import { KeyAuthenticator } from './by-key.ts';
import { byLocalSocket } from './by-local-socket.ts';
import type { Oidc } from './open-oidc.ts';
import type { UserAccess } from './user-access.ts';

/**
 * Null where access is off, and everybody may do everything. Throws `invalid_configuration`, and `nobody_can_sign_in` when `servesApi` and
 * no request could ever be admitted.
 */
export async function openAccess(
  { access }: Pick<Config, 'access'>,
  { users, oidc, ...ports }: AccessPorts & { users: UserAccess; oidc: Oidc | null },
  servesApi: boolean,
): Promise<Access | null> {
  if (!access.required) return null;
  const ways: Authenticator[] = [
    ...(access.adminKeyFile === null ? [] : [byAdminKeyFile(access.adminKeyFile)]),
    new KeyAuthenticator(ports),
    byLocalSocket,
    ...(oidc === null ? [] : [oidc.tokens]),
    users.tokens,
    users.sessions,
  ];
  if (servesApi && !(await anyKnowsAdmin(ways)))
    throw new OmsError(
      'nobody_can_sign_in',
      'access is required, and nobody could sign in: make a first key with "oms keys create --name first --role admin", name a file with a secret in OMS_ADMIN_KEY_FILE, or an issuer in OMS_OIDC_ISSUER; to let in everybody who reaches this service, set OMS_AUTH=off',
    );
  return {
    identify(credentials) {
      for (const way of ways) if (way.takes(credentials)) return way.identify(credentials);
      return nobody(credentials);
    },
  };
}

async function anyKnowsAdmin(ways: readonly Authenticator[]): Promise<boolean> {
  for (const way of ways) if (await way.knowsAdmin()) return true;
  return false;
}

function nobody({ bearer }: Credentials): Identity {
  if (bearer === null) return { principal: null, refused: null };
  return refused(
    bearer === ''
      ? 'the header Authorization is not of the form "Bearer oms_…": send a key like that'
      : 'what follows "Bearer" is neither a key, which begins with oms_, nor a token',
  );
}
