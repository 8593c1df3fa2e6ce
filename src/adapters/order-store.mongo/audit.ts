/** The audit log, on MongoDB: a document for each entry. */
import type { Filter } from 'mongodb';
import { limits } from '../../limits.ts';
import type { AuditEntry } from '../../model/audit-entry.ts';
import type { Audit, AuditFilter } from '../../ports/audit.ts';
import { readPosition } from '../page.ts';
import type { Database } from './database.ts';
import type { AuditDocument } from './documents.ts';
import { isDuplicateKey, toOmsError } from './errors.ts';

type Position = [atMs: number, id: string];

export function createAudit({ audit }: Pick<Database, 'audit'>): Omit<Audit, 'chains'> {
  return {
    /** One after the other, so that no reader sees an entry without those before it. */
    async append(entries) {
      let documents = entries.map(toDocument);
      while (documents.length > 0) {
        try {
          await audit.insertMany(documents, { ordered: true });
          return;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          const ids = documents.map(({ _id }) => _id);
          const stored = await audit.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
          const known = new Set(stored.map(({ _id }) => _id));
          documents = documents.filter(({ _id }) => !known.has(_id));
        }
      }
    },
    async list(filter, { limit, after }) {
      const { best, others } = conditionsOf(filter);
      const high = readPosition<Position>(after, 'number', 'string') ?? [filter.toMs ?? LAST_MS, ''];
      const low: Position = [filter.fromMs ?? -LAST_MS, ''];
      const sort = { at: -1, _id: -1 } as const;
      // The last entry of the window that is scanned; null when it reaches the oldest one.
      const border =
        others.length === 0
          ? null
          : await audit.findOne(
              { $and: [...best, between(low, high)] },
              { sort, skip: limits.maxScanAudit - 1, projection: { at: 1 } },
            );
      const window = between(border ? positionOf(border) : low, high);
      const found = await audit
        .find({ $and: [...best, window, ...others] })
        .sort(sort)
        .limit(limit + 1)
        .toArray();
      const items = found.slice(0, limit);
      const last = found.length > limit ? items.at(-1)! : border;
      return { items: items.map(toEntry), next: last ? JSON.stringify(positionOf(last)) : null };
    },
    async find(chain, n) {
      const found = await audit.findOne({ _id: entryId(chain, n) });
      return found && toEntry(found);
    },
    async oldest(beforeMs, limit) {
      const found = await audit
        .find({ at: { $lt: new Date(beforeMs) } })
        .sort({ at: 1, _id: 1 })
        .limit(limit)
        .toArray();
      return found.map(toEntry);
    },
    async deleteThrough(chain, n) {
      return (await audit.deleteMany({ _id: { $gt: entryId(chain, 0), $lte: entryId(chain, n) } })).deletedCount;
    },
  };
}

export async function* auditChains({ audit }: Pick<Database, 'audit'>): AsyncGenerator<AuditEntry> {
  try {
    for await (const document of audit.find().sort({ _id: 1 }).batchSize(limits.mongoBatchDocuments))
      yield toEntry(document);
  } catch (error) {
    throw toOmsError(error);
  }
}

/** The last time that there is. */
const LAST_MS = 8.64e15;

const positionOf = ({ at, _id }: Pick<AuditDocument, 'at' | '_id'>): Position => [at.getTime(), _id];

/** From `low` on to before `high`. The server looks for the bounds of `at` in the index. */
function between([fromMs, fromId]: Position, [toMs, toId]: Position): Filter<AuditDocument> {
  const [from, to] = [new Date(fromMs), new Date(toMs)];
  return {
    at: { $gte: from, $lte: to },
    $and: [
      { $or: [{ at: { $gt: from } }, { _id: { $gte: fromId } }] },
      { $or: [{ at: { $lt: to } }, { _id: { $lt: toId } }] },
    ],
  };
}

/** `best`: what an index finds; the others are looked for among those. */
function conditionsOf({ principal, action, target }: AuditFilter): {
  best: Filter<AuditDocument>[];
  others: Filter<AuditDocument>[];
} {
  const [first, ...rest] = [
    ...(target === undefined ? [] : [{ target }]),
    ...(principal === undefined ? [] : [{ principal }]),
  ];
  return { best: first ? [first] : [], others: [...rest, ...(action === undefined ? [] : [{ action }])] };
}

const DIGITS = 12;
/** Sorts by chain and number. */
const entryId = (chain: string, n: number): string => `${chain}:${String(n).padStart(DIGITS, '0')}`;

const toDocument = ({ chain, n, atMs, requestId, ...rest }: AuditEntry): AuditDocument => ({
  _id: entryId(chain, n),
  at: new Date(atMs),
  request_id: requestId,
  ...rest,
});

const toEntry = ({ _id, at, request_id, ...rest }: AuditDocument): AuditEntry => {
  const cut = _id.lastIndexOf(':');
  return {
    chain: _id.slice(0, cut),
    n: Number(_id.slice(cut + 1)),
    atMs: at.getTime(),
    requestId: request_id,
    ...rest,
  };
};
