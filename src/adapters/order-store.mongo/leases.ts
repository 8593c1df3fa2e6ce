/** Leases as documents: one can be taken when it is free, expired, or held by the caller. */
import type { Leases } from '../../ports/leases.ts';
import type { Database } from './database.ts';
import { isDuplicateKey } from './errors.ts';

export function createLeases({ leases }: Database, now: () => number): Leases {
  return {
    async take(name, holder, leaseMs) {
      const time = now();
      const until = new Date(time + leaseMs);
      const { matchedCount } = await leases.updateOne(
        { _id: name, $or: [{ holder }, { until: { $lt: new Date(time) } }] },
        { $set: { holder, until } },
      );
      if (matchedCount === 1) return true;
      try {
        await leases.insertOne({ _id: name, holder, until });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return false;
      }
    },
    async release(name, holder) {
      await leases.deleteOne({ _id: name, holder });
    },
  };
}
