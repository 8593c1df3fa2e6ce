/**
 * The events of one topic, for any number of subscribers. New events are read once for all of them (`Tail`). A subscriber that is further
 * back reads from Kafka by itself (`replay`) until the tail covers its position. A feed has its own topic and clients: kafkajs asks for all
 * topics that a client has seen together, so one without rights would take the other with it (kafkajs #974, #1346).
 */
import type { Logger } from 'pino';
import type { EventType } from '../../model/event.ts';
import { sliceTurn } from '../../ports/event-loop.ts';
import { errorsOf, type KafkaEventStreamOptions } from './client.ts';
import type { Closings } from './closings.ts';
import type { Kafka } from './kafkajs.ts';
import { type Position, toPart, toPosition } from './position.ts';
import { type ReplaySetup, replay } from './replay.ts';
import type { Semaphore } from './semaphore.ts';
import { SharedTail } from './shared-tail.ts';
import { type FeedBatch, taken } from './subscriber.ts';
import { Tail } from './tail.ts';
import { Topic } from './topic.ts';

/** What the feeds of a stream share. */
export interface FeedSetup {
  kafka: Kafka;
  options: KafkaEventStreamOptions;
  closings: Closings;
  /** Of subscribers that read from Kafka by themselves. */
  places: Semaphore;
  replayIdleMs: number;
  logger: Logger;
}

export class Feed {
  readonly topic: Topic;
  readonly #setup: ReplaySetup;
  readonly #sharedTail: SharedTail;
  readonly #closings: Closings;

  constructor(name: string, typeOf: (json: string) => EventType | null, setup: FeedSetup) {
    const { kafka, options, closings, places, replayIdleMs, logger } = setup;
    const errors = errorsOf(options, name);
    this.topic = new Topic(kafka, name, options, errors);
    this.#closings = closings;
    this.#setup = {
      ...{ kafka, admin: () => this.topic.admin(), topic: name, typeOf, errors, logger, places, idleMs: replayIdleMs },
      close: (reader) => closings.close(reader),
      relocate: async (position, signal) => {
        Object.assign(position, await unlessAborted(this.locate(toPart(position)), signal));
      },
    };
    this.#sharedTail = new SharedTail(
      async () => new Tail(this.#setup, await this.#ends(), { ended: (tail) => void closings.close(tail) }),
    );
  }

  /** The part after the newest event. */
  async end(): Promise<string> {
    return toPart(await this.#ends());
  }

  /** Throws `invalid_cursor`. */
  async locate(part: string): Promise<Position> {
    return toPosition(part, await this.#watermarks());
  }

  async *follow(part: string, types: ReadonlySet<EventType>, signal: AbortSignal): AsyncGenerator<FeedBatch> {
    const position = await unlessAborted(this.locate(part), signal);
    if (!position) return;
    const subscriber = { position, types };
    while (!signal.aborted) {
      // A new event wakes all subscribers together.
      await sliceTurn();
      const tail = await unlessAborted(this.#sharedTail.get(), signal);
      if (!tail) return;
      if (!tail.covers(position)) {
        yield* replay(this.#setup, subscriber, tail, signal);
        continue;
      }
      const items = tail.after(position);
      if (items.length > 0) yield taken(items, subscriber);
      else await tail.changed(signal);
      if (tail.ended?.error) throw tail.ended.error;
      if (tail.ended) await this.#setup.relocate(position, signal);
    }
  }

  /** Begins to close the tail; `closings` knows when that is done. */
  async closeTail(): Promise<void> {
    const tail = await this.#sharedTail.current();
    if (tail) void this.#closings.close(tail);
  }

  async #watermarks() {
    await this.topic.ensure();
    return this.topic.watermarks();
  }

  async #ends(): Promise<Position> {
    return (await this.#watermarks()).map(({ high }) => high);
  }
}

/** Undefined when the signal is aborted first; the work then continues without a reader of its result. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  work.catch(() => {});
  if (signal.aborted) return undefined;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const leave = () => resolve(undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
