/**
 * kafkajs with two changes. It gets the zstd codec of Node, as it has none of its own. And a fault of version 2.2.4 is fixed: on every
 * connection it checks every millisecond for pending requests, also when there are none, by a negative timeout that Node warns of. Without
 * pending requests nothing needs a check: `push` starts it again.
 * Source: kafkajs/src/network/requestQueue/index.js, `scheduleCheckPendingRequests`.
 */
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
// Its codecs cannot be imported by name.
import kafkajs, { type Kafka as KafkaClient } from 'kafkajs';

export const { CompressionTypes, Kafka, logLevel } = kafkajs;
export type Kafka = KafkaClient;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
kafkajs.CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: ({ buffer }: { buffer: Buffer }) => compress(buffer),
  decompress: (buffer: Buffer) => decompress(buffer),
});

interface RequestQueue {
  pending: unknown[];
  scheduleCheckPendingRequests(): void;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
  prototype: RequestQueue;
};
const { scheduleCheckPendingRequests } = prototype;
prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0) scheduleCheckPendingRequests.call(this);
};
