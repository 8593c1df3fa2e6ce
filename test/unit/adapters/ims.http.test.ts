/** The HTTP adapter of the Ims port against services that break in every way we know: INV-7 holds, and bounds are kept. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHttpIms, type HttpImsOptions } from '../../../src/adapters/ims.http.ts';
import type { Ims } from '../../../src/ports/ims.ts';

interface Item {
  sku: string;
  hub_id: string;
}
interface Asked {
  items: Item[];
  response: ServerResponse;
  /** Counts from 1. */
  request: number;
  headers: IncomingHttpHeaders;
}

const unavailable = expect.objectContaining({ name: 'OmsError', code: 'ims_unavailable', retryable: true });
const VALID = { skuValid: true, hubValid: true };
const PAIR = { sku: 'A', hubId: 'H' };

const BREAKER_OPEN_MS = 60_000;
/** The breaker reads the wall clock; nothing else that runs here does. */
const letBreakerOpenTimePass = () => vi.setSystemTime(Date.now() + BREAKER_OPEN_MS);

const servers: Server[] = [];
const clients: Ims[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A service that answers each request with the given function; `requests()` counts them. */
async function service(answer: (asked: Asked) => void) {
  let requests = 0;
  const server = createServer(async (request, response) => {
    requests += 1;
    const number = requests;
    const { items } = (await json(request)) as { items: Item[] };
    answer({ items, response, request: number, headers: request.headers });
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests: () => requests };
}

function client(baseUrl: string, bounds: HttpImsOptions['bounds'] = {}): Ims {
  const fast = { imsRetryDelayMs: 1, imsMaxRetryDelayMs: 2, imsBreakerFailures: 1_000 };
  const ims = createHttpIms({ baseUrl, bounds: { ...fast, ...bounds } });
  clients.push(ims);
  return ims;
}

const send = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const valid = (item: Item) => ({ ...item, sku_valid: true, hub_valid: true });
const answerAll = ({ items, response }: Asked) => send(response, 200, { results: items.map(valid) });
/** Refuses requests with an item whose SKU begins with BAD, and takes the others. */
const refuseBad = (asked: Asked, status: number, body: string) =>
  asked.items.some((item) => item.sku.startsWith('BAD'))
    ? asked.response.writeHead(status).end(body)
    : answerAll(asked);
const pairsOf = (...skus: string[]) => skus.map((sku) => ({ sku, hubId: 'H' }));

describe('an IMS that does not answer is unavailable', () => {
  const hangs: Record<string, (asked: Asked) => void> = {
    'it says nothing': () => {},
    'it stops in the middle of its answer': ({ response }) => {
      response.writeHead(200).write('{"results":[');
    },
  };
  for (const [name, answer] of Object.entries(hangs)) {
    it(`when ${name}`, async () => {
      const { url } = await service(answer);
      const failure = expect(client(url, { imsTimeoutMs: 300, imsRetries: 1 }).validate([PAIR])).rejects;
      await failure.toEqual(unavailable);
      await failure.toThrow('did not answer within 300 ms');
    });
  }

  const outages: Record<string, (asked: Asked) => void> = {
    'it drops the connection': ({ response }) => response.destroy(),
    'it drops the connection in the middle of its answer': ({ response }) => {
      response.writeHead(200, { 'content-length': 1_000 }).write('{"results":[', () => response.destroy());
    },
    'it answers an empty body': ({ response }) => response.writeHead(200).end(),
    'it answers a page': ({ response }) => response.writeHead(200).end('<html>Welcome to nginx!</html>'),
    'it answers JSON of another shape': ({ response }) => send(response, 200, { data: [] }),
    'it answers with words for booleans': ({ items, response }) =>
      send(response, 200, { results: items.map((item) => ({ ...item, sku_valid: 'yes', hub_valid: 'yes' })) }),
    'it answers fewer results than it was asked for': ({ items, response }) =>
      send(response, 200, { results: items.slice(1).map(valid) }),
    'it answers about another item': ({ items, response }) =>
      send(response, 200, { results: items.map((item) => valid({ ...item, sku: `${item.sku}!` })) }),
    'it contradicts itself': ({ items, response }) =>
      send(response, 200, {
        results: items.flatMap((item) => [valid(item), { ...valid(item), sku_valid: false }]),
      }),
    'it answers more than fits': ({ items, response }) =>
      send(response, 200, { results: items.map(valid), padding: 'x'.repeat(10_000) }),
    'it redirects': ({ response }) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
  };
  for (const status of [401, 403, 404, 408, 429, 500, 502, 503, 504]) {
    outages[`it answers ${status}`] = ({ response }) => send(response, status, { error: 'not now' });
  }

  for (const [name, answer] of Object.entries(outages)) {
    it(`when ${name}`, async () => {
      const { url, requests } = await service(answer);
      const ims = client(url, { imsResponseBytes: 5_000, imsRetries: 2 });
      await expect(ims.validate(pairsOf('A', 'B'))).rejects.toEqual(unavailable);
      expect(requests()).toBe(3);
    });
  }

  it('and the error says where and what, without the credentials, which are sent', async () => {
    let authorization: string | undefined;
    let path: string | undefined;
    const { url } = await service(({ response, headers }) => {
      authorization = headers.authorization;
      path = response.req.url;
      send(response, 403, { detail: 'wrong\u0007 key' });
    });
    const ims = client(`${url.replace('http://', 'http://oms:s%C3%A9cret@')}/inventory/?token=hidden`, {
      imsRetries: 0,
    });
    const error: Error = await ims.validate([PAIR]).then(
      () => expect.fail(),
      (reason) => reason,
    );
    expect(error.message).toContain(`${url}/inventory/api/v1/validate answered 403 Forbidden: "wrong key".`);
    expect(error.message).not.toMatch(/oms:|s%C3%A9cret|sécret|hidden/);
    expect(authorization).toBe(`Basic ${Buffer.from('oms:sécret').toString('base64')}`);
    expect(path).toBe('/inventory/api/v1/validate?token=hidden');
    const inspected: Error = await ims.inspect().then(
      () => expect.fail(),
      (reason) => reason,
    );
    expect(inspected.message).not.toMatch(/oms:|s%C3%A9cret|sécret|hidden/);
  });

  it('and a password may have signs that should be escaped', async () => {
    let authorization: string | undefined;
    const { url } = await service((asked) => {
      authorization = asked.headers.authorization;
      answerAll(asked);
    });
    expect(await client(url.replace('http://', 'http://oms:100%@')).validate([PAIR])).toEqual([VALID]);
    expect(authorization).toBe(`Basic ${Buffer.from('oms:100%').toString('base64')}`);
  });

  const misunderstood: Record<string, [(asked: Asked) => void, string]> = {
    'that refuses the key': [({ response }) => send(response, 401, { error: 'no such key' }), '401'],
    'that is another service': [({ response }) => response.writeHead(404).end('nothing here'), '404'],
    'that answers a page': [({ response }) => response.writeHead(200).end('<html>Welcome</html>'), 'Welcome'],
    'that redirects': [({ response }) => response.writeHead(302, { location: '/login' }).end(), '302'],
    'that answers other JSON': [({ response }) => send(response, 200, { ok: true }), '"ok":true'],
    'that refuses everything': [({ response }) => send(response, 400, { error: 'no such version' }), 'no such version'],
  };
  for (const [name, [answer, words]] of Object.entries(misunderstood)) {
    it(`and one ${name} is no IMS that is up: the error says what came`, async () => {
      const { url } = await service(answer);
      const failure = expect(client(url).inspect()).rejects;
      await failure.toEqual(unavailable);
      await failure.toThrow(words);
    });
  }

  it('and is pinged with the same result', async () => {
    const { url, requests } = await service(({ response }) => send(response, 500, {}));
    await expect(client(url).inspect()).rejects.toEqual(unavailable);
    // Without items, and with a plain one; neither is tried again.
    expect(requests()).toBe(2);
  });
});

describe('an IMS that answers', () => {
  it('is tried again after a failure', async () => {
    const { url, requests } = await service((asked) =>
      asked.request < 3 ? send(asked.response, 500, {}) : answerAll(asked),
    );
    expect(await client(url).validate([PAIR])).toEqual([VALID]);
    expect(requests()).toBe(3);
  });

  it('may answer in any order and about more than it was asked', async () => {
    const { url } = await service(({ items, response }) => {
      const results = items.map((item) => ({ ...valid(item), sku_valid: item.sku !== 'B' })).reverse();
      send(response, 200, { results: [valid({ sku: 'unasked', hub_id: 'H' }), ...results] });
    });
    const answers = await client(url).validate(pairsOf('A', 'B', 'C'));
    expect(answers.map((answer) => answer.skuValid)).toEqual([true, false, true]);
  });

  it('may begin its answer with a byte order mark', async () => {
    const { url } = await service(({ items, response }) =>
      response.writeHead(200).end(`\uFEFF${JSON.stringify({ results: items.map(valid) })}`),
    );
    expect(await client(url).validate([PAIR])).toEqual([VALID]);
  });

  it('is up though it refuses a request without items', async () => {
    const { url } = await service((asked) =>
      asked.items.length === 0 ? send(asked.response, 400, { error: 'items must not be empty' }) : answerAll(asked),
    );
    await client(url).inspect();
  });

  it('is asked again about an invalid pair sooner than about a valid one', async () => {
    const { url, requests } = await service(({ items, response }) =>
      send(response, 200, { results: items.map((item) => ({ ...valid(item), hub_valid: item.sku === 'A' })) }),
    );
    const ims = client(url, { imsInvalidTtlMs: 1 });
    await ims.validate(pairsOf('A', 'B'));
    const askAgain = async () => {
      await ims.validate(pairsOf('B'));
      return requests();
    };
    await expect.poll(askAgain).toBeGreaterThan(1);
    const before = requests();
    await ims.validate(pairsOf('A'));
    expect(requests()).toBe(before);
  });

  it('never gets more batches at the same time than the bound', async () => {
    let open = 0;
    let most = 0;
    const { url, requests } = await service((asked) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        answerAll(asked);
      }, 5);
    });
    const ims = client(url, { imsBatchItems: 2, imsConcurrentRequests: 3 });
    await ims.validate(Array.from({ length: 50 }, (_, i) => ({ sku: `${i}`, hubId: 'H' })));
    expect(requests()).toBe(25);
    expect(most).toBe(3);
  });

  it('is unavailable when more batches wait than the bound', async () => {
    const { url } = await service(answerAll);
    const ims = client(url, { imsBatchItems: 1, imsConcurrentRequests: 1, imsQueuedBatches: 2 });
    await expect(ims.validate(pairsOf('A', 'B', 'C', 'D'))).rejects.toEqual(unavailable);
  });

  it('keeps what it answered when another batch fails', async () => {
    let broken = true;
    const asked: string[] = [];
    const { url } = await service((question) => {
      const sku = question.items[0]!.sku;
      asked.push(sku);
      if (sku === 'B' && broken) send(question.response, 503, {});
      else answerAll(question);
    });
    const ims = client(url, { imsBatchItems: 1, imsRetries: 0, imsConcurrentRequests: 1 });
    await expect(ims.validate(pairsOf('A', 'B'))).rejects.toEqual(unavailable);
    broken = false;
    expect(await ims.validate(pairsOf('A', 'B'))).toEqual([VALID, VALID]);
    expect(asked).toEqual(['A', 'B', 'B']);
  });
});

