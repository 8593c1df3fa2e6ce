/** Changes of stock that are broken, cut off or too large: each gets a clear response, and changes nothing (INV-5). */
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectSound, problemOf, repeat, stockUp } from '../support/bad-input.ts';
import { getJson, type Service, startService } from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  await stockUp(service);
});
afterEach(() => expectSound(service));

describe('a stock change', () => {
  const put = (body: string | Uint8Array, type = 'application/json', path = '/inventory') =>
    fetch(`${service.url}${path}`, {
      method: path === '/inventory' ? 'PUT' : 'POST',
      headers: { 'content-type': type },
      body: body as string,
    });
  const item = (values: object) => JSON.stringify({ items: [{ sku: 'S', hub_id: 'H', available: 1, ...values }] });

  test.each<[string, string, RegExp]>([
    ['is no JSON', '{"items":[', /neither JSON/],
    ['is empty', '', /neither JSON/],
    ['is a number', '1', /./],
    ['is null', 'null', /./],
    ['has no items', '{}', /items/],
    ['has items that are no list', '{"items":{"length":1}}', /items/],
    ['has an item that is no object', '{"items":["S"]}', /items\.0/],
    ['has less than nothing', item({ available: -1 }), /available is less than 0/],
    ['has a fraction', item({ available: 1.5 }), /not a whole number/],
    ['has a number as text', item({ available: '1' }), /not a whole number/],
    ['has more than can be counted', item({ available: 1e300 }), /available is/],
    ['has an empty SKU', item({ sku: '  ' }), /sku is empty/],
    ['has a control character in a SKU', item({ sku: 'a\0b' }), /control character/],
    ['has a SKU of 501 characters', item({ sku: 'x'.repeat(501) }), /longer than 500/],
    ['nests a million lists', '['.repeat(1_000_000), /neither JSON/],
  ])('that %s is 400 and changes nothing', async (_, body, words) => {
    expect(await problemOf(await put(body))).toMatchObject({
      status: 400,
      code: 'invalid_body',
      detail: expect.stringMatching(words),
    });
    expect(await getJson(service, '/inventory?sku=S')).toMatchObject({ items: [] });
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ['lacks a column', 'sku,hub_id\nS,H\n', /no column available/],
    ['has a column twice', 'sku,hub_id,available,SKU\nS,H,1,T\n', /the column "sku" twice/],
    ['is packed', gzipSync('sku,hub_id,available\nS,H,1\n'), /no column sku/],
    ['has a bad number in its last line', 'sku,hub_id,available\nS,H,1\nS2,H,1e3\n', /line 3.*not a whole number/],
    ['has a row of another length', 'sku,hub_id,available\nS,H,1\nS2,H\n', /line 3.*more or fewer cells/],
    ['has a quote that is not closed', 'sku,hub_id,available\n"S,H,1\n', /cannot be read/],
    ['has a quote inside a cell', 'sku,hub_id,available\nS"1,H,1\n', /cannot be read/],
    ['is JSON', '[{"sku":"S","hub_id":"H","available":1}]', /cannot be read/],
    [
      'has bytes that are not valid in its encoding',
      Buffer.from('sku,hub_id,available\nS,H\xc3\xa9,1\nS\xff,H,1\n', 'latin1'),
      /line 3.*sku has bytes that are not valid/,
    ],
  ])('as CSV that %s is 400 and changes nothing', async (_, body, words) => {
    expect(await problemOf(await put(body, 'text/csv'))).toMatchObject({
      status: 400,
      code: 'invalid_body',
      detail: expect.stringMatching(words),
    });
    expect(await getJson(service, '/inventory?sku=S')).toMatchObject({ items: [] });
  });

  test('whose client disconnects in the middle changes nothing, and logs no error', async () => {
    const { hostname, port } = new URL(service.url);
    for (const type of ['text/csv', 'application/json']) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.write(
        `PUT /inventory HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: 1000000\r\n\r\n`,
      );
      await new Promise<void>((sent) =>
        socket.write(`sku,hub_id,available\n${'S,H,1\n'.repeat(20_000)}`, () => sent()),
      );
      socket.resetAndDestroy();
    }
    await expectSound(service);
    expect(await getJson(service, '/inventory?sku=S')).toMatchObject({ items: [] });
    expect(service.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  test('of more than 16 MiB is 413, which the client receives, by its length and while it streams', async () => {
    const tooLarge = { status: 413, code: 'too_large' };
    for (const type of ['application/json', 'text/csv']) {
      expect(await problemOf(await put(Buffer.alloc(17 * 1024 * 1024, ' '), type))).toMatchObject(tooLarge);
      const blocks = Readable.from(repeat(Buffer.alloc(1024 * 1024, ' '), 40), { objectMode: false });
      const streamed = await fetch(`${service.url}/inventory`, {
        method: 'PUT',
        headers: { 'content-type': type },
        body: Readable.toWeb(blocks) as ReadableStream,
        duplex: 'half',
      });
      expect(await problemOf(streamed)).toMatchObject(tooLarge);
    }
  });
});
