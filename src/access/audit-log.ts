/**
 * Writes the audit log of one process: a chain that begins with its first entry and ends with a graceful stop. Entries of concurrent
 * requests share a call: while one is under way, the next gathers. While the store takes none, they wait in memory and are tried again;
 * those that are too many are told as a number. See INV-9.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import { ACTIONS_OF_LOG, type Act, type AuditEntry, auditText, hashOf, linkTo } from '../model/audit-entry.ts';
import { newId } from '../model/new-id.ts';
import type { Audit } from '../ports/audit.ts';
import type { Clock } from '../ports/clock.ts';
import { retryPauseMs } from '../ports/retry.ts';

interface Waiting {
  act: Act;
  count: number;
  atMs: number;
  /** Lets the answer go. */
  release(): void;
}

interface AuditPorts {
  audit: Audit;
  clock: Clock;
  logger: Pick<Logger, 'info' | 'error'>;
}

export class AuditLog {
  readonly #ports: AuditPorts;
  readonly #gaveUp = new AbortController();
  #waiting: Waiting[] = [];
  #underWay: Waiting[] = [];
  #writing: Promise<void> | null = null;
  /** The store does not take entries in time: no answer waits for it. */
  #late = false;
  #lost = 0;
  /** The newest entry of the chain. */
  #last: Pick<AuditEntry, 'chain' | 'n' | 'atMs' | 'hash'> | null = null;
  readonly #refused = new Map<string, { act: Act; count: number }>();
  #refusedTimer: NodeJS.Timeout | undefined;

  constructor(ports: AuditPorts) {
    this.#ports = ports;
  }

  /** Resolves when the entry is durable, or when the store takes too long for an answer to wait. Never rejects. */
  record(act: Act): Promise<void> {
    return new Promise((resolve) => this.#add(act, 1, resolve));
  }

  /** A refused request: those of one principal, or of one address, in the same second are one entry, which tells their number. */
  refuse(act: Act): void {
    this.#refusedTimer ??= setTimeout(() => this.#tellRefused(), limits.auditRefusedMs).unref();
    const own = act.principal ?? act.address ?? OTHERS;
    const who = this.#refused.has(own) || this.#refused.size < limits.auditRefused ? own : OTHERS;
    const known = this.#refused.get(who);
    if (known) known.count++;
    else if (who === own) this.#refused.set(who, { act, count: 1 });
    else this.#refused.set(who, { act: { ...act, principal: null, target: null, address: null }, count: 1 });
  }

  /** Writes what is left, and the end of the chain, in a bounded time. */
  async close(): Promise<void> {
    this.#tellRefused();
    if (this.#last !== null || this.#writing !== null) void this.record(ofLog(ACTIONS_OF_LOG.end, null));
    const timer = setTimeout(() => this.#gaveUp.abort(), limits.auditStopMs);
    const gaveUp = new Promise((resolve) => this.#gaveUp.signal.addEventListener('abort', resolve, { once: true }));
    await Promise.race([this.#writing, gaveUp]);
    clearTimeout(timer);
    const entries = this.#waiting.length + this.#underWay.length + this.#lost;
    if (entries > 0) this.#ports.logger.error({ entries }, 'the audit log lacks its last entries: the store took none');
  }

  #tellRefused(): void {
    clearTimeout(this.#refusedTimer);
    this.#refusedTimer = undefined;
    for (const { act, count } of this.#refused.values()) this.#add(act, count, () => {});
    this.#refused.clear();
  }

  #add(act: Act, count: number, release: () => void): void {
    if (this.#waiting.length < limits.auditWaitingEntries)
      this.#waiting.push({ act, count, atMs: this.#ports.clock.now(), release });
    else this.#lost++;
    if (this.#late || this.#lost > 0) release();
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#underWay = this.#waiting.splice(0, limits.auditBatchEntries);
      let entries: AuditEntry[] | null = null;
      const stored = await this.#untilDone(async () => {
        // Sealed once: a second try writes the same.
        entries ??= await this.#seal(this.#underWay);
        await this.#ports.audit.append(entries);
      });
      if (!stored) return;
      for (const { release } of this.#underWay) release();
      this.#underWay = [];
    }
    // In the same turn in which nothing was left.
    this.#writing = null;
  }

  /** False when the log was closed before. */
  async #untilDone(work: () => Promise<void>): Promise<boolean> {
    const { clock, logger } = this.#ports;
    const { signal } = this.#gaveUp;
    for (let failures = 0; !signal.aborted; failures++) {
      const timer = setTimeout(() => this.#beLate(), limits.auditWaitMs);
      try {
        await work();
        if (this.#late) logger.info('the audit log is written again');
        this.#late = false;
        return true;
      } catch (error) {
        this.#beLate(error);
        await clock.sleep(retryPauseMs(clock, limits.outageBackoff, failures), signal);
      } finally {
        clearTimeout(timer);
      }
    }
    return false;
  }

  #beLate(err?: unknown): void {
    if (this.#late) return;
    this.#late = true;
    this.#ports.logger.error({ err }, 'the audit log cannot be written now: its entries wait in memory');
    for (const { release } of [...this.#underWay, ...this.#waiting]) release();
  }

  async #seal(waiting: readonly Waiting[]): Promise<AuditEntry[]> {
    const entries: AuditEntry[] = [];
    const { audit, clock } = this.#ports;
    let last = this.#last;
    const add = (act: Act, count: number, atMs: number) => {
      const { chain, n, hash } = last ?? { chain: newId('a', atMs), n: 0, hash: '' };
      const entry = { chain, n: n + 1, atMs: Math.max(atMs, last?.atMs ?? 0), ...bounded(act), count };
      last = { ...entry, hash: hashOf(hash, entry) };
      entries.push(last as AuditEntry);
    };
    if (last === null) {
      const [newest] = (await audit.list({}, { limit: 1, after: null })).items;
      add(ofLog(ACTIONS_OF_LOG.begin, newest ? linkTo(newest) : null), 1, waiting[0]?.atMs ?? clock.now());
    }
    if (this.#lost > 0) add(ofLog(ACTIONS_OF_LOG.lost, null), this.#lost, clock.now());
    this.#lost = 0;
    for (const { act, count, atMs } of waiting) add(act, count, atMs);
    this.#last = last;
    return entries;
  }
}

/** Who is one too many to be told apart. No principal and no address has this name. */
const OTHERS = '';

const ofLog = (action: string, target: string | null): Act => ({
  ...{ principal: null, action, target, status: 200, code: null, requestId: randomUUID(), address: null },
});

const textOrNull = (text: string | null): string | null => text && auditText(text);

const bounded = ({ principal, action, target, status, code, requestId, address }: Act): Act => ({
  principal: textOrNull(principal),
  action,
  target: textOrNull(target),
  status,
  code,
  requestId,
  address: textOrNull(address),
});