describe('an IMS that refuses items', () => {
  for (const status of [400, 413, 422]) {
    it(`with ${status} is asked about halves until the bad item stands alone, with the words of the IMS`, async () => {
      const { url, requests } = await service((asked) =>
        asked.items.some((item) => item.sku === 'BAD')
          ? send(asked.response, status, { error: 'sku BAD\u001b[31m\nis\tmalformed' })
          : answerAll(asked),
      );
      const ims = client(url);
      const pairs = pairsOf('1', '2', '3', 'BAD', '5', '6', '7');
      const answers = await ims.validate(pairs);
      expect(answers[3]).toEqual({ skuValid: false, hubValid: true, words: 'sku BAD [31m is malformed' });
      expect(answers.toSpliced(3, 1)).toEqual(Array(6).fill(VALID));
      // 7 -> 4 + 3; 4 -> 2 + 2; 2 -> 1 + 1; before and after them one that must be right.
      expect(requests()).toBe(9);
      expect(await ims.validate(pairs)).toEqual(answers);
      expect(requests()).toBe(9);
    });
  }

  const bodies: [name: string, body: string, words: string][] = [
    ['problem details', '{"title":"Bad","detail":"no such form"}', 'no such form'],
    ['an error with a message', '{"error":{"message":"no such form"}}', 'no such form'],
    ['a message', '{"message":"no such form"}', 'no such form'],
    ['plain text', ' no such form\r\n', 'no such form'],
    ['nothing', '', 'The IMS answered 422 Unprocessable Entity.'],
    ['an essay', 'x'.repeat(5_000), 'x'.repeat(200)],
  ];
  for (const [name, body, words] of bodies) {
    it(`may say why as ${name}`, async () => {
      const { url } = await service((asked) => refuseBad(asked, 422, body));
      expect(await client(url).validate(pairsOf('BAD'))).toEqual([{ skuValid: false, hubValid: true, words }]);
    });
  }

  it('is neither retried nor cut off by the circuit breaker for it', async () => {
    const { url, requests } = await service((asked) => refuseBad(asked, 422, 'no'));
    const ims = client(url, { imsBreakerFailures: 2 });
    await ims.validate(pairsOf('BAD-A', 'BAD-B', 'BAD-C', 'BAD-D'));
    // 4 -> 2 + 2 -> 1 + 1 + 1 + 1, and two that must be right.
    expect(requests()).toBe(9);
    await ims.inspect();
    await ims.validate(pairsOf('BAD-E'));
    expect(requests()).toBe(12);
  });

  it('gets an answer for the only pair of a batch, also where a request without items is refused', async () => {
    for (const emptyIsRefused of [false, true]) {
      const { url, requests } = await service((asked) =>
        emptyIsRefused && asked.items.length === 0 ? send(asked.response, 400, {}) : refuseBad(asked, 400, 'bad SKU'),
      );
      const [answer] = await client(url).validate(pairsOf('BAD'));
      expect(answer).toEqual({ skuValid: false, hubValid: true, words: 'bad SKU' });
      expect(requests()).toBeLessThan(5);
    }
  });

  it('and refuses everything is an outage, and no item is blamed', async () => {
    let broken = true;
    const { url, requests } = await service((asked) =>
      broken ? send(asked.response, 400, { error: 'unsupported version' }) : refuseBad(asked, 400, 'bad SKU'),
    );
    const ims = client(url, { imsRetries: 0 });
    const pairs = pairsOf('A', 'BAD', 'C');
    await expect(ims.validate(pairs)).rejects.toEqual(unavailable);
    await expect(ims.validate(pairs)).rejects.toThrow('unsupported version');
    await expect(ims.validate(pairsOf('BAD'))).rejects.toEqual(unavailable);
    // It is not halved meanwhile: a request, and those that must be right or may be.
    expect(requests()).toBe(6 + 6 + 3);
    broken = false;
    expect((await ims.validate(pairs)).map(({ skuValid }) => skuValid)).toEqual([true, false, true]);
  });

  it('may refuse every request with an unknown item, and one without items', async () => {
    const { url } = await service((asked) =>
      asked.items.length > 0 && asked.items.every((item) => /^[AC]/.test(item.sku))
        ? answerAll(asked)
        : send(asked.response, 422, { error: 'unknown SKU' }),
    );
    const unknown = { skuValid: false, hubValid: true, words: 'unknown SKU' };
    expect(await client(url).validate(pairsOf('X', 'A', 'Y', 'C'))).toEqual([unknown, VALID, unknown, VALID]);
  });

  it('and refuses a pair that was valid before is an outage, whatever it says to a request without items', async () => {
    let broken = false;
    const { url } = await service((asked) =>
      broken && asked.items.length > 0
        ? send(asked.response, 422, { error: 'warehouse is required' })
        : answerAll(asked),
    );
    const ims = client(url, { imsRetries: 0 });
    expect(await ims.validate(pairsOf('A'))).toEqual([VALID]);
    broken = true;
    await expect(ims.validate(pairsOf('B'))).rejects.toThrow('warehouse is required');
    await expect(ims.inspect()).rejects.toEqual(unavailable);
    broken = false;
    expect(await ims.validate(pairsOf('B'))).toEqual([VALID]);
  });

  it('and breaks while a batch is halved is an outage, and no item is blamed', async () => {
    const { url } = await service((asked) =>
      asked.request > 4 ? send(asked.response, 400, { error: 'out of order' }) : refuseBad(asked, 400, 'bad SKU'),
    );
    // The batch, no items, and its halves of which the second is refused; then nothing is taken any more.
    await expect(client(url, { imsRetries: 0 }).validate(pairsOf('A', 'BAD'))).rejects.toThrow('out of order');
  });

  it('and fails midway is unavailable, and is not asked again about what it answered', async () => {
    let broken = true;
    const asked: string[] = [];
    const { url } = await service((question) => {
      const skus = question.items.map((item) => item.sku).join('');
      asked.push(skus);
      if (skus === 'AB') send(question.response, 413, {});
      else if (skus === 'B' && broken) send(question.response, 500, {});
      else answerAll(question);
    });
    const ims = client(url, { imsRetries: 0 });
    await expect(ims.validate(pairsOf('A', 'B'))).rejects.toEqual(unavailable);
    broken = false;
    expect(await ims.validate(pairsOf('A', 'B'))).toEqual([VALID, VALID]);
    expect(asked).toEqual(['AB', '', 'A', 'B', 'B']);
  });
});

