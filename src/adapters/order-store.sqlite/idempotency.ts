/**
 * Idempotency keys: the result of a request with a key is kept for a day, so that a repetition of the request gets the same response.
 * Source: the IETF draft "The Idempotency-Key HTTP Header Field".
 */
import { limits } from '../../limits.ts';
import type { Database } from '../sqlite/database.ts';

export function idempotencyKeys(db: Database) {
  const find = db.prepare(
    'select fingerprint, answer from idempotency_keys where scope = ? and key = ? and created_at > ?',
  );
  const insert = db.prepare(
    'insert or replace into idempotency_keys (scope, key, fingerprint, answer, created_at) values (?, ?, ?, ?, ?)',
  );
  const forget = db.prepare('delete from idempotency_keys where created_at <= ?');
  return {
    find(scope: string, key: string | null, now: number): { fingerprint: string; answer: string } | null {
      if (key === null) return null;
      return (find.get(scope, key, now - limits.idempotencyKeyMs) as never) ?? null;
    },
    record(scope: string, key: string | null, fingerprint: string, answer: string, now: number): void {
      if (key === null) return;
      forget.run(now - limits.idempotencyKeyMs);
      insert.run(scope, key, fingerprint, answer, now);
    },
  };
}
