/** What tests on MongoDB that run at the same time rely on, whichever server it is. */
import { type Document, MongoClient } from 'mongodb';
import { describe, expect, inject, test } from 'vitest';
import { newDatabaseUrl } from '../../support/adapters/mongo.ts';

const { mongo, why } = inject('engines');
const OTHERS = 16;
const DOCUMENTS = 10_000;
/** Nothing has it, so all are compared with all of these. */
const SLOW_QUERY: Document = { $or: Array.from({ length: 100 }, (_, n) => ({ text: { $regex: `^x+${n}$` } })) };

describe.skipIf(why.mongo !== undefined)('MongoDB', () => {
  test('a query that takes long holds up no other connection', async () => {
    const clients = Array.from(
      { length: 1 + OTHERS },
      () => new MongoClient(newDatabaseUrl(mongo!), { maxPoolSize: 1 }),
    );
    const [slow, ...others] = clients as [MongoClient, ...MongoClient[]];
    const collection = slow.db().collection('texts');
    await collection.insertMany(Array.from({ length: DOCUMENTS }, (_, n) => ({ text: `${'x'.repeat(20)}${n}y` })));
    const ask = () => Promise.all(others.map((client) => client.db().command({ ping: 1 })));
    await ask();

    let ended = false;
    const query = collection.countDocuments(SLOW_QUERY).finally(() => {
      ended = true;
    });
    await ask();
    expect(ended).toBe(false);
    expect(await query).toBe(0);
    await slow.db().dropDatabase();
    for (const client of clients) await client.close();
  });
});
