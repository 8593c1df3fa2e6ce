/** The rights of a user or a key, as requests have them. */
import * as z from 'zod';
import { limits } from '../limits.ts';
import { type AccessRole, isAtLeast, leastRoleOf, SCOPES, type Scope } from '../model/access.ts';
import { trimKey } from '../model/characters.ts';

const hub = z
  .string()
  .max(limits.maxTextChars, `is longer than ${limits.maxTextChars} characters`)
  .transform(trimKey)
  .pipe(z.string().min(1, 'is empty'));

const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .min(1, 'is empty: leave it out, or name some')
    .max(limits.maxHubsOfKey, `has more than ${limits.maxHubsOfKey} entries`)
    .nullable();

/** Null: all. */
export const hubList = listOf(hub);

/** Null: all that the role may have. */
export const scopeList = listOf(z.enum(SCOPES, { error: `is none of ${SCOPES.join(', ')}` }));

/** For `superRefine`: a scope that the role cannot have is a mistake. `whose`: for people. */
export const scopesFitRole =
  (whose: string) =>
  ({ role, scopes }: { role: AccessRole; scopes: readonly Scope[] | null }, context: z.RefinementCtx): void => {
    for (const [i, scope] of (scopes ?? []).entries())
      if (!isAtLeast(role, leastRoleOf(scope)))
        context.addIssue({
          code: 'custom',
          path: ['scopes', i],
          message: `${scope} is of the role ${leastRoleOf(scope)}, the ${whose} has the role ${role}`,
        });
  };
