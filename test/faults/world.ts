/**
 * The world of one run of the fault matrix: processes (actors), their steps, the one step that meets a fault, and a clock that moves only
 * when no actor has anything under way. So waiting for the end of a lease takes no time, and a frozen process stays frozen as long as
 * needed.
 */
import type { Clock } from '../../src/ports/clock.ts';

export const FAULTS = [
  'killed before',
  'killed after',
  'killed, partly applied',
  'error before',
  'error, partly applied',
  'answer lost',
  'killed, and another answer of the IMS after that',
  'a second one at the same time',
  'frozen past its lease',
  'frozen past the end',
  'frozen, and the file given up meanwhile',
  'delivered again, meanwhile and after the end',
] as const;
export type Fault = (typeof FAULTS)[number];
export const IMS_CHANGES: Fault = 'killed, and another answer of the IMS after that';
export const GIVEN_UP: Fault = 'frozen, and the file given up meanwhile';
export const DELIVERED_AGAIN: Fault = 'delivered again, meanwhile and after the end';

export type Kind = 'upload' | 'worker' | 'publisher' | 'sweeper';
/** A call of a port, a command to MongoDB within one, or a statement within a transaction of SQLite. */
export type Level = 'call' | 'command' | 'statement';

export interface Step {
  kind: Kind;
  /** `worker chunks.commit > insert orders` */
  name: string;
  /** The index among the steps of this name, from 0. */
  nth: number;
  level: Level;
  /** The number of documents or events, where a part of them may be applied. */
  parts: number;
}

/** One fault at one step. */
export interface Cell {
  step: Step;
  fault: Fault;
  /** How many of the parts are applied. */
  part: number | null;
}

/** The fate of a step. */
export interface Fate {
  applies: 'all' | 'nothing' | number;
  comes: 'answer' | 'error' | 'death';
}

const PASS: Fate = { applies: 'all', comes: 'answer' };
/** Each step takes some time, so that no two have the same. */
const STEP_MS = 1;
/** After a call has returned, its caller makes the next one within so many turns of the event loop. */
const TURNS = 6;
const LONGEST_MS = 30 * 60_000;
const never = new Promise<never>(() => {});

/** A process: it may be killed or frozen. */
export class Actor {
  readonly kind: Kind;
  /** The actor that meets the fault, not its successor. */
  readonly first: boolean;
  dead = false;
  inFlight = 0;
  /** Its timers stand still, too. */
  frozen = false;
  /** Settled when another must take its place, or start beside it. */
  readonly gone = Promise.withResolvers<void>();
  onDeath: () => void = () => {};
  #awake = Promise.withResolvers<void>();
  #held = false;

  constructor(kind: Kind, first: boolean) {
    this.kind = kind;
    this.first = first;
  }

  /** While it is held, a request of it stays under way as long as the others need. */
  get waits(): boolean {
    return this.dead || this.#held;
  }

  hold(frozen: boolean): void {
    this.#awake = Promise.withResolvers();
    this.#held = true;
    this.frozen = frozen;
  }

  wake(): void {
    this.#held = false;
    this.frozen = false;
    this.#awake.resolve();
  }

  async awake(): Promise<void> {
    while (this.frozen) await this.#awake.promise;
    if (this.dead) await never;
  }

  async released(): Promise<void> {
    if (this.#held) await this.#awake.promise;
    if (this.dead) await never;
  }
}

interface Sleeper {
  actor: Actor;
  untilMs: number;
  wake(): void;
}

export class World {
  nowMs = Date.now() + 60 * 60_000;
  readonly steps: Step[] = [];
  readonly cell: Cell | null;
  /** Violations that were found during the run. */
  readonly problems: string[] = [];
  reached = false;
  /** Changes the answers of the IMS from now on. */
  imsChanged = false;
  /** Sends the job again. */
  deliverAgain: () => void = () => {};
  #victim: Actor | null = null;
  #counts = new Map<string, number>();
  #actors: Actor[] = [];
  #sleepers: Sleeper[] = [];
  #meanwhile = 0;
  #changes = 0;
  #changed = Promise.withResolvers<void>();

  constructor(cell: Cell | null) {
    this.cell = cell;
  }

  actor(kind: Kind): Actor {
    const actor = new Actor(
      kind,
      this.#actors.every((other) => other.kind !== kind),
    );
    this.#actors.push(actor);
    return actor;
  }

  get victim(): Actor | null {
    return this.#victim;
  }

  /** Counts a step as begun; returns the fault that meets it, if it is the one. */
  arrive(actor: Actor, what: string, level: Level, parts = 0): Fault | null {
    this.nowMs += STEP_MS;
    const name = `${actor.kind} ${what}`;
    const { cell } = this;
    if (!actor.first) {
      if (cell?.fault === 'a second one at the same time' && cell.step.name === name) this.wake();
      return null;
    }
    const nth = this.#counts.get(name) ?? 0;
    this.#counts.set(name, nth + 1);
    this.steps.push({ kind: actor.kind, name, nth, level, parts });
    if (cell?.step.name !== name || cell.step.nth !== nth) return null;
    this.reached = true;
    this.#victim = actor;
    return cell.fault;
  }

