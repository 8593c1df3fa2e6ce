/** The event stream of a simulation in which orders change: keeps the bytes of each event by its id, and reports what INV-3 forbids. */
import { eventId, ORDER_CREATED, type OrderEvent } from '../../src/model/event.ts';
import type { EventStream } from '../../src/ports/event-stream.ts';
import type { Actor, Scheduler } from './scheduler.ts';

interface Envelope {
  id: string;
  subject: string;
  sequence?: string;
  data: { erased?: boolean };
}

export class EventLog {
  readonly published = new Map<string, string>();
  /** The events of new orders as readers get them, with repeats. */
  readonly #created: OrderEvent[] = [];
  readonly #mayChange: (orderId: string) => boolean;
  readonly #report: (what: string) => void;

  constructor(mayChange: (orderId: string) => boolean, report: (what: string) => void) {
    this.#mayChange = mayChange;
    this.#report = report;
  }

  /** The orders of the events that readers get. A cursor is how many were read. */
  get created(): string[] {
    return this.#created.map(({ orderId }) => orderId);
  }

  #add(events: Iterable<OrderEvent>): void {
    for (const event of events) {
      const { type, json } = event;
      if (type === ORDER_CREATED) this.#created.push(event);
      const { id, subject, sequence = '1', data } = JSON.parse(json) as Envelope;
      const version = Number(sequence);
      if (id !== eventId(subject, version)) this.#report(`INV-3 the event ${id} is of ${subject}, version ${version}`);
      if (version > 1 && !this.published.has(eventId(subject, version - 1)))
        this.#report(`INV-3 the event ${id} comes before the one of version ${version - 1}`);
      const before = this.published.get(id);
      // The content of an order that was deleted or erased goes, but a publisher may have read it before.
      if (before !== undefined && before !== json && !this.#mayChange(subject))
        this.#report(`INV-3 the event ${id} has other bytes than before: ${before}, ${json}`);
      if (data.erased && !this.#mayChange(subject)) this.#report(`INV-3 the event ${id} was erased`);
      this.published.set(id, json);
    }
  }

  portOf(actor: Actor, scheduler: Scheduler, port: EventStream): EventStream {
    const { random } = scheduler;
    const created = this.#created;
    return {
      ...port,
      publish: ({ events }) =>
        scheduler.call(actor, 'events', 'publish', () => this.#add(events), {
          partly: () => this.#add([...events].slice(0, random.between(0, events.length))),
        }),
      async *subscribe(after, signal) {
        for (let last = Number(after); ; ) {
          const readyAtMs = () => (signal.aborted || created.length > last ? 0 : Number.POSITIVE_INFINITY);
          const read = () => created.slice(last, last + random.between(1, 3));
          const events = await scheduler.call(actor, 'events', 'read', read, { readyAtMs });
          if (signal.aborted) return;
          const from = last;
          last += events.length;
          yield { events: events.map((event, n) => ({ ...event, cursor: `${from + n + 1}` })), cursor: `${last}` };
        }
      },
    };
  }
}
