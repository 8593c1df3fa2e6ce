/**
 * The engines of the stack on one machine, as a process with a session of its own: a Ctrl-C reaches only the service, which can stop in
 * order while its engines still answer. Started by `stack-local.ts`, with which it ends.
 */
import { startFauxqs } from './fauxqs.ts';
import { startKafka } from './kafka.ts';
import { startMongo } from './mongo.ts';

export interface StackEngines {
  /** S3 and SQS. */
  aws: string;
  mongo: string;
  kafka: string;
}

process.once('disconnect', () => process.exit());
const [aws, mongo, kafka] = await Promise.all([
  startFauxqs(),
  startMongo({ compiling: 'all' }),
  startKafka({ compiling: 'all' }),
]);
process.send!({ aws: aws.url, mongo: mongo.url, kafka: kafka.url } satisfies StackEngines);
process.once('message', async () => {
  await Promise.all([aws.stop(), mongo.stop(), kafka.stop()]);
  process.exit();
});