  /** The fate of a step, once it is known: a frozen one learns it when it wakes up. */
  async meet(actor: Actor, what: string, level: Level, parts = 0): Promise<Fate> {
    await actor.awake();
    const fault = this.arrive(actor, what, level, parts);
    if (fault === null) return PASS;
    const part = Math.min(this.cell!.part ?? 0, parts);
    switch (fault) {
      case IMS_CHANGES:
        this.imsChanged = true;
        return { applies: 'nothing', comes: 'death' };
      case 'killed before':
        return { applies: 'nothing', comes: 'death' };
      case 'killed after':
        return { applies: 'all', comes: 'death' };
      case 'killed, partly applied':
        return { applies: part, comes: 'death' };
      case 'error before':
        return { applies: 'nothing', comes: 'error' };
      case 'error, partly applied':
        return { applies: part, comes: 'error' };
      case 'answer lost':
        return { applies: 'all', comes: 'error' };
      case DELIVERED_AGAIN:
        this.deliverAgain();
        actor.hold(false);
        break;
      default:
        actor.hold(true);
    }
    actor.gone.resolve();
    this.#notify();
    await actor.released();
    return PASS;
  }

  kill(actor: Actor): void {
    if (actor.dead) return;
    actor.dead = true;
    actor.onDeath();
    actor.gone.resolve();
    this.#notify();
  }

  /** Another actor has taken over the work of the victim. */
  another(actor: Actor, took: boolean): void {
    const { fault } = this.cell ?? {};
    if (actor.first) return;
    if (fault === DELIVERED_AGAIN || (took && fault === 'frozen past its lease')) this.wake();
  }

  wake(): void {
    this.#victim?.wake();
    this.#notify();
  }

  /** Work of an actor that is under way: time stands still until it is done. */
  async under<Result>(actor: Actor, work: () => Promise<Result>): Promise<Result> {
    if (actor.dead) return never;
    actor.inFlight++;
    this.#changes++;
    try {
      await actor.awake();
      const result = await work();
      await actor.awake();
      return result;
    } catch (error) {
      await actor.awake();
      throw error;
    } finally {
      actor.inFlight--;
      this.#notify();
    }
  }

  /** Work of no actor: time stands still, too. */
  async meanwhile<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#meanwhile++;
    try {
      return await work();
    } finally {
      this.#meanwhile--;
      this.#notify();
    }
  }

  /** A call of a port, as one step. */
  call<Result>(
    actor: Actor,
    what: string,
    work: () => Result | Promise<Result>,
    { error, parts = 0, partly }: { error: () => Error; parts?: number; partly?: (part: number) => void },
  ): Promise<Result> {
    return this.under(actor, async () => {
      const { applies, comes } = await this.meet(actor, what, 'call', parts);
      const result = applies === 'all' ? await work() : undefined;
      if (typeof applies === 'number') partly!(applies);
      if (comes === 'death') this.kill(actor);
      if (comes === 'error') throw error();
      return result as Result;
    });
  }

  clockOf(actor: Actor): Clock {
    return {
      now: () => this.nowMs,
      random: () => 0.5,
      sleep: (ms, signal) =>
        new Promise<void>((resolve) => {
          if (signal?.aborted) return resolve();
          const wake = () => {
            signal?.removeEventListener('abort', wake);
            this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
            this.#changes++;
            if (!actor.dead) resolve();
          };
          const sleeper = { actor, untilMs: this.nowMs + Math.ceil(ms), wake };
          signal?.addEventListener('abort', wake);
          this.#sleepers.push(sleeper);
          this.#changes++;
        }),
    };
  }

  /** Lets time pass until the condition holds. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    let begunMs = this.nowMs;
    for (;;) {
      await this.#quiet();
      if (await condition()) return;
      const awake = this.#sleepers.filter(({ actor }) => !actor.dead && !actor.frozen);
      if (awake.length === 0 || this.nowMs - begunMs > LONGEST_MS) {
        // No other actor can take over what the victim holds.
        if (!this.#victim?.waits || this.#victim.dead) throw new Error(`this never happens: ${what}`);
        this.wake();
        begunMs = this.nowMs;
        continue;
      }
      const next = awake.reduce((first, other) => (other.untilMs < first.untilMs ? other : first));
      this.nowMs = Math.max(this.nowMs, next.untilMs);
      next.wake();
    }
  }

  async #quiet(): Promise<void> {
    for (;;) {
      const seen = this.#changes;
      for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (seen !== this.#changes) continue;
      const { promise } = this.#changed;
      if (this.#meanwhile === 0 && !this.#actors.some((actor) => actor.inFlight > 0 && !actor.waits)) return;
      await promise;
    }
  }

  #notify(): void {
    this.#changes++;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  end(): void {
    for (const actor of this.#actors) {
      actor.dead = true;
      actor.wake();
    }
    this.#sleepers = [];
  }
}
