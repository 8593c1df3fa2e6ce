/**
 * What all parts of the Kafka adapter share: the client with its limits, its log lines in ours, and its errors as one error that says
 * what to do. No password is in a log line or an error.
 */
import type { SASLOptions } from 'kafkajs';
import type { Logger } from 'pino';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { Kafka, logLevel } from './kafkajs.ts';

export interface KafkaEventStreamOptions {
  brokers: string[];
  /** Of `order.created`. */
  topic: string;
  /** Of all other events. */
  changesTopic: string;
  /** Of each topic, when it has to be created. */
  partitions: number;
  /** -1: as the broker is set up. */
  replication: number;
  tls: boolean;
  sasl: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string } | null;
  compression: 'gzip' | 'zstd' | 'none';
}

/** Parts of kafkajs that log every failed try to connect as an error, although they try again. */
const TRYING = /^(Connection|BrokerPool|SaslAuthenticator-.*)$/;

/** The names of all groups of this adapter begin with it, so that one rule can allow them all. */
export const GROUP_PREFIX = 'oms-events-';

export function createClient({ brokers, tls, sasl }: KafkaEventStreamOptions, logger: Logger): Kafka {
  return new Kafka({
    clientId: 'oms',
    brokers,
    ssl: tls,
    ...(sasl && { sasl: sasl as SASLOptions }),
    connectionTimeout: limits.kafkaConnectMs,
    authenticationTimeout: limits.kafkaConnectMs,
    requestTimeout: limits.kafkaRequestMs,
    retry: {
      retries: limits.kafkaRetries,
      initialRetryTime: limits.kafkaRetryDelayMs,
      maxRetryTime: limits.kafkaMaxRetryDelayMs,
    },
    logLevel: logger.isLevelEnabled('debug') ? logLevel.DEBUG : logLevel.ERROR,
    // An error in its log is one failed try: a call that fails in the end throws.
    logCreator:
      () =>
      ({ namespace, level, log: { message, timestamp: _, logger: __, ...fields } }) => {
        const warns = level === logLevel.ERROR && !TRYING.test(namespace);
        logger[warns ? 'warn' : 'debug']({ ...fields, kafkajs: namespace }, message);
      },
  });
}

/** The fields of a kafkajs error that say what happened; its classes are not public. */
interface KafkaJsError extends Error {
  type?: string;
  retriable?: boolean;
  code?: string | number;
  errors?: KafkaJsError[];
  groups?: { error?: KafkaJsError }[];
}

/** The errors around and in an error, outermost first. */
function* chain(error: unknown): Generator<KafkaJsError> {
  if (!(error instanceof Error)) return;
  const { errors = [], groups = [], cause } = error as KafkaJsError;
  yield error;
  for (const inner of [...errors, ...groups.map((group) => group.error), cause]) yield* chain(inner);
}

/** The protocol's name of the error, for example `UNKNOWN_TOPIC_OR_PARTITION`; null when it has none. */
export const protocolError = (error: unknown): string | null => inProtocol(error)?.type ?? null;

/** Likewise; null also where another try may help. */
export function refusal(error: unknown): string | null {
  const { type = null, retriable = true } = inProtocol(error) ?? {};
  return retriable ? null : type;
}

const inProtocol = (error: unknown): KafkaJsError | undefined =>
  [...chain(error)].find(({ type }) => type !== undefined);

/** Errors of a topic as `event_stream_unavailable`, with what to do about them. `groups`: how the names of its readers' groups begin. */
export function errorsOf(
  { brokers, partitions, replication, sasl }: KafkaEventStreamOptions,
  topic: string,
  groups = GROUP_PREFIX,
) {
  const address = brokers.join(',');
  const user = `User:${sasl?.username ?? 'ANONYMOUS'}`;
  const server = `--bootstrap-server ${brokers[0]}`;
  const allow = `kafka-acls ${server} --add --allow-principal ${user}`;
  const create = `kafka-topics ${server} --create --topic ${topic} --partitions ${partitions}${replication > 0 ? ` --replication-factor ${replication}` : ''}`;
  /** By the protocol's name of the error. */
  const cures: Record<string, string> = {
    TOPIC_AUTHORIZATION_FAILED: `${user} may not use the topic "${topic}": ${allow} --operation Create --operation Describe --operation Read --operation Write --topic ${topic}`,
    CLUSTER_AUTHORIZATION_FAILED: `${user} may not make topics: ${allow} --operation Create --topic ${topic}`,
    GROUP_AUTHORIZATION_FAILED: `${user} may not use groups named ${groups}…: ${allow} --operation Read --operation Delete --resource-pattern-type prefixed --group ${groups}`,
    UNSUPPORTED_SASL_MECHANISM:
      'use a mechanism that the broker has enabled: sasl=plain, scram-sha-256 or scram-sha-512',
    SASL_AUTHENTICATION_FAILED: `it does not accept user or password of ${user}: correct them in OMS_EVENT_STREAM`,
    INVALID_REPLICATION_FACTOR: `it has too few brokers for replication=${replication}: correct it in OMS_EVENT_STREAM`,
    INVALID_PARTITIONS: `it does not take partitions=${partitions}: correct it in OMS_EVENT_STREAM`,
    UNSUPPORTED_COMPRESSION_TYPE:
      'it does not know zstd, which came with Kafka 2.1: set compression=gzip in OMS_EVENT_STREAM',
    POLICY_VIOLATION: `it does not allow such a topic: make one that it allows, like ${create}`,
  };

  /** What to do about the error; null where another try may help. */
  const cureOf = (error: unknown): string | null => {
    const type = refusal(error);
    if (type !== null) return cures[type] ?? `it refuses with ${type}: its log says why`;
    const isUnauthenticated = [...chain(error)].some(({ name }) => name === 'KafkaJSSASLAuthenticationError');
    return isUnauthenticated ? cures.SASL_AUTHENTICATION_FAILED! : null;
  };

  return {
    address,
    cureOf,
    /** Retryable, unless the broker has refused the request. */
    unavailable(error: unknown, what: string): OmsError {
      if (error instanceof OmsError) return error;
      const cure = cureOf(error);
      const why = cure ?? `${error instanceof Error ? error.message : error}: see that it runs and can be reached`;
      return new OmsError('event_stream_unavailable', `Kafka at ${address} cannot ${what}: ${why}`, {
        retryable: cure === null,
        cause: error,
      });
    },
  };
}
export type KafkaErrors = ReturnType<typeof errorsOf>;
