/**
 * What is done for each request before it is routed. It waits for its turn on the event loop here, where little is held for it: a thousand
 * may wait. Health checks do not wait.
 */
import type { RequestListener } from 'node:http';
import { requestTurn } from '../ports/event-loop.ts';
import { nameRequest } from './request-id.ts';

const HEALTH_CHECKS = /^(?:\/api\/v1)?\/(?:healthz|readyz|metrics)(?:\?|$)/;

export function requestListener(handle: RequestListener): RequestListener {
  return async (request, response) => {
    if (!HEALTH_CHECKS.test(request.url!)) await requestTurn();
    // The client may have disconnected while it waited.
    if (response.destroyed) return;
    // Set before the router makes the response: changing its headers later would make a second response, or objects for its headers.
    nameRequest(request, response);
    response.setHeader('x-content-type-options', 'nosniff');
    // Most responses contain names and addresses of customers, so no cache may keep them. The page says for itself what may be kept.
    response.setHeader('cache-control', 'no-store');
    handle(request, response);
  };
}
