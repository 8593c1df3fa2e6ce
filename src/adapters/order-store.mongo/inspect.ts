/** What the server reports about itself, and what OMS misses: for `oms doctor`, `/readyz` and the start. */
import { limits } from '../../limits.ts';
import { type Inspection, type Missing, withoutCredentials } from '../../ports/inspection.ts';
import type { Database } from './database.ts';
import { toOmsError } from './errors.ts';
import { missingIndexes } from './indexes.ts';

const OLDEST_VERSION = [4, 4] as const;
const NO_SUCH_COMMAND = 59;

export async function inspect(database: Database, url: string, now: () => number): Promise<Inspection> {
  const { db } = database;
  const { version } = (await db.admin().command({ buildInfo: 1 })) as { version: string };
  const skewMs = now() - (await serverTime(database));
  const indexes = await missingIndexes(database);
  return {
    engine: `MongoDB ${version}`,
    address: `${withoutCredentials(url)}, database ${db.databaseName}`,
    missing: [...tooOld(version), ...clockSkew(skewMs), ...withoutIndexes(indexes)],
  };
}

async function serverTime({ db }: Database): Promise<number> {
  const admin = db.admin();
  // Compatible services may only know it by its old name.
  const hello = await admin.command({ hello: 1 }).catch((error) => {
    if (error.code !== NO_SUCH_COMMAND) throw toOmsError(error);
    return admin.command({ isMaster: 1 });
  });
  return (hello.localTime as Date).getTime();
}

function tooOld(version: string): Missing[] {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  if (major > OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor >= OLDEST_VERSION[1])) return [];
  return [
    { what: `it is MongoDB ${version}`, cure: `update it to ${OLDEST_VERSION.join('.')} or later`, required: true },
  ];
}

function clockSkew(skewMs: number): Missing[] {
  if (Math.abs(skewMs) <= limits.mongoClockSkewMs) return [];
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return [
    {
      what: `the clock of this machine is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} that of the database`,
      cure: 'set both by NTP, for example `chronyc makestep`',
      required: true,
    },
  ];
}

function withoutIndexes(names: string[]): Missing[] {
  if (names.length === 0) return [];
  return [{ what: `the indexes ${names.join(', ')} are not there`, cure: '`oms start` makes them', required: false }];
}
