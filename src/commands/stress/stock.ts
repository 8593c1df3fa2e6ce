/** The stock of a stress test: put there before it, and counted after it. */
import { setTimeout as delay } from 'node:timers/promises';
import { OmsError } from '../../errors.ts';
import type { OrdersResponse, ProblemResponse, SettingsResponse } from '../../http/responses.ts';
import { limits } from '../../limits.ts';
import type { ServiceClient } from '../service-client.ts';
import type { Load, Pair } from './load.ts';

const OWN_HUB = 'STRESS-HUB';

interface Wanted {
  name: string;
  sku: string | undefined;
  hubId: string | undefined;
  stock: number | null;
  orders: number;
}

/** A product of its own has as much stock as there are orders; one that was named keeps what it has, unless a stock is given. */
export async function preparePair(client: ServiceClient, { name, sku, hubId, stock, orders }: Wanted): Promise<Pair> {
  const tracked = (await client.get<SettingsResponse>('/settings')).stock === 'tracked';
  const own = { sku: sku ?? name, hubId: hubId ?? OWN_HUB, tracked };
  if (sku === undefined) return setStock(client, { ...own, stock: stock ?? orders });
  const levels = (await stockOf(client, { sku, hubId })).filter((level) => level.sku === sku);
  if (hubId === undefined && levels.length > 1)
    throw new OmsError('invalid_option', `${sku} is in several hubs: say which with --hub`);
  const pair = { sku, hubId: hubId ?? levels[0]?.hub_id ?? OWN_HUB, tracked };
  if (stock !== null) return setStock(client, { ...pair, stock });
  if (tracked && levels.length === 0)
    throw new OmsError('invalid_option', `${sku} has no stock: say how much with --stock`);
  return { ...pair, stock: levels[0]?.available ?? 0 };
}

async function setStock(client: ServiceClient, pair: Pair): Promise<Pair> {
  const items = [{ sku: pair.sku, hub_id: pair.hubId, available: pair.stock }];
  const { status, body } = await client.request('PUT', '/inventory', { items });
  if (status >= 400) throw new OmsError('stock_refused', `the stock was not set: ${(body as ProblemResponse).detail}`);
  return pair;
}

async function stockOf(client: ServiceClient, { sku, hubId }: { sku: string; hubId: string | undefined }) {
  const query = new URLSearchParams({ sku, ...(hubId !== undefined && { hub_id: hubId }), limit: '2' });
  const { items } = await client.get<{ items: { sku: string; hub_id: string; available: number }[] }>(
    `/inventory?${query}`,
  );
  return items;
}

export interface Sold {
  before: number;
  after: number;
  /** Orders of this run that are stored, one piece each. */
  stored: number;
  ok: boolean;
  /** What is not as it should be, a line each. */
  wrong: string[];
}

/** Stock of a refused order may be on its way back for a moment, so it is counted again before it is wrong. */
export async function checkSold(client: ServiceClient, pair: Pair, name: string, load: Load): Promise<Sold> {
  for (const endsMs = Date.now() + limits.stressSettleMs; ; ) {
    const stored = await countOrders(client, pair, name);
    const after = (await stockOf(client, pair))[0]?.available ?? 0;
    const wrong = whatIsWrong(pair.stock, after, stored, load);
    if (wrong.length === 0 || Date.now() >= endsMs)
      return { before: pair.stock, after, stored, ok: wrong.length === 0, wrong };
    await delay(limits.clientBackoff.firstMs);
  }
}

/** Each order takes one piece, where stock is tracked, and nobody else may order the product meanwhile. */
export function whatIsWrong(
  before: number,
  after: number,
  stored: number,
  load: Pick<Load, 'accepted' | 'unknown' | 'orders' | 'tracked'>,
): string[] {
  const { accepted, unknown, orders, tracked } = load;
  const sold = before - after;
  const wrong: string[] = [];
  const upTo = unknown === 0 ? '' : ` to ${accepted + unknown}`;
  if (stored < accepted || stored > accepted + unknown)
    wrong.push(`${stored} orders are stored, ${accepted}${upTo} were accepted`);
  if (tracked && sold !== stored) wrong.push(`${sold} pieces are gone, ${stored} orders have one each`);
  if (tracked && stored > before) wrong.push(`${stored} orders are stored, of ${before} pieces`);
  if (!tracked && sold !== 0) wrong.push(`${sold} pieces are gone, though orders take none`);
  const should = tracked ? Math.min(orders, before) : orders;
  if (stored + unknown < should) wrong.push(`${stored} orders are stored, though ${should} could be`);
  return wrong;
}

async function countOrders(client: ServiceClient, { sku, hubId }: Pair, name: string): Promise<number> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ sku, hub_id: hubId, q: `${name}-`, limit: String(limits.maxPageItems) });
    if (cursor !== null) query.set('cursor', cursor);
    const page: OrdersResponse = await client.get(`/orders?${query}`);
    count += page.items.length;
    cursor = page.next_cursor;
  } while (cursor !== null);
  return count;
}
