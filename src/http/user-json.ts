/** What is sent and answered about users, over HTTP and by `oms users`. */
import * as z from 'zod';
import type { WithPassword } from '../access/user-access.ts';
import type { Rights, User } from '../access/users.ts';
import { limits } from '../limits.ts';
import { ACCESS_ROLES } from '../model/access.ts';
import type { NewUserResponse, UserResponse } from './responses.ts';
import { hubList, scopeList, scopesFitRole } from './rights.ts';

const role = z.enum(ACCESS_ROLES, { error: `is none of ${ACCESS_ROLES.join(', ')}` });
const text = z.string().max(limits.maxTokenChars);

export const newUserBody = z
  .strictObject({
    email: text,
    role,
    ...{ scopes: scopeList.default(null), hubs: hubList.default(null) },
    email_verified: z.boolean().default(false).describe('That the address is this person’s. A customer needs it.'),
    password: text.nullable().default(null).describe('Without one, the response has one that was made.'),
  })
  .superRefine(scopesFitRole('user'))
  .transform(({ email_verified, ...user }) => ({ ...user, emailVerified: email_verified, disabled: false }));

export const userPatchBody = z
  .strictObject({
    role,
    ...{ scopes: scopeList, hubs: hubList },
    ...{ email_verified: z.boolean(), disabled: z.boolean() },
  })
  .partial()
  .transform(
    ({ email_verified, ...change }) =>
      ({ ...change, ...(email_verified !== undefined && { emailVerified: email_verified }) }) as Partial<Rights>,
  );

export const userJson = (user: User): UserResponse => ({
  email: user.email,
  role: user.role,
  scopes: user.scopes && [...user.scopes],
  hubs: user.hubs && [...user.hubs],
  disabled: user.disabled,
  email_verified: user.emailVerified,
  created_at: new Date(user.createdMs).toISOString(),
  created_by: user.createdBy,
});

export const newUserJson = ({ user, password }: WithPassword): NewUserResponse => ({ ...userJson(user), password });
