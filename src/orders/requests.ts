/** Requests of clients as the stores know them: with an id for each new order, and keyed where the client sent a key. */
import { hash } from 'node:crypto';
import type { Ask, ChangeRequest, RequestKey } from '../model/change-request.ts';
import { newId } from '../model/new-id.ts';
import type { NewOrderBody } from './read-order.ts';

/** Who asks, on which route, and what all changes of one request have in common. */
export interface Asker {
  /** Null where access is off. */
  principal: string | null;
  /** The only hubs that it works with; null: all. */
  hubs: readonly string[] | null;
  route: string;
  /** Of the header. */
  key: string | null;
  ifMatch: readonly number[] | null;
}

/** `index`: in a batch, where each order has a key of its own. */
export function changeRequest(asker: Asker, orderId: string, ask: Ask, index: number | null = null): ChangeRequest {
  const { principal: actor, hubs: within, ifMatch } = asker;
  return { orderId, ask, actor, within, ifMatch, key: requestKey(asker, [orderId, ask], index) };
}

export function creationRequest(
  asker: Asker,
  { orderId, content }: NewOrderBody,
  nowMs: number,
  index: number | null = null,
): ChangeRequest {
  const key = requestKey(asker, [orderId, content], index);
  const id = orderId ?? (key ? derivedOrderId(key) : newId('o', nowMs));
  const { principal: actor, hubs: within } = asker;
  return { orderId: id, ask: { kind: 'create', content }, actor, within, ifMatch: null, key };
}

/** Of what the body means, not of its bytes: a client may write the same again in another way. */
function requestKey({ principal, route, key }: Asker, asked: unknown, index: number | null): RequestKey | null {
  if (key === null) return null;
  return {
    scope: `${principal ?? ''} ${route}`,
    key: index === null ? key : `${key}:${index}`,
    fingerprint: hash('sha256', JSON.stringify(asked), 'base64url'),
  };
}

/** The same whenever the request is repeated, so that no repetition can make a second order. */
export function derivedOrderId({ scope, key, fingerprint }: RequestKey): string {
  const digest = hash('sha256', JSON.stringify([scope, key, fingerprint]), 'hex').slice(0, 32);
  return `o_${BigInt(`0x${digest}`).toString(36).padStart(25, '0')}`;
}
