/** `GET /auth/me`: who the service takes the client for. */
import { Hono } from 'hono';
import { principalOf } from './access-guard.ts';
import { type MeResponse, meResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

export function meRoutes() {
  return new Hono<HttpEnv>().get(
    '/auth/me',
    route(
      {
        id: 'getMe',
        tag: 'Access',
        summary: 'Get who you are, and what you may do',
        responses: { 200: json(meResponse, 'You.') },
      },
      (c) => {
        const { name, role, scopes, hubs, email } = principalOf(c);
        const me = { principal: name, role, scopes: scopes && [...scopes], hubs: hubs && [...hubs], email };
        return c.json(me satisfies MeResponse);
      },
    ),
  );
}