describe('an IMS that fails again and again', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('is not asked for a while, is reported so, and one request finds out that it is back', async () => {
    let broken = true;
    const { url, requests } = await service((asked) =>
      broken ? send(asked.response, 503, { error: 'maintenance' }) : answerAll(asked),
    );
    const ims = client(url, {
      imsRetries: 0,
      imsBreakerFailures: 3,
      imsBreakerOpenMs: BREAKER_OPEN_MS,
      imsConcurrentRequests: 1,
    });
    for (const sku of ['A', 'B', 'C', 'D', 'E']) {
      await expect(ims.validate(pairsOf(sku))).rejects.toEqual(unavailable);
    }
    expect(requests()).toBe(3);
    await expect(ims.validate(pairsOf('F'))).rejects.toThrow('maintenance');
    broken = false;
    await expect(ims.validate([PAIR])).rejects.toEqual(unavailable);
    letBreakerOpenTimePass();
    expect(await ims.validate([PAIR])).toEqual([VALID]);
    expect(requests()).toBe(4);
  });

  it('is not stampeded: while one request probes it, the others wait', async () => {
    let broken = true;
    const held: Asked[] = [];
    const { url, requests } = await service((asked) =>
      broken ? send(asked.response, 503, {}) : void held.push(asked),
    );
    const ims = client(url, {
      imsRetries: 0,
      imsBreakerFailures: 1,
      imsBreakerOpenMs: BREAKER_OPEN_MS,
      imsBatchItems: 1,
      imsConcurrentRequests: 8,
    });
    await expect(ims.validate([PAIR])).rejects.toEqual(unavailable);
    broken = false;
    letBreakerOpenTimePass();
    const answers = ims.validate(pairsOf('A', 'B', 'C', 'D', 'E', 'F', 'G', 'I'));
    await expect.poll(() => held.length).toBe(1);
    expect(requests()).toBe(2);
    const answering = setInterval(() => held.splice(0).forEach(answerAll), 1);
    expect(await answers).toEqual(Array(8).fill(VALID));
    clearInterval(answering);
  });
});
