/** What is sent and answered about keys, over HTTP and by `oms keys`. */
import * as z from 'zod';
import type { AccessPorts } from '../access/access.ts';
import type { Key, NewKey } from '../access/keys.ts';
import { limits } from '../limits.ts';
import { ACCESS_ROLES } from '../model/access.ts';
import { timeIn, wireForms } from './parameters.ts';
import type { KeyResponse, NewKeyResponse } from './responses.ts';
import { hubList, scopeList, scopesFitRole } from './rights.ts';

const roleOfKey = z
  .enum(ACCESS_ROLES, { error: `is none of ${ACCESS_ROLES.slice(1).join(', ')}` })
  .transform((role, context) => {
    if (role !== 'customer') return role;
    context.addIssue({ code: 'custom', message: 'customers are users with a verified e-mail, never keys' });
    return z.NEVER;
  })
  .register(wireForms, { enum: ACCESS_ROLES.slice(1) });

/** No character that could change a line of a log, a terminal or a header. */
const nameOfKey = z
  .string()
  .trim()
  .min(1, 'is empty')
  .max(limits.maxKeyNameChars, `is longer than ${limits.maxKeyNameChars} characters`)
  .regex(/^\P{C}*$/u, 'has characters that cannot be seen');

export const newKeyBody = (timeZone: string, ports: AccessPorts) =>
  z
    .strictObject({
      name: nameOfKey,
      role: roleOfKey,
      scopes: scopeList.default(null),
      hubs: hubList.default(null),
      expires_at: z
        .union([timeIn(timeZone), z.null()])
        .default(null)
        .refine((ms) => ms === null || ms > ports.clock.now(), 'is over'),
    })
    .superRefine(scopesFitRole('key'));

export const rotateBody = z.strictObject({
  valid_for_seconds: z
    .int()
    .min(0)
    .max(limits.maxRotatedKeySeconds)
    .default(limits.rotatedKeySeconds)
    .describe('How long the secret that it has is taken.'),
});

export const keyJson = (key: Key): KeyResponse => ({
  id: key.id,
  name: key.name,
  role: key.role,
  scopes: key.scopes && [...key.scopes],
  hubs: key.hubs && [...key.hubs],
  created_at: timeOf(key.createdMs),
  created_by: key.createdBy,
  expires_at: timeOf(key.expiresMs),
  last_used_at: timeOf(key.lastUsedMs),
  old_secret_until: timeOf(key.beforeUntilMs),
});

export const newKeyJson = ({ text, ...key }: NewKey): NewKeyResponse => ({ key: text, ...keyJson(key) });

function timeOf(ms: number): string;
function timeOf(ms: number | null): string | null;
function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
