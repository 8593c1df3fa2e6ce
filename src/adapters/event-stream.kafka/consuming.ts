/** What every consumer of this adapter has in common: how it is set up, and how it ends. */
import type { Consumer, ConsumerConfig } from 'kafkajs';
import { limits } from '../../limits.ts';

/** A crash ends it: who runs it decides whether to begin again. */
export const consumerSettings = (groupId: string): ConsumerConfig => ({
  groupId,
  sessionTimeout: limits.kafkaSessionMs,
  heartbeatInterval: limits.kafkaHeartbeatMs,
  maxWaitTimeInMs: limits.kafkaFetchWaitMs,
  maxBytesPerPartition: limits.kafkaFetchPartitionBytes,
  maxBytes: limits.kafkaFetchBytes,
  metadataMaxAge: limits.kafkaMetadataMs,
  allowAutoTopicCreation: false,
  retry: { restartOnFailure: async () => false },
});

/** Starts the consumer. Returns the error with which it crashed, or null once the signal is aborted; it is still to be disconnected. */
export async function consumeUntilOver(
  consumer: Consumer,
  start: () => Promise<void>,
  signal: AbortSignal,
): Promise<unknown> {
  const over = Promise.withResolvers<unknown>();
  const end = () => over.resolve(null);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  consumer.on(consumer.events.CRASH, ({ payload: { error } }) => over.resolve(error));
  const started = start().catch(over.resolve);
  const crash = await over.promise;
  signal.removeEventListener('abort', end);
  // A consumer that is stopped while it joins would continue to join.
  await started;
  return crash;
}
