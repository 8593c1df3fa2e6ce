/** What all simulations have in common: how the run of a seed ends, and some small things. */
import { Violation } from './invariants.ts';
import type { Store } from './order-store.ts';
import type { Scheduler } from './scheduler.ts';

export interface SimulationResult {
  seed: number;
  steps: number;
  /** The hash of all steps: two runs with the same hash are the same run. */
  hash: string;
  /** How often each call met each outcome, and each thing from outside happened. */
  counts: ReadonlyMap<string, number>;
  /** Null when all invariants held. */
  violation: string | null;
  lastSteps: string[];
}

/** What is found beside the steps; the first of it counts. */
export class Findings {
  #found: Violation | null = null;

  readonly report = (what: string): void => {
    this.#found ??= new Violation(what);
  };

  throwFirst(): void {
    if (this.#found) throw this.#found;
  }
}

/** Runs a seed to its end. Throws what is a mistake of the simulation itself. */
export async function runSeed(
  seed: number,
  findings: Findings,
  { scheduler, store }: { scheduler: Scheduler; store: Store },
  run: () => Promise<void>,
): Promise<SimulationResult> {
  const onRejection = (error: unknown) =>
    findings.report(`a promise was rejected without a handler: ${describe(error)}`);
  process.on('unhandledRejection', onRejection);
  let violation: string | null = null;
  try {
    await run();
    findings.throwFirst();
  } catch (error) {
    if (!(error instanceof Violation)) throw new Error(`seed ${seed}, step ${scheduler.step}: ${describe(error)}`);
    violation = error.message;
  } finally {
    process.off('unhandledRejection', onRejection);
    store.close();
  }
  const { hash, last } = scheduler.trace();
  return { seed, steps: scheduler.step, hash, counts: scheduler.counts, violation, lastSteps: last };
}

/** Moves time to the next moment at which something is due, or beyond it. */
export function letTimePass(scheduler: Scheduler, leapMs: number): void {
  const untilMs = scheduler.nextMs();
  if (untilMs === Number.POSITIVE_INFINITY) throw new Violation('nothing will ever happen again');
  scheduler.advance(untilMs - scheduler.nowMs + leapMs);
}

/** A thing from outside: how likely it is, its name, whether it fits now, and what it does. */
export type Event = readonly [weight: number, name: string, fits: boolean, action: () => unknown];

export async function oneOf(scheduler: Scheduler, events: readonly Event[]): Promise<void> {
  const possible = events.filter(([, , fits]) => fits);
  const [, name, , action] = scheduler.random.weighted(possible.map((event) => [event[0], event] as const));
  await scheduler.act(name, action);
}

export async function* pieces(bytes: Buffer, pieceBytes = 500): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

export function toggle(set: Set<string>, item: string): void {
  if (!set.delete(item)) set.add(item);
}

export const describe = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));
