/** The settings of sign-in by an OpenID Connect issuer: how their variables are read, and which of them need each other. */
import * as z from 'zod';
import { ACCESS_ROLES, type AccessRole } from './model/access.ts';
import { isLoopback } from './model/loopback.ts';

export interface OidcSettings {
  /** The URL, as it names itself in its tokens, but perhaps for a slash at the end. */
  readonly issuer: string;
  /** Whom its tokens are for when programs send them; null: such tokens are not taken. */
  readonly audience: string | null;
  /** Who the page is at the issuer; null: nobody signs in there by the page. */
  readonly client: { readonly id: string; readonly secretFile: string | null; readonly scopes: string } | null;
  /** The claim of a token that has the roles: a name, or several with dots between them, one in the other. */
  readonly roleClaim: string;
  /** Roles of this service by values of the claim. */
  readonly roles: ReadonlyMap<string, AccessRole>;
}

/** Keys that came unencrypted could be anybody's. Nothing is between this machine and itself. */
const issuer = z.string().transform((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (isSafe && url.search === '' && url.hash === '' && url.username === '') return url.href;
  context.addIssue({ code: 'custom', message: 'is not the https URL of an issuer, such as https://id.example.com' });
  return z.NEVER;
});

/** `oms-admins=admin,staff=operator`. */
const roles = z.string().transform((list, context) => {
  const mapped = new Map<string, AccessRole>();
  for (const item of list.split(',').map((one) => one.trim())) {
    const [, value = '', role = ''] = /^(.*)=(.*)$/.exec(item) ?? [];
    const known = ACCESS_ROLES.find((one) => one === role.trim());
    if (known && value.trim() !== '' && !mapped.has(value.trim())) mapped.set(value.trim(), known);
    else
      context.addIssue({
        code: 'custom',
        message: `has "${item}", which is not a value of its own, "=" and one of the roles ${ACCESS_ROLES.join(', ')}`,
      });
  }
  return mapped;
});

export const OIDC_VARIABLES = {
  OMS_OIDC_ISSUER: issuer.optional(),
  OMS_OIDC_AUDIENCE: z.string().trim().optional(),
  OMS_OIDC_CLIENT_ID: z.string().trim().optional(),
  OMS_OIDC_SCOPES: z
    .string()
    .trim()
    .refine((scopes) => scopes.split(/ +/).includes('openid'), 'lacks "openid", without which nobody signs in')
    .default('openid email'),
  OMS_OIDC_ROLE_CLAIM: z.string().trim().default('roles'),
  OMS_OIDC_ROLES: roles.optional(),
};

type Values = z.output<z.ZodObject<typeof OIDC_VARIABLES>> & { OMS_OIDC_CLIENT_SECRET_FILE?: string | undefined };

/** For `superRefine`. */
export function checkOidc(values: Values, context: z.RefinementCtx): void {
  const needs = (name: keyof Values, needed: string, why: string) => {
    if (values[name] === undefined) return;
    context.addIssue({ code: 'custom', path: [name], message: `needs ${needed} beside it: ${why}` });
  };
  const { OMS_OIDC_ISSUER, OMS_OIDC_AUDIENCE, OMS_OIDC_CLIENT_ID, OMS_OIDC_ROLES } = values;
  if (OMS_OIDC_CLIENT_ID === undefined)
    needs('OMS_OIDC_CLIENT_SECRET_FILE', 'OMS_OIDC_CLIENT_ID', 'the secret is that of a client');
  if (OMS_OIDC_ISSUER === undefined) {
    for (const name of ['OMS_OIDC_AUDIENCE', 'OMS_OIDC_CLIENT_ID', 'OMS_OIDC_ROLES'] as const)
      needs(name, 'OMS_OIDC_ISSUER', 'it says nothing without an issuer');
    return;
  }
  if (OMS_OIDC_ROLES === undefined)
    needs('OMS_OIDC_ISSUER', 'OMS_OIDC_ROLES', 'nobody has a role here, such as oms-admins=admin');
  if (OMS_OIDC_AUDIENCE === undefined && OMS_OIDC_CLIENT_ID === undefined)
    needs(
      'OMS_OIDC_ISSUER',
      'OMS_OIDC_AUDIENCE, OMS_OIDC_CLIENT_ID or both',
      'programs need the one, the page the other',
    );
}

/** Null without an issuer. */
export function toOidc(values: Values): OidcSettings | null {
  const { OMS_OIDC_ISSUER, OMS_OIDC_CLIENT_ID } = values;
  if (OMS_OIDC_ISSUER === undefined) return null;
  return {
    issuer: OMS_OIDC_ISSUER,
    audience: values.OMS_OIDC_AUDIENCE ?? null,
    client:
      OMS_OIDC_CLIENT_ID === undefined
        ? null
        : {
            id: OMS_OIDC_CLIENT_ID,
            secretFile: values.OMS_OIDC_CLIENT_SECRET_FILE ?? null,
            scopes: values.OMS_OIDC_SCOPES,
          },
    roleClaim: values.OMS_OIDC_ROLE_CLAIM,
    roles: values.OMS_OIDC_ROLES!,
  };
}
