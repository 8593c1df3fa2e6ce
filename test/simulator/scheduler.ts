/**
 * Decides every interleaving from one seed. Each call of a port and each sleep of an actor waits here until it is picked; then it is
 * carried out or meets a fault. Virtual time moves only here.
 */
import { createHash } from 'node:crypto';
import { OmsError } from '../../src/errors.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Random } from './random.ts';

export type PortName = 'objects' | 'queue' | 'store' | 'events' | 'ims';
export const PORTS: readonly PortName[] = ['objects', 'queue', 'store', 'events', 'ims'];
/** Also the decision service, which only the finalizer asks. */
export type EngineName = PortName | 'decisions';

export const FAULTS = [
  'failed before',
  'failed after',
  'applied late',
  'answered late',
  'slow',
  'hung',
  'killed before',
  'killed after',
  'frozen before',
  'frozen after',
  'poisoned',
  'outage',
] as const;
/** The last one has no known reason: only tests choose it. */
export type Outcome = 'done' | (typeof FAULTS)[number] | 'failed, unknown why';

/** A process, which may be killed or frozen at any call. */
export interface Actor {
  readonly name: string;
  dead: boolean;
  frozenUntilMs: number;
  /** What may happen to it besides failing calls. */
  readonly mortal: boolean;
}

interface Waiting {
  actor: Actor;
  what: string;
  readyAtMs(): number;
  notBeforeMs: number;
  pick(): Outcome;
  /** Carried out although its caller does not wait any more. */
  orphan?(): void;
}

/** A request to a port that waits for a decision. */
export interface Call {
  actor: Actor;
  /** Port and operation. */
  what: string;
  /** Its arguments, for tests that need them. */
  about: readonly unknown[];
}

export interface CallOptions {
  about?: readonly unknown[];
  /** When there is a result; immediately when absent. */
  readyAtMs?: () => number;
  /** The part that a request which fails halfway has done. */
  partly?: () => void;
  /** A call that must not fail. */
  safe?: boolean;
}

const NETWORK: Actor = { name: 'network', dead: false, frozenUntilMs: 0, mortal: false };
const TRACE_STEPS = 40;
const FOCUSED_FAULT_RATE = 0.5;
/** Frequent calls that mostly do nothing: they get fewer faults and a lower priority. */
const POLLS: ReadonlySet<string> = new Set([
  'sleep',
  'queue.receive',
  'queue.depth',
  'objects.list',
  'store.prune',
  'store.smallRecords.deleteExpired',
  'store.leases.take',
  'store.smallRecords.list',
  'store.files.stranded',
  'store.outbox.pending',
  'store.finalizing.due',
]);

export class Scheduler {
  readonly random: Random;
  nowMs: number;
  step = 0;
  /** Faults happen while this is set; from 0 to 1. */
  faultRate = 0;
  /** Only such a delay of a response or a message has an effect. */
  readonly outageUntilMs = new Map<EngineName, number>();
  readonly counts = new Map<string, number>();
  /** Kills and freezes left: many in a row would rightly be charged to a file. Those of a poison are not counted. */
  blowsLeft = 0;
  /** The one kind of call that gets so many more faults, so that rare situations happen often. */
  readonly focus = { what: '', faultsLeft: 0 };
  /** Decides before chance does. */
  force: (call: Call) => Outcome | null = () => null;
  #waiting: Waiting[] = [];
  #arrivals = 0;
  #hash = createHash('sha256');
  #last: string[] = [];

  constructor(random: Random, startMs: number) {
    this.random = random;
    this.nowMs = startMs;
  }

  actor(name: string, mortal: boolean): Actor {
    return { name, dead: false, frozenUntilMs: 0, mortal };
  }

