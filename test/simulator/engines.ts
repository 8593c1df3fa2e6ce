/** The engines around the order store, all in memory: objects, a queue with the semantics of SQS, an IMS, an event stream. */
import { Readable } from 'node:stream';
import { OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import type { OrderEvent } from '../../src/model/event.ts';
import { UPLOADS } from '../../src/model/file.ts';
import type { EventStream } from '../../src/ports/event-stream.ts';
import type { Ims } from '../../src/ports/ims.ts';
import type { Inspection } from '../../src/ports/inspection.ts';
import type { JobQueue } from '../../src/ports/job-queue.ts';
import type { ObjectStore, StagedObject } from '../../src/ports/object-store.ts';
import type { Actor, CallOptions, Scheduler } from './scheduler.ts';

const inspect = async (): Promise<Inspection> => ({ engine: 'in memory', address: 'in memory', missing: [] });

export class Objects {
  readonly stored = new Map<string, { bytes: Buffer; version: string; committedAtMs: number }>();
  /** The version of the object that was stored last. */
  version = 0;

  portOf(actor: Actor, scheduler: Scheduler): ObjectStore {
    const call = <Result>(operation: string, work: () => Result, options: CallOptions = {}) =>
      scheduler.call(actor, 'objects', operation, work, options);
    const find = (key: string, version?: string) => {
      const object = this.stored.get(key);
      if (!object) throw new OmsError('object_missing', `there is no object ${key}`);
      if (version !== undefined && object.version !== version)
        throw new OmsError('object_changed', `the object ${key} was replaced`);
      return object;
    };
    const stage = (key: string): StagedObject => {
      const blocks: Uint8Array[] = [];
      return {
        write: (bytes) => call('write', () => void blocks.push(Buffer.from(bytes))),
        commit: () =>
          call(key.startsWith(UPLOADS) ? 'commit' : 'commitReport', () => {
            const bytes = Buffer.concat(blocks);
            const version = String(++this.version);
            this.stored.set(key, { bytes, version, committedAtMs: scheduler.nowMs });
            return { sizeBytes: bytes.length, version };
          }),
        abort: () => call('abort', () => {}, { safe: true }),
      };
    };
    const read = (key: string, offset: number, version?: string): Readable => {
      let at = offset;
      const blockBytes = scheduler.random.between(60, 400);
      return new Readable({
        highWaterMark: 1,
        read() {
          const bytesOf = () => find(key, version).bytes.subarray(at, at + blockBytes);
          call('read', bytesOf, { about: [key, at, blockBytes] }).then(
            (block) => {
              at += block.length;
              this.push(block.length > 0 ? block : null);
            },
            (error) => this.destroy(error),
          );
        },
      });
    };
    const listed = (prefix: string) =>
      call('list', () =>
        [...this.stored]
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, { committedAtMs }]) => ({ key, committedAtMs })),
      );
    return {
      inspect,
      stage: (key) => call('stage', () => stage(key)),
      stat: (key) => call('stat', () => ({ sizeBytes: find(key).bytes.length, version: find(key).version })),
      open: (key, { offset = 0, version } = {}) =>
        call('open', () => {
          find(key, version);
          return read(key, offset, version);
        }),
      delete: (key) => call('delete', () => void this.stored.delete(key)),
      async *list(prefix) {
        yield* await listed(prefix);
      },
    };
  }
}

interface Message {
  number: number;
  body: string;
  visibleAtMs: number;
  deliveries: number;
  receipt: string;
  dead: boolean;
}

/** Messages are delivered in any order, sometimes twice; an older receipt sometimes still works. */
export class Queue {
  messages: Message[] = [];
  /** What a delivery remembers about the file of its message. */
  look: (body: string) => unknown = () => null;
  /** Called after a message was deleted, with what its delivery remembers. */
  onDelete: (body: string, seen: unknown) => void = () => {};
  /** Called for each message that is moved to the dead letters. */
  onDead: (body: string, seen: unknown) => void = () => {};
  readonly #seen = new Map<string, unknown>();
  #numbers = 0;
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  alive(): Message[] {
    return this.messages.filter(({ dead }) => !dead);
  }

  send(body: string): void {
    this.messages.push({
      number: ++this.#numbers,
      body,
      visibleAtMs: this.#scheduler.nowMs,
      deliveries: 0,
      receipt: '',
      dead: false,
    });
  }

