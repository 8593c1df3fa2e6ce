/**
 * HTTP requests of commands to a running service, on connections that stay open. A request that could not be answered, or was answered
 * 503 or 429, is sent again for a bounded time: each has an `Idempotency-Key` or changes nothing, so a repeat changes nothing twice.
 */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { readHolder } from '../adapters/data-directory.ts';
import type { Config } from '../config.ts';
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

type Received = { status: number; text: string; retryAfter: string | undefined };

const NOT_NOW = [429, 503];

export class ServiceClient {
  readonly url: string;
  readonly #agent: http.Agent;
  readonly #send: typeof http.request;
  #wasReached = false;

  /** `connections`: requests at the same time; further ones wait. */
  constructor(url: string, connections: number) {
    this.url = url.replace(/\/+$/, '');
    const { Agent, request } = url.startsWith('https:') ? https : http;
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
      accept: 'application/json',
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
    const { status, body } = await this.request('GET', path);
    if (status < 300) return body as Body;
    const { code, detail } = body as ProblemResponse;
    throw new OmsError(code, `${code}: ${detail}`);
  }

  #once(method: string, path: string, body: string | null, headers: Record<string, string>): Promise<Received | Error> {
    return new Promise((resolve) => {
      const fail = (error: Error) => resolve(error);
      const sent = this.#send(`${this.url}${path}`, { method, headers, agent: this.#agent }, (response) => {
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
      sent.end(body ?? undefined);
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

/** The address given, else what the process that holds the data directory announced, else that of the settings. Throws `invalid_option`. */
export function serviceUrl(given: string | undefined, config: Config): string {
  if (given !== undefined) {
    if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
      throw new OmsError('invalid_option', `--url "${given}" is not an address such as http://127.0.0.1:8080`);
    return given;
  }
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return reachable(announced(config.dataDirectory) ?? `${config.tls ? 'https' : 'http'}://${host}:${config.port}`);
}

/** A process that was killed leaves its announcement behind. */
function announced(dataDirectory: string): string | null {
  const holder = readHolder(dataDirectory);
  if (!holder?.url) return null;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return null;
  }
  return holder.url;
}

/** Who listens on all addresses is reached on the one of this machine. */
const reachable = (url: string): string => url.replace('//0.0.0.0:', '//127.0.0.1:').replace(/\/\/\[::\]:/, '//[::1]:');
