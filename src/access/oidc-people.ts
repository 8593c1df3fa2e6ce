/**
 * People, and programs, whom an issuer knows. What they may do here follows from a claim, by the configuration of now. Somebody is named by
 * the subject: an address, or a name, may be another person's tomorrow.
 * Source: OpenID Connect Core 1.0, sections 5.1 and 5.7 (only issuer and subject together are an identifier that stays).
 */
import type { AccessRole, Principal } from '../model/access.ts';
import { ACCESS_ROLES } from '../model/access.ts';
import { lowerAscii } from '../model/views.ts';
import type { OidcSettings } from '../oidc-settings.ts';
import { type Identity, refused } from './access.ts';
import { TokenRefused } from './oidc-refusals.ts';
import { isEmail } from './users.ts';

export interface OidcPerson {
  issuer: string;
  subject: string;
  /** In lower case; null unless the issuer has verified it. */
  email: string | null;
  /** Of the claim of roles: those that were mapped. */
  roles: readonly string[];
}

const PREFIX = 'oidc:';
/** OpenID Connect Core 1.0, section 2: at most 255 ASCII characters. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/;

const NO_ROLE = 'the issuer gives you none of the roles that this service knows: ask who administers it';
const NO_EMAIL = 'customers need an e-mail address that the issuer has verified, and yours is not';
const ANOTHER = 'the session is of an issuer that is not asked any more: sign in again';

export class OidcPeople {
  readonly #settings: Pick<OidcSettings, 'issuer' | 'roleClaim' | 'roles'>;

  constructor(settings: Pick<OidcSettings, 'issuer' | 'roleClaim' | 'roles'>) {
    this.#settings = settings;
  }

  /** `claims`: of a token that was verified. Throws `TokenRefused` for somebody who may do nothing here. */
  personOf(claims: Record<string, unknown>): OidcPerson {
    const { sub, email, email_verified } = claims;
    if (typeof sub !== 'string' || !SUBJECT.test(sub))
      throw new TokenRefused('the token does not say whose it is: its subject is no text of 1 to 255 ASCII characters');
    const address = typeof email === 'string' ? lowerAscii(email) : '';
    const person = {
      issuer: this.#settings.issuer,
      subject: sub,
      email: email_verified === true && isEmail(address) ? address : null,
      roles: textsOf(claimAt(claims, this.#settings.roleClaim)).filter((value) => this.#settings.roles.has(value)),
    };
    const identity = this.identityOf(person);
    if (identity.principal === null) throw new TokenRefused(identity.refused!);
    return person;
  }

  /** By the roles as they are mapped now. */
  identityOf({ issuer, subject, email, roles }: OidcPerson): Identity {
    if (issuer !== this.#settings.issuer) return refused(ANOTHER);
    const mapped = new Set<AccessRole | undefined>(roles.map((value) => this.#settings.roles.get(value)));
    const role = ACCESS_ROLES.findLast((one) => mapped.has(one));
    if (role === undefined) return refused(NO_ROLE);
    if (role === 'customer' && email === null) return refused(NO_EMAIL);
    return { principal: { name: `${PREFIX}${subject}`, role, scopes: null, hubs: null, email } };
  }
}

/** What belongs to somebody whom the issuer knows; null for others. */
export const ownerOf = ({ name }: Principal): string | null => (name?.startsWith(PREFIX) ? name : null);

const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');

/** By a name, which may have dots itself, as `https://example.com/roles` has, or one after the other. */
function claimAt(claims: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
