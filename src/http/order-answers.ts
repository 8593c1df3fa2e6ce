/** What became of a request to create or change an order: as a response, or as one of the results of a batch. */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { OmsError } from '../errors.ts';
import type { RefusalCode } from '../model/change-request.ts';
import { type Order, orderJson } from '../model/order.ts';
import type { Settled } from '../orders/change-orders.ts';
import type { Mistakes } from '../orders/mistakes.ts';
import { basePath } from './base-path.ts';
import { problem, problemDocument } from './problem.ts';
import { REFUSED, STATUS_OF_CREATION, THROWN } from './problem-codes.ts';
import type { OrderResponse, OrderResultResponse } from './responses.ts';
import type { HttpEnv } from './route.ts';

export const etagOf = ({ version }: Pick<Order, 'version'>): string => `"${version}"`;

/** The response to a request for one order. Throws the error of an engine that is down, and `invalid_order`. */
export function respondWith(c: Context<HttpEnv>, settled: Settled, isCreation = false): Response {
  switch (settled.outcome) {
    case 'deleted':
      return c.body(null, 204);
    case 'failed':
      throw settled.error;
    case 'invalid':
      throw invalidOrder(settled.mistakes);
    case 'refused': {
      const { code, detail, members } = settled.refusal;
      return problem(c, statusOf(code, isCreation), code, detail, members);
    }
    default: {
      const { outcome, order } = settled;
      // Not by Hono, which makes an object of more than one header: a thirtieth of a request.
      c.env.outgoing.setHeader('etag', etagOf(order));
      if (outcome !== 'created') return c.json(orderJson(order) satisfies OrderResponse, 200);
      c.env.outgoing.setHeader('location', `${basePath(c)}/orders/${encodeURIComponent(order.orderId)}`);
      return c.json(orderJson(order) satisfies OrderResponse, 201);
    }
  }
}

/** The same as one of the results of a batch, of which none deletes. */
export function resultOf(given: Settled, isCreation: boolean): OrderResultResponse {
  const settled = given as Exclude<Settled, { outcome: 'deleted' }>;
  if ('order' in settled) return { status: settled.outcome === 'created' ? 201 : 200, order: orderJson(settled.order) };
  if (settled.outcome === 'refused') {
    const { code, detail, members } = settled.refusal;
    return refusal(statusOf(code, isCreation), code, detail, members);
  }
  const { code, message, details } = settled.outcome === 'failed' ? settled.error : invalidOrder(settled.mistakes);
  return refusal(THROWN[code as keyof typeof THROWN] ?? 500, code, message, details);
}

function refusal(status: number, code: string, detail: string, extra: OmsError['details']): OrderResultResponse {
  return { status, problem: problemDocument(status, code, detail, extra) };
}

const statusOf = (code: RefusalCode, isCreation: boolean): ContentfulStatusCode =>
  (isCreation && (STATUS_OF_CREATION as Partial<Record<RefusalCode, ContentfulStatusCode>>)[code]) || REFUSED[code];

/** 422 with all mistakes of a body. */
export function invalidOrder({ list, count }: Mistakes): OmsError {
  const more = count - 1;
  const others = more === 0 ? '' : `; and ${more} more ${more === 1 ? 'mistake' : 'mistakes'}`;
  return new OmsError('invalid_order', `${list[0]!.detail}${others}`, {
    details: { errors: list, error_count: count },
  });
}
