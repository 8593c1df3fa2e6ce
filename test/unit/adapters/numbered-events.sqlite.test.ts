/** What reading events costs on SQLite, counted in rows. What all event streams share: the contract. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { numberedEvents } from '../../../src/adapters/order-store.sqlite/numbered-events.ts';
import { createSqliteOrderStore } from '../../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading } from '../../../src/adapters/sqlite/database.ts';
import { Writer } from '../../../src/adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from '../../../src/adapters/sqlite-operations.ts';
import { CREATED } from '../../../src/model/event.ts';
import { item, newOrder, toCreate, toMove } from '../../support/changes.ts';
import { temporaryDirectory } from '../../support/service.ts';

test('a replay of new orders reads each change between them once, however many batches it takes', async () => {
  const path = join(await temporaryDirectory(), 'oms.db');
  const thread = await startSqliteWriter(path);
  const [db, writer] = [openForReading(path), new Writer<SqliteOperations>(thread.connect())];
  const store = createSqliteOrderStore({ db, writer, trackStock: false, publishes: false, now: Date.now });
  const [ROUNDS, BATCH] = [8, 10];
  const made: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const ids = Array.from({ length: BATCH }, (_, n) => `A-${round}-${n}`);
    await store.changes.apply(ids.map((id) => toCreate(id, newOrder([item('S')]))));
    await store.changes.apply(ids.map((id) => toMove(id, 'confirmed')));
    made.push(...ids);
  }

  // A connection whose changes say when they are looked at.
  const counting = openForReading(path);
  let looked = 0;
  counting.function('looked', (kind) => {
    looked++;
    return kind;
  });
  counting.exec(`
    create temp view order_changes as select seq, order_no, version, looked(kind) kind, from_status, to_status, touched,
      actor, at, reason, fields, former_file_no, former_row from main.order_changes`);
  const events = numberedEvents(counting, writer);
  const seen: string[] = [];
  for (let last = 0; ; ) {
    const batch = await events.after(last, CREATED, BATCH);
    if (batch.last === last) break;
    last = batch.last;
    seen.push(...batch.events.map(({ orderId }) => orderId));
  }
  expect(seen.sort()).toEqual(made.sort());
  expect(looked).toBe(made.length);

  counting.close();
  await store.close();
  await thread.close();
});
