/**
 * Stock for a change of an order. Before the change each row that it moves gets a ticket: what the change takes is reserved by it, and for
 * what it gives back the ticket says that something is owed. After the change the tickets are used up, each once: what was reserved stays
 * taken, what is given back becomes available; or, when the change was not made, what was reserved becomes available again. Whoever dies
 * leaves tickets: the order's log has the tickets of the changes that were made (`sweep-tickets.ts`).
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { assert } from '../../assert.ts';
import { limits } from '../../limits.ts';
import type { StockMove } from '../../model/planned-change.ts';
import { stockKey } from './documents.ts';
import { pauseBetweenRounds } from './rounds.ts';
import { StockAdmission } from './stock-admission.ts';
import type { StockLanes } from './stock-lanes.ts';

/** What a change moves in one row; one of both is 0. */
export interface KeyMove {
  key: string;
  take: number;
  back: number;
}

/** The tickets of one attempt at a change; without moves only their name. */
export interface Reservation {
  /** Never used twice: a reservation that failed may arrive at any later time, also after its ticket was used up. */
  ticket: string;
  /** The order, and the `rev` that the change was judged on. */
  orderId: string;
  rev: number;
  moves: KeyMove[];
}

/** 96 bits, as 16 characters of [A-Za-z0-9_-]. */
const newTicket = () => randomBytes(12).toString('base64url');

export const reservationFor = (orderId: string, rev: number, moves: readonly StockMove[]): Reservation => ({
  ...{ ticket: newTicket(), orderId, rev },
  moves: moves
    .map(({ sku, hubId, quantity }) => ({
      key: stockKey(sku, hubId),
      take: Math.max(0, quantity),
      back: Math.max(0, -quantity),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1)),
});

export class StockTickets {
  readonly #lanes: StockLanes;
  readonly #now: () => number;
  readonly #admission = new StockAdmission();
  readonly #leave = new Map<string, () => void>();

  constructor(lanes: StockLanes, now: () => number) {
    this.#lanes = lanes;
    this.#now = now;
  }

  /**
   * False when a row has less available than the change takes. Whatever the outcome, also when it rejects, `settle` MUST follow. Throws
   * `store_contention`.
   */
  async reserve({ ticket, orderId, rev, moves }: Reservation): Promise<boolean> {
    if (moves.length === 0) return true;
    this.#leave.set(ticket, await this.#admission.enter(moves.map(({ key }) => key)));
    const at = new Date(this.#now());
    const reserved = await Promise.allSettled(
      moves.map(({ key, take }) => this.#lanes.reserve(key, ticket, { o: orderId, r: rev, q: take, at })),
    );
    for (const outcome of reserved) if (outcome.status === 'rejected') throw outcome.reason;
    return reserved.every((outcome) => outcome.status === 'fulfilled' && outcome.value);
  }

  /** Uses the tickets up, waits for that up to `limits.mongoReleaseMs`, and goes on behind after that. Never rejects. */
  async settle(reservation: Reservation, change: 'made' | 'not made'): Promise<void> {
    // Nothing was sent for a reservation that was not let in.
    if (!this.#leave.has(reservation.ticket)) return;
    const timeout = new AbortController();
    const settling = this.#settle(reservation, change).finally(() => timeout.abort());
    await Promise.race([
      settling,
      delay(limits.mongoReleaseMs, null, { signal: timeout.signal, ref: false }).catch(() => {}),
    ]);
  }

  async #settle({ ticket, moves }: Reservation, change: 'made' | 'not made'): Promise<void> {
    await Promise.all(
      moves.map(({ key, take, back }) => {
        assert(take === 0 || back === 0, 'a change takes from a stock row or gives back to it (INV-2)');
        return this.#release(key, ticket, change === 'made' ? back : take);
      }),
    );
    this.leave({ ticket });
  }

  /** Ends the work on them without using them up. */
  leave({ ticket }: Pick<Reservation, 'ticket'>): void {
    this.#leave.get(ticket)?.();
    this.#leave.delete(ticket);
  }

  /** Leaves the ticket to the sweeper when the store is down. */
  async #release(key: string, ticket: string, quantity: number): Promise<void> {
    for (let round = 0; round < limits.mongoRounds; round++) {
      try {
        if (round > 0) await pauseBetweenRounds(round);
        await this.#lanes.release(key, ticket, quantity);
        return;
      } catch {}
    }
  }
}
