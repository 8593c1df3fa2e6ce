/** The service with TLS of its own: everything works as without, and nothing of it comes over anything less. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile, rename } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { csv, ingest, orderLine, ROOT, type Service, startService, temporaryDirectory } from '../support/service.ts';
import { openWebSocket, type WebSocketClient } from '../support/web-socket.ts';

const CERTIFICATES = join(import.meta.dirname, '../support/certificates');
const TRUSTED = join(CERTIFICATES, 'one.crt');

let service: Service;
let directory: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
  await use('one');
  // So do browsers and programs whose machine knows the authority.
  setDefaultCACertificates([...getCACertificates('default'), await readFile(TRUSTED, 'utf8')]);
  service = await startService({
    env: { OMS_TLS_CERT: join(directory, 'tls.crt'), OMS_TLS_KEY: join(directory, 'tls.key') },
  });
});

async function use(name: 'one' | 'two'): Promise<void> {
  for (const part of ['crt', 'key']) {
    await copyFile(join(CERTIFICATES, `${name}.${part}`), join(directory, 'new'));
    await rename(join(directory, 'new'), join(directory, `tls.${part}`));
  }
}

const port = () => Number(new URL(service.url).port);

test('a file is uploaded, and its events are sent over WebSocket, all over TLS', async () => {
  expect(service.url).toMatch(/^https:\/\/127\.0\.0\.1:/);
  const client = (await openWebSocket(service, '/ws')) as WebSocketClient;
  const file = await ingest(service, csv(orderLine('TLS-1')));
  expect(file.progress.rows).toBe(1);
  const page = await fetch(`${service.url}/inventory/adjust`, {
    method: 'POST',
    headers: { origin: service.url, 'content-type': 'application/json' },
    body: JSON.stringify({ items: [] }),
  });
  expect((await page.json()) as { code?: string }).not.toMatchObject({ code: 'foreign_origin' });
  client.webSocket.close();
  await client.closed;
});

test('what is not TLS, or older than 1.2, comes to a clean end', async () => {
  const plain = connect({ port: port(), host: '127.0.0.1' });
  plain.write('GET /orders HTTP/1.1\r\nhost: localhost\r\n\r\n');
  expect(await text(plain)).not.toContain('HTTP/');
  const old = connectTls({
    port: port(),
    host: '127.0.0.1',
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  });
  const [error] = await once(old, 'error');
  expect(error.message).toContain('alert protocol version');
});

const run = (trusted: Record<string, string>) =>
  promisify(execFile)(process.execPath, ['src/main.ts', 'orders', 'list', '--json'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, OMS_DATA_DIR: service.dataDirectory, ...trusted },
  }).catch((error) => error as { stderr: string });

test('commands on the same machine reach it when they trust its authority, and say at once when they do not', async () => {
  expect(await run({ NODE_EXTRA_CA_CERTS: TRUSTED })).toMatchObject({ stderr: '' });
  expect((await run({})).stderr).toMatch(
    /^oms orders: the certificate of the service is not accepted .*NODE_EXTRA_CA_CERTS/,
  );
});

test('a certificate that is replaced is used from the next connection on', async () => {
  const shown = async () => {
    const socket = connectTls({ port: port(), host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  };
  expect(await shown()).toBe('one');
  await use('two');
  await expect.poll(shown).toBe('two');
  expect(await service.stop()).toBe(0);
});

test('a pair that cannot be used stops the start with the variable and the path', async () => {
  const env = { OMS_TLS_CERT: TRUSTED, OMS_TLS_KEY: join(CERTIFICATES, 'two.key') };
  await expect(startService({ env })).rejects.toThrow(/oms start: OMS_TLS_KEY=".*two\.key" is not the key of/);
  await expect(startService({ env: { OMS_TLS_CERT: TRUSTED } })).rejects.toThrow(
    /oms start: OMS_TLS_CERT=".*" needs OMS_TLS_KEY beside it/,
  );
});
