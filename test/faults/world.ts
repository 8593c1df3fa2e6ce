/**
 * The world of one run of the fault matrix: processes (actors), the steps that they make, the one step that meets a fault, and a clock
 * that goes on only when nobody has anything under way. So a lease runs out at once, and a frozen process stays frozen as long as it
 * has to.
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
  /** Of the steps of this name, from 0. */
  nth: number;
  level: Level;
  /** Documents or events, where a part of them may be applied. */
  parts: number;
}

/** One fault at one step. */
export interface Cell {
  step: Step;
  fault: Fault;
  /** How many of the parts are applied. */
  part: number | null;
}

/** What becomes of a step. */
export interface Fate {
  applies: 'all' | 'nothing' | number;
  comes: 'answer' | 'error' | 'death';
}

const PASS: Fate = { applies: 'all', comes: 'answer' };
/** Time moves on with each step, so that no two of them have the same. */
const STEP_MS = 1;
/** After a call has come back this many turns of the event loop are enough for whoever waited to ask for the next. */
const TURNS = 6;
const LONGEST_MS = 30 * 60_000;
const never = new Promise<never>(() => {});

/** A process: it may be killed, or stand still. */
export class Actor {
  readonly kind: Kind;
  /** The one that meets the fault; another only comes in its place. */
  readonly first: boolean;
  dead = false;
  inFlight = 0;
  /** Its timers stand still, too. */
  frozen = false;
  /** Settled when another is to take its place, or comes beside it. */
  readonly gone = Promise.withResolvers<void>();
  onDeath: () => void = () => {};
  #awake = Promise.withResolvers<void>();
  #held = false;

  constructor(kind: Kind, first: boolean) {
    this.kind = kind;
    this.first = first;
  }

  /** While it is held something of it is under way for as long as others like. */
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
  /** What must never be, as it was found on the way. */
  readonly problems: string[] = [];
  reached = false;
  /** The IMS answers otherwise from now on. */
  imsChanged = false;
  /** Puts the job into the queue once more. */
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

  /** Counts a step as begun; the fault that it meets, if it is the one. */
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

  /** What becomes of a step, once that is known: one that is frozen learns it when it wakes up. */
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
    this.#tell();
    await actor.released();
    return PASS;
  }

  kill(actor: Actor): void {
    if (actor.dead) return;
    actor.dead = true;
    actor.onDeath();
    actor.gone.resolve();
    this.#tell();
  }

  /** Another has taken over what the victim was at. */
  another(actor: Actor, took: boolean): void {
    const { fault } = this.cell ?? {};
    if (actor.first) return;
    if (fault === DELIVERED_AGAIN || (took && fault === 'frozen past its lease')) this.wake();
  }

  wake(): void {
    this.#victim?.wake();
    this.#tell();
  }

  /** Something of that actor that is under way: time stands still until it is there. */
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
      this.#tell();
    }
  }

  /** What is no actor's: time stands still, too. */
  async meanwhile<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#meanwhile++;
    try {
      return await work();
    } finally {
      this.#meanwhile--;
      this.#tell();
    }
  }

  /** A call of a port that is one step. */
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

  /** Lets time go on until it is so. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    let begunMs = this.nowMs;
    for (;;) {
      await this.#quiet();
      if (await condition()) return;
      const awake = this.#sleepers.filter(({ actor }) => !actor.dead && !actor.frozen);
      if (awake.length === 0 || this.nowMs - begunMs > LONGEST_MS) {
        // Nobody can take over what the victim holds.
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

  #tell(): void {
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
