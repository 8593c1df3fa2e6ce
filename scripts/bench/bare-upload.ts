/** The baseline of an upload: a bare Node server that hashes and writes the bytes it is sent, and makes them durable. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

const [path] = process.argv.slice(2);
const server = createServer(async (request, response) => {
  const hash = createHash('sha256');
  request.on('data', (block) => hash.update(block));
  await pipeline(request, createWriteStream(path!));
  const handle = await open(path!);
  await handle.sync();
  await handle.close();
  response.end(hash.digest('hex'));
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`),
);
