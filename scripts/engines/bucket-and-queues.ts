/** Creates what localstack/ready.d creates and emulators support: without notification of objects, policy and lifecycle. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { limits } from '../../src/limits.ts';

/** Emulators take any. */
export const AWS_SETTINGS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };

/** The settings of a service that uses them. `AWS_SETTINGS` must be in the environment. */
export async function makeBucketAndQueues(endpoint: string, { bucket = 'oms', queue = 'oms-jobs' } = {}) {
  const sqs = new SQSClient({ endpoint });
  const make = async (name: string, attributes: Record<string, string>) => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    return Attributes!.QueueArn!;
  };
  const deadLetterTargetArn = await make(`${queue}-dead`, {});
  await make(queue, {
    VisibilityTimeout: String(limits.queueVisibilityMs / 1000),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: String(limits.maxDeliveries) }),
  });
  const s3 = new S3Client({ endpoint, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  sqs.destroy();
  s3.destroy();
  return {
    OMS_OBJECT_STORE: `s3://${bucket}?endpoint=${endpoint}&path_style=true`,
    OMS_JOB_QUEUE: `sqs://${queue}?endpoint=${endpoint}`,
  };
}
