/**
 * Requests to the API, typed by their responses. A refusal is a `Problem`, no response is `Unreachable`. One that was answered 401 is sent
 * again when the user has signed in.
 */
import type { ProblemResponse } from '../../http/responses.ts';
import { connection } from '../texts/page.ts';
import { connectionFound, connectionLost } from './connection.ts';
import { inSession, sessionEnded } from './session.ts';

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly document: ProblemResponse;
  /** The whole body. That of `/readyz` is not a problem document. */
  readonly answer: unknown;
  readonly retryAfterSeconds: number | null;

  constructor(document: ProblemResponse, answer: unknown, retryAfter: string | null = null) {
    super(document.detail);
    this.name = 'Problem';
    this.status = document.status;
    this.code = document.code;
    this.document = document;
    this.answer = answer;
    // A date, too, is allowed: only proxies send it.
    this.retryAfterSeconds = Number(retryAfter) || null;
  }
}

export class Unreachable extends Error {
  constructor(cause?: unknown) {
    super(connection.unreachable, { cause });
    this.name = 'Unreachable';
  }
}

/** The code of a view could not be loaded: the service was updated, or the connection broke. Only a reload helps. */
export class NotLoaded extends Error {
  constructor(cause?: unknown) {
    super(connection.notLoaded, { cause });
    this.name = 'NotLoaded';
  }
}

/** As `fetch`, which does nothing but send it. A request that was answered 401 has done nothing. */
export async function fetchSignedIn(path: string, init: RequestInit): Promise<Response> {
  const session = await inSession(init.signal);
  const response = await fetch(path, init);
  if (response.status !== 401) return response;
  sessionEnded(session);
  await inSession(init.signal);
  return fetch(path, init);
}

/** Rejects with `Problem`, `Unreachable`, or an abort. */
export async function request<Answer>(
  path: string,
  init: RequestInit = {},
  send: typeof fetchSignedIn = fetchSignedIn,
): Promise<Answer> {
  const headers = new Headers(init.headers);
  headers.set('accept', 'application/json');
  let response: Response;
  let text: string;
  try {
    response = await send(path, { ...init, headers });
    text = await response.text();
  } catch (error) {
    if (init.signal?.aborted) throw error;
    connectionLost();
    throw new Unreachable(error);
  }
  connectionFound();
  const answer = parse(text);
  if (!response.ok)
    throw new Problem(readProblem(answer, response.status), answer, response.headers.get('retry-after'));
  return answer as Answer;
}

export const post = <Answer>(path: string): Promise<Answer> => request(path, { method: 'POST' });

export const sendJson = <Answer>(
  method: 'PUT' | 'POST' | 'PATCH',
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  request(path, { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });

/** A path with its query; parameters that are undefined or empty are left out. */
export function withQuery(path: string, parameters: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined || value === null || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** The service's own problem document, if it is one: a proxy in between may answer with anything. */
export function readProblem(answer: unknown, status: number): ProblemResponse {
  if (answer && typeof answer === 'object' && 'code' in answer && 'detail' in answer) return answer as ProblemResponse;
  return { type: 'about:blank', title: 'Error', status, detail: `The service answered ${status}.`, code: 'http' };
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** For `Idempotency-Key`. `crypto.randomUUID` does not exist on pages that came without TLS from another machine. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
