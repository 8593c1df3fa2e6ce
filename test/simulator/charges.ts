/**
 * Counts, independently of the store, the claims that each file is charged with since its last progress. A claim is charged when its holder
 * died, was frozen, or was so late that another took over; not when it was given back, refused, or only waited for an engine (INV-7).
 */
import { limits } from '../../src/limits.ts';
import { type FileRecord, isEnded } from '../../src/model/file.ts';
import type { Claim, ClaimResult } from '../../src/ports/files.ts';
import type { FileState } from './invariants.ts';
import type { Actor } from './scheduler.ts';

const LEAVES: ReadonlySet<string> = new Set(['files.release', 'files.pause', 'files.finish', 'files.expire']);

interface Held {
  claim: Claim;
  holder: Actor;
  /** The strikes of the file when it was claimed, this claim included. */
  strikes: number;
  /** Its holder has received the response. */
  known: boolean;
  /** Its holder still works under an older claim of its own and has not noticed that it is lost. */
  again: boolean;
  /** Its holder has begun to release it, or to end the file. */
  leaving: boolean;
}

export class Charges {
  /** The claims of each file since its last chunk or retry that were not given back. */
  readonly #charged = new Map<string, Held[]>();
  readonly #newest = new Map<string, Held>();
  readonly #givenUp = new Set<string>();
  readonly #report: (what: string) => void;

  constructor(report: (what: string) => void) {
    this.#report = report;
  }

  /** A call of the store has begun. */
  asked(holder: Actor, what: string, [input]: readonly unknown[]): void {
    const claim = input as Partial<Claim> | undefined;
    const held = this.#newest.get(claim?.fileId ?? '');
    if (!held || held.holder !== holder || held.claim.epoch !== claim!.epoch) return;
    held.known = true;
    if (what === 'files.expire' && !held.leaving && this.#of(held.claim.fileId).includes(held))
      this.#report(`INV-7 a claim was charged to ${held.claim.fileId} by its holder, who lives`);
    if (LEAVES.has(what)) held.leaving = true;
  }

  /** A call of the store was carried out. */
  applied(holder: Actor, what: string, [input]: readonly unknown[], result: unknown): void {
    switch (what) {
      case 'files.claim': {
        const { kind, claim, file } = result as ClaimResult & { claim: Claim; file: FileRecord };
        if (kind !== 'claimed' && kind !== 'exhausted') return;
        const former = this.#newest.get(claim.fileId);
        const again = former?.holder === holder && !former.leaving;
        const held = { claim, holder, strikes: file.strikes, known: false, again, leaving: kind === 'exhausted' };
        this.#newest.set(claim.fileId, held);
        this.#charged.set(claim.fileId, [...this.#of(claim.fileId), held]);
        return;
      }
      case 'chunks.commit':
        this.#charged.delete((input as Claim).fileId);
        return;
      case 'files.requeue':
        this.#charged.delete(input as string);
        this.#givenUp.delete(input as string);
        return;
      case 'files.pause':
      case 'files.release': {
        if (result === false) return;
        const { fileId, epoch } = input as Claim;
        // A claim that is not the newest has nothing to release.
        const newest = this.#newest.get(fileId);
        if (newest?.claim.epoch === epoch && this.#of(fileId).at(-1) === newest) this.#of(fileId).pop();
      }
    }
  }

  /** The file kills its worker. */
  poisoned(holder: Actor, fileId: string): void {
    const own = this.#newest.get(fileId);
    if (own?.holder !== holder) return;
    const times = this.#of(fileId).length;
    if (times > limits.maxStrikes) this.#report(`${fileId} was worked on ${times} times without getting further`);
    if (own.strikes <= limits.suspectStrikes || own.again) return;
    for (const [other, held] of this.#newest)
      if (other !== fileId && held.holder === holder && held.known && !held.leaving)
        this.#report(`${other} was worked on beside ${fileId}, which had killed ${own.strikes - 1} times`);
  }

  check(files: readonly FileState[]): void {
    for (const { file_id, name, status, strikes, failure } of files) {
      const charged = this.#of(file_id).length;
      // The end of a file may be recorded although its worker got no response and then releases the claim.
      if (strikes > charged && !isEnded(status))
        this.#report(`${name} has ${strikes} strikes, and ${charged} claims since it got further`);
      if (status !== 'failed' || !failure!.includes('"internal"') || this.#givenUp.has(file_id)) continue;
      this.#givenUp.add(file_id);
      // The last one gave it up.
      if (charged <= limits.maxStrikes) this.#report(`${name} was given up after ${charged - 1} claims`);
    }
  }

  #of(fileId: string): Held[] {
    return this.#charged.get(fileId) ?? [];
  }
}
