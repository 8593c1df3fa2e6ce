/** What the bucket lacks for the service, with the command or the rights that provide it. */
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { limits } from '../../limits.ts';
import type { Inspection, Missing } from '../../ports/inspection.ts';
import { endpointOption, engineError, headerOf, isForbidden, isNamed, placeOf } from '../aws.ts';
import { notS3, type S3Options } from './bucket.ts';

export async function inspect(s3: S3Client, options: S3Options): Promise<Inspection> {
  const { bucket } = options;
  const place = await placeOf(options, () => s3.config.region());
  let engine = 'S3';
  const missing: Missing[] = [];
  // Unlike that to HEAD, the answer to a refused request has a message.
  const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: 'uploads/', MaxKeys: 1 });
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { server } = (result.response as { headers: Record<string, string> }).headers;
      if (server && server !== 'AmazonS3') engine = `S3 (${server})`;
      return result;
    },
    { step: 'deserialize' },
  );
  try {
    // Bounded, so that a start that was given up for it can end.
    const answer = await s3.send(command, { abortSignal: AbortSignal.timeout(limits.startCheckMs) });
    if (answer.Name === undefined) throw notS3();
  } catch (error) {
    const found = await missingOf(error, s3, options);
    if (!found)
      throw engineError('object_store_unavailable', error, {
        what: `the bucket s3://${bucket} at ${place}`,
        waits: false,
      });
    missing.push(found);
  }
  return { engine, address: `s3://${bucket} at ${place}`, missing };
}

/** What an error says is missing; null when it is an outage, or a refusal of another kind. */
async function missingOf(error: unknown, s3: S3Client, options: S3Options): Promise<Missing | null> {
  const { bucket } = options;
  if (isNamed(error, 'NoSuchBucket'))
    return {
      what: `the bucket "${bucket}" does not exist`,
      cure: `aws s3 mb s3://${bucket}${endpointOption(options)}`,
      required: true,
    };
  const region = bucketRegionOf(error);
  if (region !== undefined)
    return {
      what: `the bucket "${bucket}" is in the region ${region}, not in ${await s3.config.region()}`,
      cure: `name the region ${region} in the URL of the bucket, or set AWS_REGION=${region}`,
      required: true,
    };
  if (!isForbidden(error)) return null;
  return {
    what: `no right to list the bucket "${bucket}"`,
    cure:
      `allow s3:ListBucket on arn:aws:s3:::${bucket}, and s3:GetObject, s3:PutObject, s3:DeleteObject and ` +
      `s3:AbortMultipartUpload on arn:aws:s3:::${bucket}/*`,
    required: true,
  };
}

/** Where the bucket is, when S3 says that it is not in our region. */
function bucketRegionOf(error: unknown): string | undefined {
  if (!isNamed(error, 'PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'))
    return undefined;
  return headerOf(error, 'x-amz-bucket-region') ?? (error as { Region?: string }).Region;
}
