/** The service that decides on new orders. */
import type { Order } from '../model/order.ts';

export type Decision =
  | { decision: 'confirm' | 'cancel'; reason: string | null }
  /** It wants to be asked again, after its own time or ours. */
  | { decision: 'hold'; reason: string | null; retryAfterMs: number | null }
  /** It answered, but not with a decision: asking again at once does not help. */
  | { decision: 'none'; answer: string }
  /** It fails for this order, while it may answer for others. */
  | { decision: 'failed'; answer: string };

export interface Decider {
  /**
   * `key`: the same for each try of one ask. Throws retryable `decisions_unavailable` while the service is out for all orders, and when
   * the signal is aborted.
   */
  decide(order: Order, key: string, signal: AbortSignal): Promise<Decision>;
}
