/** The baseline of an upload: a bare Node server that hashes and writes the bytes it is sent, and makes them durable. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [directory] = process.argv.slice(2) as [string];
let uploads = 0;
const server = createServer(async (request, response) => {
  const hash = createHash('sha256');
  request.on('data', (block) => hash.update(block));
  await pipeline(request, createWriteStream(join(directory, `upload-${++uploads}`), { flush: true }));
  response.end(hash.digest('hex'));
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`),
);