  #deliver(message: Message) {
    const { random, nowMs, faultRate } = this.#scheduler;
    message.deliveries++;
    message.receipt = `${message.number}:${message.deliveries}`;
    this.#seen.set(message.receipt, this.look(message.body));
    if (!random.chance(faultRate / 2)) message.visibleAtMs = nowMs + limits.queueVisibilityMs;
    return { receipt: message.receipt, body: message.body, deliveries: message.deliveries };
  }

  #find(receipt: string): Message | undefined {
    const [number] = receipt.split(':');
    const message = this.alive().find((other) => String(other.number) === number);
    if (!message || message.receipt === receipt) return message;
    return this.#scheduler.random.chance(0.5) ? message : undefined;
  }

  portOf(actor: Actor): JobQueue {
    const scheduler = this.#scheduler;
    const call = <Result>(operation: string, work: () => Result) => scheduler.call(actor, 'queue', operation, work);
    return {
      inspect,
      visibilityMs: limits.queueVisibilityMs,
      send: (job) => call('send', () => this.send(JSON.stringify(job))),
      receive: (waitMs, signal) => {
        const untilMs = scheduler.nowMs + waitMs;
        return scheduler.call(
          actor,
          'queue',
          'receive',
          () => {
            const visible = this.alive().filter(({ visibleAtMs }) => visibleAtMs <= scheduler.nowMs);
            if (visible.length === 0) return null;
            if (!signal?.aborted) return this.#deliver(scheduler.random.pick(visible));
            // The request was abandoned while under way: its message is lost until it is visible again.
            if (scheduler.random.chance(0.3)) this.#deliver(scheduler.random.pick(visible));
            return null;
          },
          {
            readyAtMs: () =>
              signal?.aborted ? 0 : Math.min(untilMs, ...this.alive().map(({ visibleAtMs }) => visibleAtMs)),
          },
        );
      },
      extend: (receipt, ms) =>
        call('extend', () => {
          const message = this.#find(receipt);
          if (message) message.visibleAtMs = scheduler.nowMs + ms;
        }),
      delete: (receipt) =>
        call('delete', () => {
          const message = this.#find(receipt);
          if (!message) return;
          this.messages = this.messages.filter((other) => other !== message);
          this.onDelete(message.body, this.#seen.get(receipt));
        }),
      deadLetter: ({ receipt }) =>
        call('deadLetter', () => {
          const message = this.#find(receipt);
          if (!message) return;
          message.dead = true;
          this.onDead(message.body, this.#seen.get(receipt));
        }),
      redrive: () =>
        call('redrive', () => {
          const dead = this.messages.filter((message) => message.dead);
          for (const message of dead)
            Object.assign(message, { dead: false, deliveries: 0, visibleAtMs: scheduler.nowMs });
          return dead.map(({ body }) => body);
        }),
      depth: () =>
        call('depth', () => {
          const alive = this.alive();
          const visible = alive.filter(({ visibleAtMs }) => visibleAtMs <= scheduler.nowMs).length;
          return { visible, inFlight: alive.length - visible, dead: this.messages.length - alive.length };
        }),
    };
  }
}

/** Knows SKUs and hubs by name; its knowledge may change, and it remembers all its answers. */
export class Inventory {
  readonly known = new Set<string>();
  readonly saidYes = new Set<string>();
  readonly saidNo = new Set<string>();

  #answer(name: string): boolean {
    const valid = this.known.has(name);
    (valid ? this.saidYes : this.saidNo).add(name);
    return valid;
  }

  portOf(actor: Actor, scheduler: Scheduler): Ims {
    return {
      inspect,
      validate: async (pairs, signal) => {
        signal?.throwIfAborted();
        const asked = pairs.map((pair) => ({ ...pair }));
        const answers = scheduler.call(
          actor,
          'ims',
          'validate',
          () => asked.map(({ sku, hubId }) => ({ skuValid: this.#answer(sku), hubValid: this.#answer(hubId) })),
          { about: [asked] },
        );
        return new Promise((resolve, reject) => {
          const abort = () => reject(signal!.reason);
          signal?.addEventListener('abort', abort);
          answers.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abort));
        });
      },
      isKnown: () => false,
      async close() {},
    };
  }
}

/** Keeps the bytes of each event, and violations. */
export class Stream {
  readonly published = new Map<string, string>();
  readonly differing = new Set<string>();
  repeats = 0;

  portOf(actor: Actor, scheduler: Scheduler): EventStream {
    const add = (events: Iterable<OrderEvent>) => {
      for (const { orderId, json } of events) {
        const before = this.published.get(orderId);
        if (before !== undefined) this.repeats++;
        if (before !== undefined && before !== json) this.differing.add(orderId);
        this.published.set(orderId, json);
      }
    };
    const unused = () => {
      throw new Error('no reader uses the stream of a simulation');
    };
    return {
      inspect,
      beginning: '0',
      end: unused,
      check: unused,
      subscribe: unused,
      behind: unused,
      group: null,
      publish: ({ events }) =>
        scheduler.call(actor, 'events', 'publish', () => add(events), {
          partly: () => add([...events].slice(0, scheduler.random.between(0, events.length))),
        }),
    };
  }
}
