/**
 * Waits for engines that are down, with bounded pauses and jitter, for as long as it takes; the file shows what it waits for (INV-7). Each
 * engine is waited for until it has answered, independently of the others.
 */
import type { Logger } from 'pino';
import { isOmsError, OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Dependency } from '../../model/file.ts';
import type { Claim, Wait } from '../../ports/files.ts';
import { retryPauseMs } from '../../ports/retry.ts';
import { askedStop, StopSignal } from './file-end.ts';
import type { IngestOptions, IngestPorts } from './options.ts';

export class Outage {
  /** What ends the waiting. */
  stopBy: () => StopSignal | null;
  readonly #ports: Pick<IngestPorts, 'store' | 'clock'>;
  readonly #claim: Claim;
  readonly #options: IngestOptions;
  readonly #logger: Logger;
  /** The engines that the file waits for, longest first. */
  readonly #waits = new Map<Dependency, Wait & { pauses: number }>();
  #shown: Wait | null = null;

  constructor(ports: Pick<IngestPorts, 'store' | 'clock'>, claim: Claim, options: IngestOptions, logger: Logger) {
    this.#ports = ports;
    this.#claim = claim;
    this.#options = options;
    this.#logger = logger;
    this.stopBy = () => askedStop(options.asked());
  }

  /** Repeats the work until it succeeds. Throws what waiting cannot fix. */
  async retry<Result>(dependency: Dependency, work: () => Promise<Result>): Promise<Result> {
    const waitedFor = new Set<Dependency>();
    for (;;) {
      try {
        const result = await work();
        for (const engine of waitedFor) await this.markRecovered(engine);
        // In case it could not be recorded before.
        await this.#show();
        return result;
      } catch (error) {
        const engine = isOfStore(error) ? 'store' : dependency;
        waitedFor.add(engine);
        await this.pauseAfter(error, engine);
      }
    }
  }

  /** Rethrows what waiting cannot fix. */
  async pauseAfter(error: unknown, dependency: Dependency): Promise<void> {
    const { clock } = this.#ports;
    const isTransient = error instanceof OmsError ? error.retryable : dependency === 'objects' && isSystemError(error);
    const pauses = this.#waits.get(dependency)?.pauses ?? 0;
    if (!isTransient || (isUnknown(error) && pauses >= limits.unknownErrorPauses)) throw error;
    if (!this.#waits.has(dependency)) this.#logger.warn({ err: error, dependency }, 'the file waits for an engine');
    const pauseMs = retryPauseMs(clock, limits.outageBackoff, pauses);
    this.#waits.set(dependency, { dependency, nextTryAtMs: Math.round(clock.now() + pauseMs), pauses: pauses + 1 });
    await this.#show();
    await this.#pause(pauseMs);
  }

  /** To be called when the engine has answered. */
  async markRecovered(dependency: Dependency): Promise<void> {
    if (!this.#waits.delete(dependency)) return;
    await this.#show();
    this.#logger.info({ dependency }, 'the engine is back: the file continues');
  }

  /** In short sleeps, so that a stop, a cancel or a pause takes effect soon. */
  async #pause(pauseMs: number): Promise<void> {
    const { lost, shouldRelease } = this.#options;
    for (let left = pauseMs; left > 0; left -= limits.outageBackoff.firstMs) {
      await this.#ports.clock.sleep(Math.min(left, limits.outageBackoff.firstMs), lost);
      lost.throwIfAborted();
      const stop = this.stopBy();
      if (stop) throw stop;
      if (shouldRelease()) throw new StopSignal('released');
    }
  }

  async #show(): Promise<void> {
    const [wait = null] = this.#waits.values();
    if (this.#shown === wait) return;
    try {
      const shown = wait && { dependency: wait.dependency, nextTryAtMs: wait.nextTryAtMs };
      await this.#ports.store.files.setWaiting(this.#claim, shown);
      this.#shown = wait;
    } catch (error) {
      // The store itself may be down; then no client can read the file either.
      this.#logger.debug({ err: error }, 'the state of the file could not be recorded');
    }
  }
}

/** Whichever engine was called: writing a report also reads the store, and a full disk is full for everything on it. */
export const isOfStore = (error: unknown): boolean =>
  ['disk_full', 'store_unavailable', 'store_damaged', 'store_contention'].some((code) => isOmsError(error, code));

/** An engine failed without a known reason. The reason may be this file. */
const isUnknown = (error: unknown): boolean => isOmsError(error) && error.details.unknown_error !== undefined;

/** An error of the operating system, such as EIO. */
const isSystemError = (error: unknown): boolean =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
