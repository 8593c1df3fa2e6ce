/**
 * Whether a worker receives further messages, as one value, and the slots of the messages that it handles now.
 *
 *     receiving -> resting                 a message could not be handled: a backlog must not fall on an engine that is down
 *     resting -> receiving                 the pause is over
 *     receiving, resting -> exclusive      a file that may crash the worker is worked on, and no other
 *     exclusive -> receiving               that file has freed its slot
 */
import { assert } from '../../assert.ts';
import { limits } from '../../limits.ts';

export interface Slot {
  startedMs: number;
  /** Who sent its file; null: unknown, or nobody is told apart. */
  uploader: string | null;
  /** Its file is to be released at the next chunk border. */
  release: boolean;
}

type Mode = { name: 'receiving' } | { name: 'resting'; over: Promise<void> } | { name: 'exclusive'; slot: Slot };

const RECEIVING: Mode = { name: 'receiving' };

export class WorkerState {
  #mode: Mode = RECEIVING;
  /** Rests since a file was claimed. */
  #rests = 0;
  readonly #slots = new Set<Slot>();
  #slotFreed = Promise.withResolvers<void>();

  get mode(): Mode {
    return this.#mode;
  }

  get isFull(): boolean {
    return this.#slots.size === limits.workerSlots;
  }

  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  /** Resolves when the next slot is freed. */
  get slotFreed(): Promise<void> {
    return this.#slotFreed.promise;
  }

  occupySlot(nowMs: number): Slot {
    assert(!this.isFull, 'a worker handles no more messages than it has slots');
    const slot: Slot = { startedMs: nowMs, uploader: null, release: false };
    this.#slots.add(slot);
    return slot;
  }

  /** Gives the slot to a file of this uploader; false where his files have as many slots as one uploader may have. */
  shareOut(slot: Slot, uploader: string | null): boolean {
    const his = [...this.#slots].filter((other) => other.uploader === uploader).length;
    if (uploader !== null && his >= limits.workerSlotsOfPrincipal) return false;
    slot.uploader = uploader;
    return true;
  }

  freeSlot(slot: Slot): void {
    assert(this.#slots.delete(slot), 'a slot is freed once');
    if (this.#mode.name === 'exclusive' && this.#mode.slot === slot) this.#mode = RECEIVING;
    this.#slotFreed.resolve();
    this.#slotFreed = Promise.withResolvers();
  }

  /** `pause` gets the number of earlier rests. It is not called when the worker receives nothing anyway. */
  rest(pause: (restsBefore: number) => Promise<void>): void {
    if (this.#mode.name !== 'receiving') return;
    const resting: Mode = {
      name: 'resting',
      over: pause(this.#rests++).then(() => {
        if (this.#mode === resting) this.#mode = RECEIVING;
      }),
    };
    this.#mode = resting;
  }

  /** A claim was answered, so the order store works: the next pause is a short one again. */
  markClaimed(): void {
    this.#rests = 0;
  }

  /** Releases all other files and waits until their slots are free; false when another file has the worker for itself. */
  async becomeExclusive(slot: Slot): Promise<boolean> {
    if (this.#mode.name === 'exclusive') return false;
    assert(this.#slots.has(slot), 'only a message in a slot can have the worker for itself');
    this.#mode = { name: 'exclusive', slot };
    while (this.#slots.size > 1) {
      for (const other of this.#slots) if (other !== slot) other.release = true;
      await this.slotFreed;
    }
    return true;
  }

  /** The slot that has been occupied longest. */
  longest(): Slot {
    assert(!this.isEmpty, 'a slot is occupied');
    return [...this.#slots].reduce((a, b) => (b.startedMs < a.startedMs ? b : a));
  }
}
