/** `/users`: people who sign in with an e-mail address and a password, for those who administer access. */
import { Hono } from 'hono';
import * as z from 'zod';
import type { UserAccess } from '../access/user-access.ts';
import { limits } from '../limits.ts';
import { BODY_PROBLEMS, readBody } from './access-bodies.ts';
import { principalOf } from './access-guard.ts';
import { addressOf, auditUser } from './auth.ts';
import { JsonBodies } from './json-body.ts';
import { jsonBody } from './order-routing.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import type { ProblemCode } from './problem-codes.ts';
import { newUserResponse, userResponse, usersResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';
import { newUserBody, newUserJson, userJson, userPatchBody } from './user-json.ts';

interface UserRouting {
  access: UserAccess;
  bodies: JsonBodies;
}

export function userRoutes(access: UserAccess) {
  const routing: UserRouting = { access, bodies: new JsonBodies() };
  const app = new Hono<HttpEnv>();
  app.get('/users', listUsers(routing));
  app.post('/users', createUser(routing));
  app.patch('/users/:email', changeUser(routing));
  app.post('/users/:email/reset', resetUser(routing));
  app.delete('/users/:email', deleteUser(routing));
  return app;
}

const params = { email: z.string().describe('The e-mail address of the user.') };

/** Of changes of a user that exists. */
const CHANGE_PROBLEMS: readonly ProblemCode[] = ['not_found', 'last_admin'];

const listUsers = ({ access }: UserRouting) =>
  route(
    {
      id: 'listUsers',
      tag: 'Access',
      summary: 'List the users',
      query: pageShape,
      responses: { 200: json(usersResponse, 'A page of users, by their addresses.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads'],
      engines: ['store'],
    },
    (c, readQuery) => {
      const list = ['users'];
      return respondWithPage(c, list, readPage(list, readQuery(c)), (slice) => access.users.list(slice), userJson);
    },
  );

const createUser = ({ access, bodies }: UserRouting) =>
  route(
    {
      id: 'createUser',
      tag: 'Access',
      summary: 'Create a user',
      description: 'Nobody gives a user more than they may do themselves.',
      body: jsonBody(newUserBody, `At most ${limits.maxAccessBodyBytes} bytes.`),
      responses: { 201: json(newUserResponse, 'The user. A password that was made is in no other response.') },
      problems: [...BODY_PROBLEMS, 'password_refused', 'too_many_sign_ins', 'user_exists', 'too_many_users'],
      engines: ['store'],
    },
    (c) =>
      readBody({ c, bodies }, newUserBody, async (user) => {
        auditUser(c, user.email);
        return c.json(newUserJson(await access.create(user, principalOf(c), addressOf(c))), 201);
      }),
  );

const changeUser = ({ access, bodies }: UserRouting) =>
  route(
    {
      id: 'changeUser',
      tag: 'Access',
      summary: 'Change what a user may do, disable or enable a user',
      description: `What is left out stays. It counts within 5 seconds on every process; who is disabled is signed out, too. The last who can
administer access stays, unless a key can.`,
      params,
      body: jsonBody(userPatchBody, 'What is to change.'),
      responses: { 200: json(userResponse, 'The user as it is now.') },
      problems: [...BODY_PROBLEMS, ...CHANGE_PROBLEMS],
      engines: ['store'],
    },
    (c) =>
      readBody({ c, bodies }, userPatchBody, async (change) =>
        c.json(userJson(await access.change(c.req.param('email'), change, principalOf(c)))),
      ),
  );

const resetUser = ({ access }: UserRouting) =>
  route(
    {
      id: 'resetUser',
      tag: 'Access',
      summary: 'Give a user a new password',
      description: 'All sessions and tokens of the user end.',
      params,
      responses: { 200: json(newUserResponse, 'The user, with a password that is in no other response.') },
      problems: ['not_found', 'too_many_sign_ins'],
      engines: ['store'],
    },
    async (c) => c.json(newUserJson(await access.reset(c.req.param('email'), principalOf(c), addressOf(c)))),
  );

const deleteUser = ({ access }: UserRouting) =>
  route(
    {
      id: 'deleteUser',
      tag: 'Access',
      summary: 'Delete a user',
      description:
        'All sessions and tokens of the user end. The last who can administer access stays, unless a key can.',
      params,
      responses: { 204: { description: 'The user is deleted.' } },
      problems: CHANGE_PROBLEMS,
      engines: ['store'],
    },
    async (c) => {
      await access.delete(c.req.param('email'), principalOf(c));
      return c.body(null, 204);
    },
  );
