/**
 * Reads one version of an object. After a broken connection it requests the rest, from the first byte that is missing.
 * Source: Amazon S3 API Reference, "GetObject"; RFC 9110, sections 13 (If-Match) and 14 (ranges).
 */
import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { systemClock } from '../../ports/clock.ts';
import { retryPauseMs } from '../../ports/retry.ts';
import { isNamed, statusOf, within } from '../aws.ts';
import type { Bucket } from './bucket.ts';

interface Source {
  bucket: Bucket;
  key: string;
  version: string;
  stop: AbortSignal;
}

export async function openObject(
  bucket: Bucket,
  key: string,
  { offset = 0, length = Infinity, version }: { offset?: number; length?: number; version?: string } = {},
): Promise<Readable> {
  const found = await bucket.stat(key);
  if (version !== undefined && version !== found.version) throw bucket.changed(key);
  const stop = new AbortController();
  const end = Math.min(found.sizeBytes, offset + length);
  const blocks = readBlocks({ bucket, key, version: found.version, stop: stop.signal }, offset, end);
  return new Readable({
    highWaterMark: limits.readBytes,
    read() {
      blocks.next().then(
        ({ value }) => this.push(value ?? null),
        (error) => this.destroy(error),
      );
    },
    destroy(error, callback) {
      stop.abort();
      callback(error);
    },
  });
}

/** The blocks from `from` to before `end`. */
async function* readBlocks(source: Source, from: number, end: number): AsyncGenerator<Buffer> {
  const { bucket, key, stop } = source;
  const { s3AnswerMs, s3ReadTries, s3ReadBackoff } = bucket.bounds;
  let at = from;
  let tries = 0;
  let untilMs = Date.now() + s3AnswerMs;
  while (at < end) {
    const before = at;
    let failure: unknown = new Error(`the connection ended at byte ${at}, before ${end}`);
    try {
      for await (const block of await getRange(source, at, end, untilMs - Date.now())) {
        at += block.length;
        yield block;
        // Only now: the reader may have taken its time.
        untilMs = Date.now() + s3AnswerMs;
      }
    } catch (error) {
      if (isOmsError(error)) throw error;
      failure = error;
    }
    if (stop.aborted || at >= end) return;
    tries = at > before ? 1 : tries + 1;
    if (tries >= s3ReadTries || Date.now() >= untilMs) throw bucket.unavailable(failure, key);
    await systemClock.sleep(retryPauseMs(systemClock, s3ReadBackoff, tries - 1), stop);
  }
}

async function getRange(
  { bucket, key, version, stop }: Source,
  at: number,
  end: number,
  withinMs: number,
): Promise<AsyncIterable<Buffer>> {
  const command = new GetObjectCommand({
    Bucket: bucket.name,
    Key: key,
    Range: `bytes=${at}-${end - 1}`,
    IfMatch: version,
  });
  const answer = await within(withinMs, (bound) => bucket.client.send(command, bound), stop).catch((error) => {
    if (statusOf(error) === 412) throw bucket.changed(key, error);
    if (isNamed(error, 'NoSuchKey')) throw bucket.missing(key, error);
    throw error;
  });
  const body = answer.Body as Readable;
  if (answer.ContentRange?.startsWith(`bytes ${at}-`)) return body;
  body.destroy();
  throw new Error(`requested the bytes from ${at} to ${end - 1}, got ${answer.ContentRange ?? 'all of them'}`);
}
