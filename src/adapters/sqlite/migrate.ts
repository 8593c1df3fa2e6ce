/** Migrates `oms.db` to the schema of this release, in one transaction at the start. */
import type { DatabaseSync } from 'node:sqlite';
import { OmsError } from '../../errors.ts';
import type { Migration } from './schema.ts';
import { transaction } from './transaction.ts';

/** Throws `schema_too_new` where a newer release has migrated it. */
export function migrate(db: DatabaseSync, path: string, known: readonly Migration[]): void {
  const { user_version: version } = db.prepare('pragma user_version').get() as { user_version: number };
  if (version > known.length)
    throw new OmsError(
      'schema_too_new',
      `${path} has schema version ${version}, this release knows up to ${known.length}: start the newer release that wrote it, or restore a backup`,
    );
  if (version === known.length) return;
  transaction(db, () => {
    for (const migration of known.slice(version)) {
      if ('sql' in migration) db.exec(migration.sql);
      else migration.run(db);
    }
    db.exec(`pragma user_version = ${known.length}`);
  });
}
