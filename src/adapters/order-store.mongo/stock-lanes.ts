/**
 * The writes of order changes on stock rows. One write of a row is under way per process; what comes meanwhile goes with the next, which
 * reserves for all of them together, or gives back for all. So a row that everybody wants costs a round trip per dozens of changes, not per
 * change. It is those changes one after the other: where the write for all does not match, each is sent alone.
 */
import type { AnyBulkWriteOperation, UpdateFilter } from 'mongodb';
import { inTime } from './calls.ts';
import type { Database } from './database.ts';
import type { StockDocument, Ticket } from './documents.ts';
import { unavailable } from './errors.ts';

interface Reserve {
  ticket: string;
  content: Ticket;
  /** Whether the row had so much available. */
  done(matched: boolean): void;
  failed(error: unknown): void;
}

interface Release {
  ticket: string;
  /** What is available again. */
  quantity: number;
  done(matched: boolean): void;
  failed(error: unknown): void;
}

/** What waits for a row. */
interface Lane {
  underWay: boolean;
  reserves: Reserve[];
  releases: Release[];
}

/** One update of a row for some changes, and the updates for each of them alone. */
interface Write {
  key: string;
  changes: (Reserve | Release)[];
  update: { filter: object; update: UpdateFilter<StockDocument> };
  alone(): Write[];
}

export class StockLanes {
  readonly #stock: Database['stock'];
  readonly #operationMs: number;
  readonly #lanes = new Map<string, Lane>();
  #pumping = false;

  constructor({ stock }: Pick<Database, 'stock'>, operationMs: number) {
    this.#stock = stock;
    this.#operationMs = operationMs;
  }

  /** Whether the row had so much available, and has the ticket now. When it rejects, it may still be reserved at any later time. */
  reserve(key: string, ticket: string, content: Ticket): Promise<boolean> {
    return new Promise((done, failed) => {
      this.#laneOf(key).reserves.push({ ticket, content, done, failed });
      this.#pumpSoon();
    });
  }

  /** Uses the ticket up, once, by whoever comes first. */
  release(key: string, ticket: string, quantity: number): Promise<boolean> {
    return new Promise((done, failed) => {
      this.#laneOf(key).releases.push({ ticket, quantity, done, failed });
      this.#pumpSoon();
    });
  }

  #laneOf(key: string): Lane {
    const lane = this.#lanes.get(key) ?? { underWay: false, reserves: [], releases: [] };
    this.#lanes.set(key, lane);
    return lane;
  }

  /** Not at once: the keys of one order go together. */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    const writes: Write[] = [];
    for (const [key, lane] of this.#lanes) {
      if (lane.underWay) continue;
      const { reserves, releases } = lane;
      if (releases.length > 0) writes.push(releaseAll(key, releases));
      if (reserves.length > 0) writes.push(reserveAll(key, reserves));
      this.#lanes.set(key, { underWay: true, reserves: [], releases: [] });
    }
    if (writes.length === 0) return;
    // All writers use this order: see `take-stock.ts`.
    writes.sort((a, b) => (a.key < b.key ? -1 : 1));
    void this.#carryOut(writes).finally(() => {
      for (const { key } of writes) this.#free(key);
      this.#pump();
    });
  }

  #free(key: string): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    if (lane.reserves.length + lane.releases.length === 0) this.#lanes.delete(key);
    else lane.underWay = false;
  }

  /** Never rejects. */
  async #carryOut(writes: Write[]): Promise<void> {
    const late = () => unavailable(`did not answer within ${this.#operationMs / 1000} s`);
    try {
      // Not within the call that happens to be the first: when that is abandoned, the others go on.
      await inTime(this.#operationMs, late, () => this.#send(writes));
    } catch (error) {
      for (const { changes } of writes) for (const { failed } of changes) failed(error);
    }
  }

  async #send(writes: Write[]): Promise<void> {
    const operations = writes.map(
      ({ update }): AnyBulkWriteOperation<StockDocument> => ({ updateOne: update as never }),
    );
    const { matchedCount } = await this.#stock.bulkWrite(operations, { ordered: false });
    const unmatched = matchedCount === writes.length ? [] : await this.#unmatched(writes);
    for (const write of writes) if (!unmatched.includes(write)) for (const { done } of write.changes) done(true);
    await Promise.all(unmatched.map((write) => this.#sendAlone(write)));
  }

  /** The tickets in the rows tell which of several updates matched. */
  async #unmatched(writes: Write[]): Promise<Write[]> {
    if (writes.length === 1) return writes;
    const keys = [...new Set(writes.map(({ key }) => key))];
    const rows = await this.#stock.find({ _id: { $in: keys } }, { projection: { tickets: 1 } }).toArray();
    const ticketsOf = new Map(rows.map(({ _id, tickets = {} }) => [_id, tickets]));
    return writes.filter(({ key, changes }) => {
      const tickets = ticketsOf.get(key) ?? {};
      return !changes.every((change) => 'content' in change === Object.hasOwn(tickets, change.ticket));
    });
  }

  async #sendAlone(write: Write): Promise<void> {
    if (write.changes.length === 1) {
      write.changes[0]!.done(false);
      return;
    }
    // In the order in which they came.
    for (const { changes, update } of write.alone()) {
      const [change] = changes;
      try {
        const { matchedCount } = await this.#stock.updateOne(update.filter, update.update);
        change!.done(matchedCount === 1);
      } catch (error) {
        change!.failed(error);
      }
    }
  }
}

function reserveAll(key: string, changes: Reserve[]): Write {
  const sum = changes.reduce((total, { content }) => total + content.q, 0);
  const since = new Date(Math.min(...changes.map(({ content }) => content.at.getTime())));
  // Where a server repeats a write, as it does when it has aborted it, what was done is not done again.
  const filter = { _id: key, ...(sum > 0 && { available: { $gte: sum } }), ...each(changes, { $exists: false }) };
  const tickets = Object.fromEntries(changes.map(({ ticket, content }) => [`tickets.${ticket}`, content]));
  const update = {
    ...(sum > 0 && { $inc: { available: -sum } }),
    $set: tickets,
    $min: { busy_since: since },
  };
  return {
    key,
    changes,
    update: { filter, update: update as never },
    alone: () => changes.map((one) => reserveAll(key, [one])),
  };
}

function releaseAll(key: string, changes: Release[]): Write {
  const sum = changes.reduce((total, { quantity }) => total + quantity, 0);
  const filter = { _id: key, ...each(changes, { $exists: true }) };
  const update = {
    ...(sum > 0 && { $inc: { available: sum } }),
    $unset: each(changes, ''),
  };
  return {
    key,
    changes,
    update: { filter, update: update as never },
    alone: () => changes.map((one) => releaseAll(key, [one])),
  };
}

const each = (changes: readonly { ticket: string }[], value: unknown): Record<string, unknown> =>
  Object.fromEntries(changes.map(({ ticket }) => [`tickets.${ticket}`, value]));
