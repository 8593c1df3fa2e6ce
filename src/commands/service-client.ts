/**
 * HTTP requests of commands to a running service, on connections that stay open. A request that could not be answered, or was answered
 * 503 or 429, is sent again for a bounded time: each has an `Idempotency-Key` or changes nothing, so a repeat changes nothing twice.
 */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { OmsError } from '../errors.ts';
import type { ProblemResponse } from '../http/responses.ts';
import { limits } from '../limits.ts';
import { untrusted } from './untrusted.ts';

export interface Answer {
  status: number;
  /** Parsed JSON; a problem where the status is 400 or more; null without a body. */
  body: unknown;
  /** How often the request was sent, and how often of these the service asked for a pause (429). */
  tries: number;
  paused: number;
}

export type Answered = Pick<Answer, 'status' | 'body'>;

type Received = { status: number; text: string; retryAfter: string | undefined };

const NOT_NOW = [429, 503];

export interface Target {
  url: string;
  /** Sent with each request. */
  key: string | null;
  /** Of the socket that is used instead of the address. */
  socketPath: string | null;
}

export class ServiceClient {
  readonly url: string;
  readonly #headers: Record<string, string>;
  readonly #socketPath: string | null;
  readonly #agent: http.Agent;
  readonly #send: typeof http.request;
  #wasReached = false;

  /** `connections`: requests at the same time; further ones wait. */
  constructor({ url, key, socketPath }: Target, connections: number) {
    this.#headers = { accept: 'application/json', ...(key !== null && { authorization: `Bearer ${key}` }) };
    this.#socketPath = socketPath;
    this.url = url.replace(/\/+$/, '');
    const { Agent, request } = url.startsWith('https:') && socketPath === null ? https : http;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
    this.#send = request;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** A request that changes something has a key of its own. Throws `service_unreachable`, `service_untrusted`. */
  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const text = body === undefined ? null : JSON.stringify(body);
    const all = {
      ...this.#headers,
      ...(text !== null && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
      ...(method !== 'GET' && { 'idempotency-key': randomUUID() }),
      ...headers,
    };
    const endsMs = Date.now() + limits.clientRetryMs;
    let paused = 0;
    for (let tries = 1, backoffMs: number = limits.clientBackoff.firstMs; ; tries++) {
      const received = await this.#once(method, path, text, all);
      const pauseMs = backoffMs * (0.5 + Math.random() / 2);
      let waitMs = pauseMs;
      if (received instanceof Error) {
        const distrusted = untrusted(received);
        if (distrusted) throw distrusted;
        const isRefused = (received as NodeJS.ErrnoException).code === 'ECONNREFUSED';
        if ((isRefused && !this.#wasReached) || Date.now() + waitMs > endsMs) throw this.#unreachable(received);
      } else {
        this.#wasReached = true;
        if (received.status === 429) paused++;
        waitMs = Math.max(pauseMs, retryAfterMs(received.retryAfter));
        if (!NOT_NOW.includes(received.status) || Date.now() + waitMs > endsMs)
          return { status: received.status, body: bodyOf(received), tries, paused };
      }
      await delay(waitMs);
      backoffMs = Math.min(limits.clientBackoff.lastMs, backoffMs * 2);
    }
  }

  /** The body of a 2xx. Throws the problem of any other answer as an OmsError. */
  async get<Body>(path: string): Promise<Body> {
    return this.call<Body>('GET', path);
  }

  /** The same of any request. */
  async call<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    return okBody(await this.request(method, path, body));
  }

  /** One try, of a request whose bytes cannot be sent again, or that is repeated by the caller. Throws `service_unreachable`. */
  async once(
    method: string,
    path: string,
    sent: { type: string; bytes: Buffer | Readable } | null = null,
  ): Promise<Answered> {
    const headers = { ...this.#headers, ...(sent && { 'content-type': sent.type }) };
    const received = await this.#once(method, path, sent?.bytes ?? null, headers);
    if (received instanceof Error) throw this.#unreachable(received);
    return { status: received.status, body: bodyOf(received) };
  }

  #once(
    method: string,
    path: string,
    body: string | Buffer | Readable | null,
    headers: Record<string, string>,
  ): Promise<Received | Error> {
    return new Promise((resolve) => {
      const fail = (error: Error) => resolve(error);
      const [base, over] =
        this.#socketPath === null ? [this.url, {}] : ['http://localhost', { socketPath: this.#socketPath }];
      const sent = this.#send(`${base}${path}`, { method, headers, agent: this.#agent, ...over }, (response) => {
        const blocks: Buffer[] = [];
        response.on('data', (block: Buffer) => blocks.push(block));
        response.on('error', fail);
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            text: Buffer.concat(blocks).toString(),
            retryAfter: response.headers['retry-after'],
          }),
        );
      });
      sent.setTimeout(limits.clientAnswerMs, () =>
        sent.destroy(new Error(`no answer within ${limits.clientAnswerMs / 1000} s`)),
      );
      sent.on('error', fail);
      if (body === null || typeof body === 'string' || Buffer.isBuffer(body)) sent.end(body ?? undefined);
      else {
        body.once('error', (error) => sent.destroy(error));
        body.pipe(sent);
      }
    });
  }

  #unreachable(cause: Error): OmsError {
    const why = cause.message || ((cause as NodeJS.ErrnoException).code ?? 'no connection');
    return new OmsError(
      'service_unreachable',
      `the service at ${this.url} cannot be reached (${why}): start it, or say where it is with --url`,
      { cause },
    );
  }
}

/** The body of a 2xx. Throws the problem of any other answer. */
export function okBody<Body>({ status, body }: Answered): Body {
  if (status < 300) return body as Body;
  const problem = body as ProblemResponse;
  const { code, detail } = problem;
  throw new OmsError(code, `${code}: ${detail}`, { retryable: status === 503, details: problem });
}

const retryAfterMs = (header: string | undefined): number =>
  /^\d{1,5}$/.test(header ?? '') ? Number(header) * 1000 : 0;

function bodyOf({ status, text }: Received): unknown {
  if (text === '')
    return status < 400 ? null : { status, code: 'no_problem', detail: `the answer is a bare ${status}` };
  try {
    return JSON.parse(text);
  } catch {
    const detail = `the answer ${status} is no JSON, so another program may listen there: ${text.slice(0, 100)}`;
    return { status, code: 'unexpected_answer', detail };
  }
}
