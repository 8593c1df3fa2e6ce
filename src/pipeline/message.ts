/**
 * What a message of the job queue is. Besides our own jobs it may be a notification of a bucket, or anything from another program. Each
 * kind is recognised, so that no message is delivered again for ever.
 * Source: Amazon S3 User Guide, "Event message structure".
 */
import * as z from 'zod';

/** An object that a user put into the bucket. */
export interface ObjectCreated {
  bucket: string;
  key: string;
  /** The ETag without quotes, as notifications have it. */
  etag: string;
  /** Distinguishes the puts of one key; the same in repeated notifications of one put. */
  sequence: string;
}

export type Message =
  | { kind: 'job'; fileId: string }
  | { kind: 'objectsCreated'; objects: ObjectCreated[] }
  /** Nothing to do: a test, or a notification without a new object. */
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
  const objects = notification.data.Records.filter(({ eventName }) => /^(s3:)?ObjectCreated:/.test(eventName)).map(
    toObjectCreated,
  );
  return objects.length > 0
    ? { kind: 'objectsCreated', objects }
    : { kind: 'nothing', what: 'a notification without a new object' };
}

function toObjectCreated({ s3: { bucket, object }, eventTime }: z.infer<typeof recordSchema>): ObjectCreated {
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
