/** Certificates of the service's own: read, refused with what is wrong, and replaced while connections go on. */
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent, createServer, get } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Proxies } from '../../../src/http/client-address.ts';
import { ConnectionGuard } from '../../../src/http/connections.ts';
import { nameIn, openTls } from '../../../src/http/tls.ts';

const CERTIFICATES = join(import.meta.dirname, '../../support/certificates');
const sample = (name: string) => join(CERTIFICATES, name);

const undo: (() => unknown)[] = [];
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'oms-tls-'));
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  await rm(directory, { recursive: true });
});

const file = (name: string) => join(directory, name);
const files = () => ({ certFile: file('tls.crt'), keyFile: file('tls.key') });

/** As `mv` does: another file of the same name. */
async function replaceBy(name: 'one' | 'two', parts: ('crt' | 'key')[] = ['crt', 'key']): Promise<void> {
  for (const part of parts) {
    await copyFile(sample(`${name}.${part}`), file('new'));
    await rename(file('new'), file(`tls.${part}`));
  }
}

async function serve(bounds = { maxConnections: 100, maxConnectionsOfAddress: 80 }) {
  const tls = await openTls(files());
  const server = createServer(tls.context);
  const guard = new ConnectionGuard(server, (_, response) => response.end('ok'), new Proxies([]), {
    ...bounds,
    maxWaitingRequests: 10,
    unreadBytes: 1_000_000,
    connectionCheckMs: 1_000,
    bodyBytesPerSecond: 1,
    bodyRateWindowMs: 60_000,
    bodyRateFirstMs: 60_000,
  });
  const lines: Record<string, unknown>[] = [];
  const unfollow = tls.follow(server, pino({}, { write: (line) => void lines.push(JSON.parse(line)) }), 20);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  undo.push(() => {
    unfollow();
    guard.stop();
    server.close();
    server.closeAllConnections();
  });
  return { port, lines };
}

/** Whose certificate a new connection is shown. */
async function shown(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN as string;
  socket.destroy();
  return name;
}

async function ask(port: number, agent: Agent | false): Promise<{ text: string; socket: Socket }> {
  const request = get({ port, host: '127.0.0.1', agent, rejectUnauthorized: false });
  const [response] = await once(request, 'response');
  const { socket } = response;
  let text = '';
  for await (const block of response) text += block;
  return { text, socket };
}

test('new connections get a new certificate, and those that are open go on', async () => {
  await replaceBy('one');
  const { port, lines } = await serve();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  undo.push(() => agent.destroy());
  const before = await ask(port, agent);
  expect(await shown(port)).toBe('one');

  await replaceBy('two');
  await expect.poll(() => shown(port)).toBe('two');
  expect(lines).toEqual([expect.objectContaining({ level: 30, path: file('tls.crt') })]);
  const after = await ask(port, agent);
  expect(after.text).toBe('ok');
  expect(after.socket).toBe(before.socket);
  expect((after.socket as TLSSocket).getPeerCertificate().subject.CN).toBe('one');
});

test('a link to a directory that is exchanged as a whole leads to a new certificate', async () => {
  for (const name of ['one', 'two']) {
    await mkdir(file(name));
    for (const part of ['crt', 'key']) await copyFile(sample(`${name}.${part}`), join(file(name), `tls.${part}`));
  }
  await symlink('one', file('data'));
  for (const part of ['crt', 'key']) await symlink(`data/tls.${part}`, file(`tls.${part}`));
  const { port } = await serve();
  expect(await shown(port)).toBe('one');
  await symlink('two', file('next'));
  await rename(file('next'), file('data'));
  await expect.poll(() => shown(port)).toBe('two');
});

test('a pair that does not fit, is broken or gone leaves the one before, with a line in the log', async () => {
  await replaceBy('one');
  const { port, lines } = await serve();
  await replaceBy('two', ['crt']);
  await expect.poll(() => lines.length).toBe(1);
  await writeFile(file('tls.crt'), 'nonsense');
  await expect.poll(() => lines.length).toBe(2);
  await rm(file('tls.key'));
  await expect.poll(() => lines.length).toBe(3);
  expect(lines.map(({ level, err }) => [level, (err as { message: string }).message])).toEqual([
    [50, expect.stringContaining('OMS_TLS_KEY')],
    [50, expect.stringContaining('OMS_TLS_CERT')],
    [50, expect.stringContaining('OMS_TLS_KEY')],
  ]);
  expect(await shown(port)).toBe('one');
  await replaceBy('two');
  await expect.poll(() => shown(port)).toBe('two');
});

test.each([
  ['a missing certificate', null, 'one.key', /^OMS_TLS_CERT=".*tls\.crt" cannot be read: ENOENT/],
  ['a missing key', 'one.crt', null, /^OMS_TLS_KEY=".*tls\.key" cannot be read: ENOENT/],
  [
    'a key in the place of the certificate',
    'one.key',
    'one.key',
    /^OMS_TLS_CERT=".*tls\.crt" is no certificate in PEM/,
  ],
  ['a certificate in the place of the key', 'one.crt', 'one.crt', /^OMS_TLS_KEY=".*tls\.key" is no private key in PEM/],
  [
    'the key of another',
    'one.crt',
    'two.key',
    /^OMS_TLS_KEY=".*" is not the key of the first certificate in .*tls\.crt$/,
  ],
])('%s is refused with the variable and the path', async (_, cert, key, message) => {
  if (cert) await copyFile(sample(cert), file('tls.crt'));
  if (key) await copyFile(sample(key), file('tls.key'));
  await expect(openTls(files())).rejects.toMatchObject({
    code: 'invalid_configuration',
    message: expect.stringMatching(message),
  });
});

test('a device in the place of a file is not read', async () => {
  await copyFile(sample('one.key'), file('tls.key'));
  await expect(openTls({ ...files(), certFile: '/dev/zero' })).rejects.toMatchObject({
    message: expect.stringContaining('OMS_TLS_CERT="/dev/zero" cannot be read: no file'),
  });
});

test('the service is announced by a name that its certificate has', async () => {
  await replaceBy('one');
  const { certificate } = await openTls(files());
  expect(nameIn(certificate, '127.0.0.1')).toBe('127.0.0.1');
  expect(nameIn(certificate, 'localhost')).toBe('localhost');
  expect(nameIn(certificate, '0.0.0.0')).toBe('localhost');
  expect(nameIn(certificate, '192.0.2.7')).toBe('localhost');
});

test('connections that never finish their handshake do not keep others out', async () => {
  await replaceBy('one');
  const { port } = await serve({ maxConnections: 20, maxConnectionsOfAddress: 15 });
  for (let i = 0; i < 40; i++) {
    const socket = connect({ port, host: '127.0.0.1' });
    undo.push(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
  }
  expect((await ask(port, false)).text).toBe('ok');
});
