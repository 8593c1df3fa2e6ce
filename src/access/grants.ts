/** Who gives rights, to a key or to a user, gives nothing that they do not have themselves, and is not limited to hubs. */
import { OmsError } from '../errors.ts';
import { may, type Principal, rightsOf } from '../model/access.ts';

export type Grant = Pick<Principal, 'role' | 'scopes' | 'hubs'>;

/** Throws `forbidden` where the grant has a right that the principal does not have. */
export function mayGrant(by: Principal, grant: Grant): void {
  const right = rightsOf(grant).find((scope) => !may(by, scope));
  if (right !== undefined) throw more(`the right "${right}"`, right);
  if (by.hubs !== null) throw more('all hubs', 'hub:*');
}

const more = (what: string, needs: string) =>
  new OmsError('forbidden', `nobody gives, changes or takes more than they have themselves: you do not have ${what}`, {
    details: { needs },
  });
