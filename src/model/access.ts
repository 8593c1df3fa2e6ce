/**
 * Who may do what. A principal has a role; scopes may narrow it; hubs, and for customers their e-mail, limit what it sees. Each scope has the
 * least role that may have it, so a right is one name: the permission of a route is its scope.
 */

/** From the least to the most. */
export const ACCESS_ROLES = ['customer', 'viewer', 'operator', 'admin'] as const;
export type AccessRole = (typeof ACCESS_ROLES)[number];

const LEAST_ROLE = {
  'orders:read': 'customer',
  'events:read': 'customer',
  'files:read': 'viewer',
  'stock:read': 'viewer',
  'stats:read': 'viewer',
  'ops:read': 'viewer',
  /** Adds to a viewer, who sees no names, e-mails and addresses without it. All other scopes narrow. */
  'personal:read': 'viewer',
  'files:write': 'operator',
  'orders:write': 'operator',
  'stock:write': 'operator',
  'orders:delete': 'admin',
  'ops:write': 'admin',
  'access:write': 'admin',
  'audit:read': 'admin',
} as const satisfies Record<string, AccessRole>;
export type Scope = keyof typeof LEAST_ROLE;
export const SCOPES = Object.keys(LEAST_ROLE) as Scope[];

export interface Principal {
  /** `key:<id>`, `user:<e-mail>`, …: the actor of its changes. Null where access is off. */
  readonly name: string | null;
  readonly role: AccessRole;
  /** Null: all that the role may have. */
  readonly scopes: readonly Scope[] | null;
  /** The only hubs that it works with; null: all. */
  readonly hubs: readonly string[] | null;
  /** The verified address of a person, in lower case. */
  readonly email: string | null;
}

/** Everybody, where access is off. */
export const ANYBODY: Principal = { name: null, role: 'admin', scopes: null, hubs: null, email: null };

export const isAtLeast = (role: AccessRole, least: AccessRole): boolean =>
  ACCESS_ROLES.indexOf(role) >= ACCESS_ROLES.indexOf(least);

export const leastRoleOf = (scope: Scope): AccessRole => LEAST_ROLE[scope];

/** Whether role and scopes both allow it. */
export function may({ role, scopes }: Pick<Principal, 'role' | 'scopes'>, scope: Scope): boolean {
  if (!isAtLeast(role, LEAST_ROLE[scope])) return false;
  if (scope === 'personal:read') return isAtLeast(role, 'operator') || (scopes?.includes(scope) ?? false);
  const narrowing = scopes?.filter((one) => one !== 'personal:read') ?? [];
  return narrowing.length === 0 || narrowing.includes(scope);
}

/** Whether it may administer keys and users, who are of all hubs. */
export const mayAdminister = (one: Pick<Principal, 'role' | 'scopes' | 'hubs'>): boolean =>
  may(one, 'access:write') && one.hubs === null;

/** All that it may do. */
export const rightsOf = (principal: Pick<Principal, 'role' | 'scopes'>): Scope[] =>
  SCOPES.filter((scope) => may(principal, scope));

/** Which orders, files and stock a principal sees, and what of them. */
export interface View {
  /** Only what is about these hubs; null: all. */
  readonly hubs: readonly string[] | null;
  /** Only orders of this customer; null: all. */
  readonly email: string | null;
  /** Whether names, e-mails and addresses are shown. */
  readonly personal: boolean;
}

export const viewOf = (principal: Principal): View => ({
  hubs: principal.hubs,
  email: principal.role === 'customer' ? (principal.email ?? '') : null,
  personal: principal.role === 'customer' || may(principal, 'personal:read'),
});

export const EVERYTHING: View = viewOf(ANYBODY);

/** Whether a view shows everything. */
export const sees = {
  everything: (view: View): boolean => sees.allOrders(view) && view.personal,
  /** Though not all of them. */
  allOrders: ({ hubs, email }: Pick<View, 'hubs' | 'email'>): boolean => hubs === null && email === null,
};