  /** A request to a port. `work` is done as one step when it is picked. */
  call<Result>(
    actor: Actor,
    port: EngineName,
    operation: string,
    work: () => Result | Promise<Result>,
    { about = [], readyAtMs = () => 0, partly, safe = false }: CallOptions = {},
  ): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    if (actor.dead) return promise;
    const what = `${port}.${operation}`;
    const answerLater = (name: string, notBeforeMs: number, answer: () => void) =>
      this.#wait({
        actor,
        what: `${what}: ${name}`,
        readyAtMs: () => 0,
        notBeforeMs,
        pick: () => {
          answer();
          return 'done';
        },
      });
    const apply = () => settled(work);
    const waiting: Waiting = {
      actor,
      what,
      readyAtMs,
      notBeforeMs: 0,
      orphan: () => {
        if (this.force({ actor, what, about }) === null) void apply();
      },
      pick: () => {
        const outcome = safe ? 'done' : (this.force({ actor, what, about }) ?? this.#decide(actor, port, what));
        this.#count(what, outcome);
        switch (outcome) {
          case 'done':
            apply().then(resolve, reject);
            break;
          case 'outage':
          case 'failed before':
            reject(this.#unavailable(port, what));
            break;
          case 'failed, unknown why': {
            const { code, message } = this.#unavailable(port, what);
            reject(new OmsError(code, message, { retryable: true, details: { unknown_error: 'InternalError' } }));
            break;
          }
          case 'failed after':
            if (partly && this.random.chance(0.5)) partly();
            else void apply();
            reject(this.#unavailable(port, what));
            break;
          case 'applied late':
            this.#wait({
              ...waiting,
              actor: NETWORK,
              notBeforeMs: this.#later(30_000),
              pick: carriedOut(() => void apply()),
            });
            reject(this.#unavailable(port, what));
            break;
          case 'answered late': {
            const result = apply();
            answerLater('answer', this.#later(90_000), () => void result.then(resolve, reject));
            break;
          }
          case 'slow':
            this.#wait({ ...waiting, notBeforeMs: this.#later(90_000) });
            break;
          case 'hung': {
            const applied = this.random.chance(0.5);
            answerLater('time-out', this.#later(300_000), () => {
              if (applied) void apply();
              reject(this.#unavailable(port, what));
            });
            break;
          }
          case 'killed before':
            this.kill(actor);
            break;
          case 'poisoned':
            this.blowsLeft++;
            this.kill(actor);
            break;
          case 'killed after':
            void apply();
            this.kill(actor);
            break;
          case 'frozen before':
            this.#wait({ ...waiting });
            this.freeze(actor);
            break;
          case 'frozen after': {
            const result = apply();
            answerLater('answer', 0, () => void result.then(resolve, reject));
            this.freeze(actor);
            break;
          }
        }
        return outcome;
      },
    };
    this.#wait(waiting);
    return promise;
  }

  clock(actor: Actor): Clock {
    return {
      now: () => this.nowMs,
      random: () => this.random.fraction(),
      sleep: (ms, signal) =>
        new Promise<void>((resolve) => {
          if (actor.dead) return;
          if (signal?.aborted) return resolve();
          const untilMs = this.nowMs + ms;
          const done = () => {
            signal?.removeEventListener('abort', done);
            this.#waiting = this.#waiting.filter((other) => other !== sleeping);
            if (!actor.dead) resolve();
          };
          const sleeping: Waiting = {
            actor,
            what: 'sleep',
            readyAtMs: () => untilMs,
            notBeforeMs: 0,
            pick: () => {
              done();
              return 'done';
            },
          };
          signal?.addEventListener('abort', done);
          this.#wait(sleeping);
        }),
    };
  }

  /** Nothing it waits for ever returns; some of its requests under way still arrive. */
  kill(actor: Actor): void {
    actor.dead = true;
    this.blowsLeft--;
    const [own, others] = [[] as Waiting[], [] as Waiting[]];
    for (const waiting of this.#waiting) (waiting.actor === actor ? own : others).push(waiting);
    this.#waiting = others;
    for (const { orphan, ...waiting } of own)
      if (orphan && this.random.chance(0.3)) this.#wait({ ...waiting, actor: NETWORK, pick: carriedOut(orphan) });
  }

  freeze(actor: Actor): void {
    this.blowsLeft--;
    actor.frozenUntilMs =
      this.faultRate > 0 && this.random.chance(0.3) ? Number.POSITIVE_INFINITY : this.#later(200_000);
  }

  /** A busy actor; each kind of call is equally likely, however rare it is. */
  busyActor(among: readonly Actor[]): Actor {
    const waiting = this.#waiting.filter(({ actor }) => among.includes(actor));
    const what = this.random.pick([...new Set(waiting.map((other) => other.what))]);
    return this.random.pick(waiting.filter((other) => other.what === what)).actor;
  }

  /** Picks a ready request; false when there is none. */
  async pickOne(): Promise<boolean> {
    const ready = this.#waiting.filter(
      (waiting) =>
        waiting.actor.frozenUntilMs <= this.nowMs &&
        waiting.notBeforeMs <= this.nowMs &&
        waiting.readyAtMs() <= this.nowMs,
    );
    if (ready.length === 0) return false;
    const picked = this.random.weighted(ready.map((waiting) => [POLLS.has(waiting.what) ? 1 : 5, waiting] as const));
    this.#waiting = this.#waiting.filter((waiting) => waiting !== picked);
    const outcome = picked.pick();
    this.note(`${picked.actor.name} ${picked.what} ${outcome}`);
    await this.#settle();
    return true;
  }

  /** The next time at which something becomes ready. */
  nextMs(): number {
    return this.#waiting.reduce((next, { actor, notBeforeMs, readyAtMs }) => {
      const at = Math.max(actor.frozenUntilMs, notBeforeMs, readyAtMs());
      return at > this.nowMs ? Math.min(next, at) : next;
    }, Number.POSITIVE_INFINITY);
  }

  advance(ms: number): void {
    this.nowMs += Math.ceil(ms);
    this.note(`time +${Math.ceil(ms)}`);
  }

  /** Something from outside happens. */
  async act(name: string, action: () => unknown): Promise<void> {
    this.#count(name, 'done');
    this.note(name);
    await action();
    await this.#settle();
  }

  note(text: string): void {
    const line = `${++this.step} ${this.nowMs} ${text}`;
    this.#hash.update(`${line}\n`);
    this.#last.push(line);
    if (this.#last.length > TRACE_STEPS) this.#last.shift();
  }

  trace(): { hash: string; last: string[] } {
    return { hash: this.#hash.copy().digest('hex'), last: [...this.#last] };
  }

  #wait(waiting: Waiting): void {
    this.#arrivals++;
    this.#waiting.push(waiting);
  }

  /** Runs all promise jobs and streams until there are no new requests. */
  async #settle(): Promise<void> {
    // Everything that happens takes a little time.
    this.nowMs++;
    let seen: number;
    do {
      seen = this.#arrivals;
      for (let round = 0; round < 2; round++) await new Promise((resolve) => setImmediate(resolve));
    } while (seen !== this.#arrivals);
  }

  #later(mostMs: number): number {
    return this.nowMs + this.random.between(1, mostMs);
  }

  #decide(actor: Actor, port: EngineName, what: string): Outcome {
    if ((this.outageUntilMs.get(port) ?? 0) > this.nowMs) return this.random.chance(0.9) ? 'outage' : 'failed after';
    const focused = what === this.focus.what && this.focus.faultsLeft > 0;
    if (!this.random.chance(focused ? FOCUSED_FAULT_RATE : POLLS.has(what) ? this.faultRate / 6 : this.faultRate))
      return 'done';
    if (focused) this.focus.faultsLeft--;
    const blow = focused ? 6 : 0.7;
    return this.random.weighted<Outcome>([
      [5, 'failed before'],
      [6, 'failed after'],
      // A database connection keeps its order, and an object is there once it is confirmed.
      [port === 'queue' ? 3 : 0, 'applied late'],
      [3, 'answered late'],
      [4, 'slow'],
      [2, 'hung'],
      ...(actor.mortal && this.blowsLeft > 0
        ? ([
            [blow, 'killed before'],
            [blow, 'killed after'],
            [blow, 'frozen before'],
            [blow, 'frozen after'],
          ] as const)
        : []),
    ]);
  }

  #unavailable(port: EngineName, what: string): OmsError {
    const codes: Record<EngineName, string> = {
      objects: 'object_store_unavailable',
      queue: 'job_queue_unavailable',
      store: 'store_unavailable',
      events: 'event_stream_unavailable',
      ims: 'ims_unavailable',
      decisions: 'decisions_unavailable',
    };
    const full = (port === 'objects' || port === 'store') && this.random.chance(0.2);
    return new OmsError(full ? 'disk_full' : codes[port], `${what} failed, as the simulation wants`, {
      retryable: true,
    });
  }

  #count(what: string, outcome: Outcome): void {
    const key = `${what} ${outcome}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

const carriedOut = (work: () => void) => (): Outcome => {
  work();
  return 'done';
};

/** Begins the work immediately; its errors are for callers that still wait. */
function settled<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  const result = (async () => work())();
  result.catch(() => {});
  return result;
}
