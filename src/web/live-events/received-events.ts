/** The events received by a feed: the newest of all, the newest that match the filter, and those that wait while it is paused. Bounded. */
import type { EventResponse } from '../../http/responses.ts';
import { wordsOf } from './event-words.ts';

const SHOWN = 200;
const KEPT_WHILE_PAUSED = 1_000;

export interface ReceivedEvent {
  number: number;
  event: EventResponse;
  /** What the filter searches. */
  words: string;
}

export class ReceivedEvents {
  count = 0;
  paused = false;
  missed = 0;
  #filter = '';
  /** Both oldest first: the newest of all, for when the filter changes, and the newest that match it. */
  #recent: ReceivedEvent[] = [];
  #matching: ReceivedEvent[] = [];
  #waiting: ReceivedEvent[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Newest first. */
  shown(): ReceivedEvent[] {
    return this.#matching.slice(-SHOWN).reverse();
  }

  receive(event: EventResponse): void {
    const received = { number: this.count, event, words: wordsOf(event) };
    this.count += 1;
    if (!this.paused) {
      this.#show(received);
      return;
    }
    this.#waiting.push(received);
    if (this.#waiting.length <= KEPT_WHILE_PAUSED) return;
    this.#waiting.shift();
    this.missed += 1;
  }

  resume(): void {
    this.paused = false;
    for (const received of this.#waiting) this.#show(received);
    this.#waiting = [];
    this.missed = 0;
  }

  filter(text: string): void {
    this.#filter = text.trim().toLowerCase();
    const known = new Map([...this.#matching, ...this.#recent].map((received) => [received.number, received]));
    this.#matching = [...known.values()]
      .filter((received) => this.#matches(received))
      .sort((a, b) => a.number - b.number)
      .slice(-SHOWN);
  }

  #show(received: ReceivedEvent): void {
    push(this.#recent, received);
    if (this.#matches(received)) push(this.#matching, received);
  }

  #matches({ words }: ReceivedEvent): boolean {
    return words.includes(this.#filter);
  }
}

/** Cut only now and then, as cutting moves all. */
function push(kept: ReceivedEvent[], received: ReceivedEvent): void {
  kept.push(received);
  if (kept.length >= 2 * SHOWN) kept.splice(0, kept.length - SHOWN);
}
