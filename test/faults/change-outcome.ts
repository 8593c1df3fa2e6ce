/** All that is left of a change of an order, without times and without what names the run: to be compared with runs without faults. */
import type { OrderStore } from '../../src/ports/order-store.ts';

export interface ChangeOutcome {
  answers: string[];
  /** Of a rival. */
  others: string[];
  order: { order: { status: string; version: number; customerEmail: string }; deleted: boolean } | null;
  stock: { available: number; tickets: number; isBusy: boolean }[];
  events: [id: string, forms: number, event: unknown][];
  /** Whether it still waits to be published. */
  waits: boolean;
  /** Where the e-mail of its first customer is. */
  person?: string[];
  [field: string]: unknown;
}

/** What the store does not tell by its port. */
export type Inside = Pick<ChangeOutcome, 'stock' | 'waits' | 'person'> & { sums?: unknown };

/** Of one order: what its clients were told, and all bytes of each of its events. */
export class Told {
  readonly answers: string[] = [];
  readonly others: string[] = [];
  readonly events = new Map<string, Set<string>>();
  readonly orderId: string;

  constructor(orderId: string) {
    this.orderId = orderId;
  }

  /** Publishes all that waits. */
  async publish({ outbox }: OrderStore): Promise<void> {
    for (let batch = await outbox.pending(); batch !== null; batch = await outbox.pending()) {
      for (const { orderId, json } of batch.events) {
        const { id } = JSON.parse(json) as { id: string };
        if (orderId === this.orderId) this.events.set(id, (this.events.get(id) ?? new Set()).add(json));
      }
      await outbox.markPublished(batch.id);
    }
  }

  async outcome({ orders, changes }: OrderStore, inside: Inside): Promise<ChangeOutcome> {
    const found = await orders.get(this.orderId);
    const history = (await changes.history(this.orderId))?.changes ?? null;
    const all = {
      answers: [...new Set(this.answers)],
      others: this.others,
      order: found,
      history,
      events: [...this.events].map(([id, forms]) => [id, forms.size, JSON.parse([...forms][0]!)]),
      ...inside,
    };
    const text = JSON.stringify(all, (key, value) =>
      /[aA]tMs$|^(at|time|created_at|updated_at)$/.test(key) ? undefined : value,
    );
    const fileIds = [found?.order.fileId, ...(history ?? []).map(({ former }) => former?.fileId)].filter(
      (id) => id != null,
    );
    const named = fileIds.reduce((so, fileId, n) => so.replaceAll(fileId, n === 0 ? 'FILE' : `FILE ${n}`), text);
    return JSON.parse(named.replaceAll(this.orderId, 'ORDER'));
  }
}

/** As `Scenario.right` has it; a ticket that is left over, a row that stays busy, an order that still waits and
 * one that is erased and has its person somewhere are told, too. */
export function inWords({ answers, others, order, stock, events, waits, person = [] }: ChangeOutcome): string {
  const rows = stock.map(
    ({ available, tickets, isBusy }) => `${available}${tickets ? ' ticket' : ''}${isBusy ? ' busy' : ''}`,
  );
  return [
    answers.join(' or '),
    order ? `${order.deleted ? 'deleted' : order.order.status} ${order.order.version}` : 'none',
    rows.join(', '),
    events.map(([id, forms]) => id.replace('ORDER:', '') + (forms > 1 ? ' in two forms' : '')).join(' '),
    ...(others.length > 0 ? [`rival: ${others.join(', ')}`] : []),
    ...(waits ? ['it waits to be published'] : []),
    ...(order?.order.customerEmail === '' && person.length > 0 ? [`its person is in ${person}`] : []),
  ].join('; ');
}
