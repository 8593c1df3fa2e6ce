/**
 * Creates and changes orders one by one: in the writer's transaction each request is judged by what is stored, and the order, its items,
 * its change, stock, sums and the outcome under its key are written together, or not at all (INV-2, INV-3, INV-8). Runs in the writer
 * thread.
 */
import { limits } from '../../limits.ts';
import {
  type ChangeRequest,
  historyTooLarge,
  judge,
  type Outcome,
  outOfStock,
  type Rules,
} from '../../model/change-request.ts';
import { formsOfId } from '../../model/characters.ts';
import type { StoredOrder } from '../../model/order.ts';
import type { PlannedChange } from '../../model/planned-change.ts';
import type { Database } from '../sqlite/database.ts';
import { keptOutcomes } from './kept-outcomes.ts';
import { orderHistories } from './order-history.ts';
import { type StoredRow, toStored } from './order-row.ts';
import { orderSums } from './record-sums.ts';
import { creationTime, newestNumber } from './sequence.ts';
import type { StockLevel, StockLevels } from './stock-levels.ts';
import { orderWriter } from './write-orders.ts';

interface Changes {
  requests: readonly ChangeRequest[];
  rules: Rules;
}

export function changeOperations(db: Database, levels: StockLevels, now: () => number) {
  const histories = orderHistories(db);
  const kept = keptOutcomes(db, histories);
  const write = orderWriter(db);
  const sums = orderSums(db);
  const newest = newestNumber(db);
  const timeOfCreation = creationTime(db);

  function changeOrders({ requests, rules }: Changes): Outcome[] {
    const nowMs = now();
    levels.trim();
    sums.forget();
    const stock = new StockMoves(levels);
    const created = new Creations();
    let seq = newest();
    /** Orders that are created together have one time, and are numbered by id, as lists are sorted. */
    const insertCreated = () => {
      for (const order of created.take()) write.create(++seq, order);
    };
    let createdAtMs = 0;

    const hinders = (plan: PlannedChange, row: StoredRow | null): Outcome | null =>
      row && plan.change.kind === 'edited' && histories.bytesOf(row) > limits.maxHistoryBytes
        ? historyTooLarge(plan.next.order)
        : stock.take(plan);

    const perform = (request: ChangeRequest): Outcome => {
      if (created.concern(request)) insertCreated();
      const before = kept.find(request, nowMs);
      if (before !== null) return before;
      if (request.ask.kind === 'create' && created.isEmpty) createdAtMs = timeOfCreation(nowMs);
      const row = histories.find(request.orderId);
      const current = row && toStored(row);
      const atMs = current ? Math.max(nowMs, current.order.updatedAtMs) : createdAtMs;
      const judged = judge(request, current, rules, atMs);
      const outcome = 'answer' in judged ? judged.answer : (hinders(judged.plan, row) ?? outcomeOf(judged.plan));
      if ('plan' in judged && outcome.outcome !== 'refused') {
        if (row === null) created.add(judged.plan.next, request);
        else write.change(++seq, row.seq, judged.plan);
        sums.move(current, judged.plan.next);
      }
      kept.record(request, outcome, nowMs);
      return outcome;
    };

    const outcomes = requests.map(perform);
    insertCreated();
    stock.write();
    sums.write();
    return outcomes;
  }

  return { changeOrders };
}

function outcomeOf({ next, change }: PlannedChange): Outcome {
  if (next.deleted) return { outcome: 'deleted' };
  return { outcome: change.kind === 'created' ? 'created' : 'changed', order: next.order };
}

/** Orders of this call that are not inserted yet. */
class Creations {
  readonly #orders: StoredOrder[] = [];
  readonly #ids = new Set<string>();
  readonly #keys = new Set<string>();

  get isEmpty(): boolean {
    return this.#orders.length === 0;
  }

  add(order: StoredOrder, { key }: ChangeRequest): void {
    this.#orders.push(order);
    for (const id of formsOfId(order.order.orderId)) this.#ids.add(id);
    if (key) this.#keys.add(keyName(key));
  }

  /** Whether a request is about one of them. */
  concern({ orderId, key }: ChangeRequest): boolean {
    if (this.isEmpty) return false;
    return (key !== null && this.#keys.has(keyName(key))) || formsOfId(orderId).some((id) => this.#ids.has(id));
  }

  /** Removes and returns them, sorted as lists are. */
  take(): StoredOrder[] {
    this.#ids.clear();
    this.#keys.clear();
    return this.#orders.splice(0).sort((a, b) => (a.order.orderId < b.order.orderId ? -1 : 1));
  }
}

const keyName = ({ scope, key }: NonNullable<ChangeRequest['key']>): string => JSON.stringify([scope, key]);

/** What the changes of this call take from stock rows, each row written once. */
class StockMoves {
  readonly #levels: StockLevels;
  readonly #taken = new Map<StockLevel, number>();

  constructor(levels: StockLevels) {
    this.#levels = levels;
  }

  /** Takes what the change needs, or nothing; then the refusal is returned. */
  take({ next, moves }: PlannedChange): Outcome | null {
    const available = (sku: string, hubId: string): number => {
      const level = this.#levels.get(sku, hubId);
      return level === null ? 0 : level.available - (this.#taken.get(level) ?? 0);
    };
    if (moves.some(({ sku, hubId, quantity }) => quantity > available(sku, hubId)))
      return outOfStock(next.order.items, moves, available);
    for (const { sku, hubId, quantity } of moves) {
      const level = this.#levels.get(sku, hubId);
      if (level) this.#taken.set(level, (this.#taken.get(level) ?? 0) + quantity);
    }
    return null;
  }

  write(): void {
    const takings = [...this.#taken].map(([level, quantity]) => ({ level, quantity }));
    this.#levels.take(takings.filter(({ quantity }) => quantity !== 0));
  }
}
