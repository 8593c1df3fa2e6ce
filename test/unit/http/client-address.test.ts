/** Whose request it is: forwarded addresses count only from trusted proxies, and whatever they hold is bounded. */
import { once } from 'node:events';
import { createServer, get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { networkOf, Proxies } from '../../../src/http/client-address.ts';

const trusting = (list: string) => new Proxies(readConfig({ OMS_TRUSTED_PROXIES: list }, tmpdir()).trustedProxies);
const request = (remoteAddress: string | undefined, headers: IncomingHttpHeaders = {}, encrypted = false) =>
  ({ socket: { remoteAddress, encrypted }, headers }) as unknown as Parameters<Proxies['clientOf']>[0];
const client = (list: string, peer: string | undefined, forwarded?: string) =>
  trusting(list).clientOf(request(peer, { 'x-forwarded-for': forwarded }));

describe('the address of a client', () => {
  test('is that of the connection where no proxy is trusted, whatever the headers say', () => {
    expect(client('', '192.0.2.7', '198.51.100.1')).toBe('192.0.2.7');
    expect(client('10.0.0.0/8', '192.0.2.7', '198.51.100.1')).toBe('192.0.2.7');
    expect(client('', '::ffff:192.0.2.7')).toBe('192.0.2.7');
    expect(client('10.0.0.0/8', undefined, '198.51.100.1')).toBe('');
  });

  test('is the rightmost that no trusted proxy has: what stands before it may be made up', () => {
    expect(client('10.0.0.0/8', '10.1.2.3', '198.51.100.1')).toBe('198.51.100.1');
    expect(client('10.0.0.0/8', '::ffff:10.1.2.3', '198.51.100.1')).toBe('198.51.100.1');
    expect(client('10.0.0.0/8, 2001:db8::/32', '2001:db8::9', '6.6.6.6, 198.51.100.1,10.7.7.7 , 10.8.8.8')).toBe(
      '198.51.100.1',
    );
    expect(client('10.0.0.1', '10.0.0.1', '10.0.0.2')).toBe('10.0.0.2');
  });

  test('is that of the outermost proxy where all are trusted, and of the connection where the header is missing', () => {
    expect(client('10.0.0.0/8', '10.0.0.1', '10.0.0.3, 10.0.0.2')).toBe('10.0.0.3');
    expect(client('10.0.0.0/8', '10.0.0.1')).toBe('10.0.0.1');
  });

  test('may have a port, and is written in one way', () => {
    expect(client('10.0.0.1', '10.0.0.1', '198.51.100.1:4711')).toBe('198.51.100.1');
    expect(client('10.0.0.1', '10.0.0.1', '[2001:DB8:0:0::1]:4711')).toBe('2001:db8::1');
    expect(client('10.0.0.1', '10.0.0.1', '::ffff:c633:6401')).toBe('198.51.100.1');
  });

  test.each([
    ['unknown'],
    [''],
    ['198.51.100.1, '],
    ['6.6.6.6, _hidden'],
    ['198.51.100.1\r\nx: y'],
    [`fe80::1%${'a'.repeat(9_000)}`],
    ['1'.repeat(9_000)],
    ['[::1'],
    ['999.1.1.1'],
    ['key:admin'],
  ])('is that of the last trusted proxy before what is no address: %.20s', (forwarded) => {
    expect(client('10.0.0.1', '10.0.0.1', forwarded)).toBe('10.0.0.1');
  });

  test('is found among a bounded number of proxies', () => {
    const chain = Array.from({ length: 100 }, (_, i) => `10.0.0.${i + 1}`);
    expect(client('10.0.0.0/8', '10.0.1.0', ['6.6.6.6', ...chain].join(', '))).toBe('10.0.0.85');
  });
});

test('the scheme counts from a trusted proxy only, and of several the last, which is its own word', () => {
  const proxies = trusting('10.0.0.1');
  const secure = (peer: string, proto?: string, encrypted = false) =>
    proxies.isSecure(request(peer, { 'x-forwarded-proto': proto }, encrypted));
  expect(secure('10.0.0.1', 'https')).toBe(true);
  expect(secure('10.0.0.1', 'http, HTTPS ')).toBe(true);
  expect(secure('10.0.0.1', 'https, http')).toBe(false);
  expect(secure('10.0.0.1', 'nothttps')).toBe(false);
  expect(secure('10.0.0.1')).toBe(false);
  expect(secure('192.0.2.7', 'https')).toBe(false);
  expect(secure('192.0.2.7', undefined, true)).toBe(true);
});

test('bounds count an address of IPv4, and the network of one of IPv6', () => {
  expect(networkOf('192.0.2.7')).toBe('192.0.2.7');
  expect(networkOf('')).toBe('');
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(networkOf('2001:db8::6')).toBe('2001:db8:0:0::/64');
  expect(networkOf('2001:db8:1::')).toBe('2001:db8:1:0::/64');
  expect(networkOf('::1')).toBe('0:0:0:0::/64');
  expect(networkOf('1::2:3:4:5:6')).toBe('1:0:0:2::/64');
});

test('headers that come twice are one list', async () => {
  const server = createServer((incoming, response) => response.end(trusting('127.0.0.1').clientOf(incoming)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sent = get({ port, agent: false, headers: { 'x-forwarded-for': ['6.6.6.6', '198.51.100.1'] } });
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  expect(await text(response)).toBe('198.51.100.1');
  server.close();
});
