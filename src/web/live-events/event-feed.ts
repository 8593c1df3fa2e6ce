/**
 * The events of orders, as they come, for the view of them. What it keeps is bounded, however many come and however long it is
 * paused; the view is told at most once per frame.
 *
 * The stream is read by `fetch`: an `EventSource` does not tell at which cursor a stream began, so one that gives up before the
 * first event could not go on there; nor does it tell why it was refused. Whatever breaks the stream off, it goes on behind the
 * last event seen. While the tab is hidden there is no stream: a browser has few connections to one service for all its tabs.
 */
import type { EventResponse } from '../../http/responses.ts';
import { Problem, parse, readProblem, withQuery } from '../api/client.ts';

const SHOWN = 200;
const KEPT_WHILE_PAUSED = 1_000;
const REOPEN_MS = 1_000;
const RATE_SECONDS = 3;
/** Work between two breaks for the browser: a replay from the beginning comes faster than it is looked at. */
const WORK_MS = 10;

export interface ReceivedEvent {
  number: number;
  event: EventResponse;
  /** What a filter is looked for in. */
  words: string;
}

export interface FeedView {
  state: 'connecting' | 'live' | 'lost' | 'refused';
  /** Why the service refuses to go on, in its words. */
  refusal: string | null;
  /** Newest first. */
  shown: readonly ReceivedEvent[];
  received: number;
  perSecond: number;
  paused: boolean;
  waiting: number;
  missed: number;
}

export class EventFeed {
  #cursor: string | undefined;
  #state: FeedView['state'] = 'connecting';
  #refusal: string | null = null;
  #filter = '';
  /** Oldest first, both: the newest of all, for when the filter changes, and the newest that match it. */
  #recent: ReceivedEvent[] = [];
  #matching: ReceivedEvent[] = [];
  #paused = false;
  #waiting: ReceivedEvent[] = [];
  #missed = 0;
  #received = 0;
  #counts: number[] = [0];
  #view: FeedView;
  #frame = 0;
  readonly #listeners = new Set<() => void>();
  #stopping: AbortController | null = null;

  /** `after` is a cursor, `0` the beginning; without one it begins now. */
  constructor(after: string | undefined) {
    this.#cursor = after;
    this.#view = this.#look();
  }

  readonly getView = (): FeedView => this.#view;

  /** Follows the stream while anybody listens and looks. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    document.addEventListener('visibilitychange', this.#startOrStop);
    this.#startOrStop();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      document.removeEventListener('visibilitychange', this.#startOrStop);
      this.#startOrStop();
    };
  };

  readonly #startOrStop = (): void => {
    if (this.#listeners.size === 0 || document.hidden) {
      this.#stopping?.abort();
      this.#stopping = null;
    } else if (this.#stopping === null && this.#state !== 'refused') {
      this.#stopping = new AbortController();
      void this.#follow(this.#stopping.signal);
      const seconds = setInterval(() => this.#nextSecond(), 1_000);
      this.#stopping.signal.addEventListener('abort', () => clearInterval(seconds));
    }
  };

  pause(): void {
    this.#paused = true;
    this.#publish();
  }

  goOn(): void {
    this.#paused = false;
    for (const received of this.#waiting) this.#show(received);
    this.#waiting = [];
    this.#missed = 0;
    this.#publish();
  }

  filter(text: string): void {
    this.#filter = text.trim().toLowerCase();
    const known = new Map([...this.#matching, ...this.#recent].map((received) => [received.number, received]));
    this.#matching = [...known.values()]
      .filter((received) => this.#matches(received))
      .sort((a, b) => a.number - b.number)
      .slice(-SHOWN);
    this.#publish();
  }

  async #follow(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        await this.#read(stop);
      } catch (error) {
        // A cursor that it does not know, or no longer: asking again would not help.
        if (!stop.aborted && error instanceof Problem && error.status < 500) {
          this.#refusal = error.message;
          this.#enter('refused');
          return;
        }
      }
      if (stop.aborted) return;
      this.#enter('lost');
      await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
    }
  }

  async #read(stop: AbortSignal): Promise<void> {
    const address = withQuery('/events', { after: this.#cursor });
    const response = await fetch(address, { headers: { accept: 'text/event-stream' }, signal: stop });
    if (!response.ok || response.body === null) {
      const answer = parse(await response.text());
      throw new Problem(readProblem(answer, response.status), answer);
    }
    this.#enter('live');
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    let workingSinceMs = performance.now();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (text + value).split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) {
        this.#take(block);
        if (performance.now() - workingSinceMs < WORK_MS) continue;
        await new Promise((resolve) => setTimeout(resolve));
        if (stop.aborted) return;
        workingSinceMs = performance.now();
      }
    }
  }

  /** A block is the cursor at which the stream begins, an event with the cursor behind it, or a comment. */
  #take(block: string): void {
    for (const line of block.split('\n')) {
      if (line.startsWith('id: ')) this.#cursor = line.slice('id: '.length);
      if (line.startsWith('data: ')) this.#receive(JSON.parse(line.slice('data: '.length)) as EventResponse);
    }
  }

  #receive(event: EventResponse): void {
    const { order_id, customer, items } = event.data;
    const words = [order_id, customer.name, customer.email, ...items.flatMap(({ sku, hub_id }) => [sku, hub_id])];
    const received = { number: this.#received, event, words: words.join('\n').toLowerCase() };
    this.#received += 1;
    this.#counts[this.#counts.length - 1]! += 1;
    if (this.#paused) {
      this.#waiting.push(received);
      if (this.#waiting.length > KEPT_WHILE_PAUSED) {
        this.#waiting.shift();
        this.#missed += 1;
      }
    } else this.#show(received);
    this.#publish();
  }

  #show(received: ReceivedEvent): void {
    push(this.#recent, received);
    if (this.#matches(received)) push(this.#matching, received);
  }

  #matches({ words }: ReceivedEvent): boolean {
    return words.includes(this.#filter);
  }

  #nextSecond(): void {
    this.#counts = [...this.#counts.slice(-RATE_SECONDS), 0];
    this.#publish();
  }

  #enter(state: FeedView['state']): void {
    this.#state = state;
    this.#publish();
  }

  #publish(): void {
    // Nothing is drawn while the tab is hidden; the frame comes when it is seen again.
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#view = this.#look();
      for (const listener of this.#listeners) listener();
    });
  }

  #look(): FeedView {
    const seconds = this.#counts.slice(0, -1);
    return {
      state: this.#state,
      refusal: this.#refusal,
      shown: this.#matching.slice(-SHOWN).reverse(),
      received: this.#received,
      perSecond: seconds.length === 0 ? 0 : Math.round(seconds.reduce((sum, n) => sum + n, 0) / seconds.length),
      paused: this.#paused,
      waiting: this.#waiting.length,
      missed: this.#missed,
    };
  }
}

/** Cut only now and then, as cutting moves all. */
function push(kept: ReceivedEvent[], received: ReceivedEvent): void {
  kept.push(received);
  if (kept.length >= 2 * SHOWN) kept.splice(0, kept.length - SHOWN);
}
