/** `/keys`: the API keys of programs. */
import { Hono } from 'hono';
import * as z from 'zod';
import type { AccessPorts } from '../access/access.ts';
import { Keys } from '../access/keys.ts';
import type { Config } from '../config.ts';
import { limits } from '../limits.ts';
import { BODY_PROBLEMS, readBodyIfAny } from './access-bodies.ts';
import { principalOf } from './access-guard.ts';
import { auditTarget } from './audit-trail.ts';
import { JsonBodies } from './json-body.ts';
import { keyJson, newKeyBody, newKeyJson, rotateBody } from './key-json.ts';
import { jsonBody } from './order-routing.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { keysResponse, type NewKeyResponse, newKeyResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

interface KeyRouting {
  keys: Keys;
  bodies: JsonBodies;
}

export function keyRoutes(ports: AccessPorts, { timeZone }: Pick<Config, 'timeZone'>) {
  const routing: KeyRouting = { keys: new Keys(ports), bodies: new JsonBodies() };
  const app = new Hono<HttpEnv>();
  app.get('/keys', listKeys(routing));
  app.post('/keys', createKey(routing, newKeyBody(timeZone, ports)));
  app.delete('/keys/:id', revokeKey(routing));
  app.post('/keys/:id/rotate', rotateKey(routing));
  return app;
}

const params = { id: z.string().describe('The part of the key between its underscores.') };

const BODY_SIZE = `At most ${limits.maxAccessBodyBytes} bytes.`;

const listKeys = ({ keys }: KeyRouting) =>
  route(
    {
      id: 'listKeys',
      tag: 'Access',
      summary: 'List the keys',
      query: pageShape,
      responses: { 200: json(keysResponse, 'A page of keys, by their ids, without their secrets.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads'],
      engines: ['store'],
    },
    (c, readQuery) => {
      const list = ['keys'];
      return respondWithPage(c, list, readPage(list, readQuery(c)), (slice) => keys.list(slice), keyJson);
    },
  );

const createKey = ({ keys, bodies }: KeyRouting, schema: ReturnType<typeof newKeyBody>) =>
  route(
    {
      id: 'createKey',
      tag: 'Access',
      summary: 'Create a key',
      description:
        'The response is the only one with the key itself. Nobody gives a key more than they may do themselves.',
      body: jsonBody(schema, BODY_SIZE),
      responses: { 201: json(newKeyResponse, 'The key.') },
      problems: [...BODY_PROBLEMS, 'too_many_keys'],
      engines: ['store'],
    },
    (c) =>
      readBodyIfAny({ c, bodies }, schema, async ({ expires_at, ...grant }) => {
        const key = await keys.create({ ...grant, expiresMs: expires_at }, principalOf(c));
        auditTarget(c, `key ${key.id}`);
        return c.json(newKeyJson(key) satisfies NewKeyResponse, 201);
      }),
  );

const revokeKey = ({ keys }: KeyRouting) =>
  route(
    {
      id: 'revokeKey',
      tag: 'Access',
      summary: 'Revoke a key',
      description: 'It ends within 5 seconds on every process. A repeat changes nothing.',
      params,
      responses: { 204: { description: 'There is no such key any more.' } },
      engines: ['store'],
    },
    async (c) => {
      await keys.revoke(c.req.param('id'));
      return c.body(null, 204);
    },
  );

const rotateKey = ({ keys, bodies }: KeyRouting) =>
  route(
    {
      id: 'rotateKey',
      tag: 'Access',
      summary: 'Give a key a new secret',
      description:
        'The secret that it had is taken for a while, too, so that its clients can be changed one after the other.',
      params,
      body: { ...jsonBody(rotateBody, BODY_SIZE), required: false },
      responses: { 200: json(newKeyResponse, 'The key.') },
      problems: [...BODY_PROBLEMS, 'not_found', 'key_expired'],
      engines: ['store'],
    },
    (c) =>
      readBodyIfAny({ c, bodies }, rotateBody, async ({ valid_for_seconds }) => {
        const key = await keys.rotate(c.req.param('id'), valid_for_seconds * 1000, principalOf(c));
        return c.json(newKeyJson(key) satisfies NewKeyResponse);
      }),
  );
