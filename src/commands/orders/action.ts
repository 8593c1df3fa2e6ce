/** What the actions of `oms orders` have in common. */
import type { ServiceClient } from '../service-client.ts';

export interface OrderOptions {
  json: boolean;
  ids: boolean;
  limit?: string | undefined;
  reason?: string | undefined;
  'if-version'?: string | undefined;
  /** The filters of a list, by the names of the API. */
  filters: Record<string, string>;
}

export type OrderAction = (client: ServiceClient, args: string[], options: OrderOptions) => Promise<number>;
