/**
 * The events of orders as the view shows them. It resumes behind the last event received whenever the stream breaks off. The view is
 * notified at most once per frame. While the tab is hidden there is no stream: a browser allows few connections to one service.
 */
import { Problem } from '../api/client.ts';
import { readEvents } from './read-events.ts';
import { type ReceivedEvent, ReceivedEvents } from './received-events.ts';

const REOPEN_MS = 1_000;
const RATE_SECONDS = 3;

export interface FeedView {
  state: 'connecting' | 'live' | 'lost' | 'refused';
  /** Why the service refuses to continue, in its words. */
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
  readonly #events = new ReceivedEvents();
  /** Events in each of the last seconds, the current one last. */
  #counts: number[] = [0];
  #view: FeedView;
  #frame = 0;
  readonly #listeners = new Set<() => void>();
  #stopping: AbortController | null = null;

  /** `after` is a cursor, `0` the beginning; without one it begins now. */
  constructor(after: string | undefined) {
    this.#cursor = after;
    this.#view = this.#makeView();
  }

  readonly getView = (): FeedView => this.#view;

  /** Follows the stream while there are listeners and the tab is visible. */
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
    this.#events.paused = true;
    this.#publish();
  }

  resume(): void {
    this.#events.resume();
    this.#publish();
  }

  filter(text: string): void {
    this.#events.filter(text);
    this.#publish();
  }

  async #follow(stop: AbortSignal): Promise<void> {
    const reader = {
      onOpen: () => this.#enter('live'),
      onCursor: (after: string) => {
        this.#cursor = after;
      },
      onEvent: (event: ReceivedEvent['event']) => {
        this.#events.receive(event);
        this.#counts[this.#counts.length - 1]! += 1;
        this.#publish();
      },
    };
    while (!stop.aborted) {
      try {
        await readEvents(this.#cursor, reader, stop);
      } catch (error) {
        // An unknown or expired cursor: asking again would not help.
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

  #nextSecond(): void {
    this.#counts = [...this.#counts.slice(-RATE_SECONDS), 0];
    this.#publish();
  }

  #enter(state: FeedView['state']): void {
    this.#state = state;
    this.#publish();
  }

  #publish(): void {
    // Nothing is drawn while the tab is hidden; the frame comes when it is visible again.
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#view = this.#makeView();
      for (const listener of this.#listeners) listener();
    });
  }

  #makeView(): FeedView {
    const seconds = this.#counts.slice(0, -1);
    const events = this.#events;
    return {
      state: this.#state,
      refusal: this.#refusal,
      shown: events.shown(),
      received: events.count,
      perSecond: seconds.length === 0 ? 0 : Math.round(seconds.reduce((sum, n) => sum + n, 0) / seconds.length),
      paused: events.paused,
      waiting: events.waiting,
      missed: events.missed,
    };
  }
}
