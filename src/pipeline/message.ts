/**
 * What a message of the job queue asks for. Besides our own jobs a bucket may send its notifications there, and anybody may send
 * anything: each is told apart, so that none goes round for ever.
 * Source: Amazon S3 User Guide, "Event message structure".
 */
import * as z from 'zod';

/** An object that a user put into the bucket. */
export interface Drop {
  bucket: string;
  key: string;
  /** The ETag without quotes, as notifications have it. */
  etag: string;
  /** Tells one put of a key from the next; the same in repeated notifications of one put. */
  sequence: string;
}

export type Message =
  | { kind: 'job'; fileId: string }
  | { kind: 'drops'; drops: Drop[] }
  /** Nothing to do: a test, or something that is no new object. */
  | { kind: 'nothing'; what: string }
  | { kind: 'foreign'; why: string };

const jobSchema = z.object({ version: z.literal(1), fileId: z.string() });
const recordSchema = z.object({
  eventName: z.string(),
  eventTime: z.string().optional(),
  s3: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), eTag: z.string().optional(), sequencer: z.string().optional() }),
  }),
});
const notificationSchema = z.object({ Records: z.array(recordSchema) });

export function readMessage(body: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { kind: 'foreign', why: 'it is not JSON' };
  }
  const job = jobSchema.safeParse(value);
  if (job.success) return { kind: 'job', fileId: job.data.fileId };
  const { version, Event: event } = (value ?? {}) as { version?: unknown; Event?: unknown };
  if (event === 's3:TestEvent') return { kind: 'nothing', what: 'the test event of a bucket notification' };
  const notification = notificationSchema.safeParse(value);
  if (!notification.success)
    return {
      kind: 'foreign',
      why:
        typeof version === 'number' && version !== 1
          ? `it is a job of version ${version}, which this release does not know: start the newer release`
          : version === 1
            ? 'it is a job without a file id'
            : 'it is neither a job nor a bucket notification',
    };
  const drops = notification.data.Records.filter(({ eventName }) => /^(s3:)?ObjectCreated:/.test(eventName)).map(
    toDrop,
  );
  return drops.length > 0 ? { kind: 'drops', drops } : { kind: 'nothing', what: 'a notification of no new object' };
}

function toDrop({ s3: { bucket, object }, eventTime }: z.infer<typeof recordSchema>): Drop {
  return {
    bucket: bucket.name,
    key: decodeKey(object.key),
    etag: (object.eTag ?? '').replaceAll('"', ''),
    sequence: object.sequencer ?? eventTime ?? '',
  };
}

/** Keys come URL-encoded as in a form. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}
