/** The URLs that choose the engine of each port. Each function throws an Error that says what is wrong with the URL. */
import type { KafkaEventStreamOptions } from './adapters/event-stream.kafka/client.ts';
import { withoutCredentials } from './ports/inspection.ts';

export type ObjectStoreConfig =
  | { kind: 'directory' }
  | { kind: 's3'; bucket: string; endpoint: string | null; region: string | null; pathStyle: boolean };

export type JobQueueConfig =
  | { kind: 'sqlite' }
  | { kind: 'sqs'; queue: string; endpoint: string | null; region: string | null };

export type OrderStoreConfig = { kind: 'sqlite' } | { kind: 'mongodb'; url: string };

export type EventStreamConfig = { kind: 'outbox' } | ({ kind: 'kafka' } & KafkaEventStreamOptions);

export function toObjectStore(value: string): ObjectStoreConfig {
  if (value === 'file:') return { kind: 'directory' };
  const form = 'is neither "file:" nor like s3://bucket?endpoint=http://localhost:4566&path_style=true';
  const { name, parameters } = readEngineUrl(value, 's3:', form, ['endpoint', 'region', 'path_style']);
  return {
    kind: 's3',
    bucket: name,
    endpoint: parameters.endpoint ?? null,
    region: parameters.region ?? null,
    pathStyle: flag(parameters.path_style, 'path_style'),
  };
}

export function toJobQueue(value: string): JobQueueConfig {
  if (value === 'sqlite:') return { kind: 'sqlite' };
  const form = 'is neither "sqlite:" nor like sqs://queue-name?endpoint=http://localhost:4566';
  const { name, parameters } = readEngineUrl(value, 'sqs:', form, ['endpoint', 'region']);
  return { kind: 'sqs', queue: name, endpoint: parameters.endpoint ?? null, region: parameters.region ?? null };
}

export function toOrderStore(value: string): OrderStoreConfig {
  if (value === 'sqlite:') return { kind: 'sqlite' };
  if (!/^mongodb(\+srv)?:\/\/[^/]/.test(value))
    throw new Error('is neither "sqlite:" nor like mongodb://localhost:27018/oms');
  return { kind: 'mongodb', url: value };
}

const COMPRESSIONS = ['gzip', 'zstd', 'none'] as const;
const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** No URL parser accepts several brokers, so the authority is parsed here. */
export function toEventStream(value: string): EventStreamConfig {
  if (value === 'outbox:') return { kind: 'outbox' };
  const form =
    /^kafka:\/\/(?:(?<user>[^:@/]+):(?<password>[^@/]*)@)?(?<brokers>[^/?@]+)\/(?<topic>[A-Za-z0-9._-]{1,249})(?:\?(?<query>.*))?$/;
  const { user, password, brokers, topic, query } = form.exec(value)?.groups ?? {};
  const hosts = brokers?.split(',') ?? [];
  if (topic === undefined || !hosts.every((host) => /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/.test(host)))
    throw new Error('is neither "outbox:" nor like kafka://localhost:9092/order.created (brokers by comma)');
  const parameters = readParameters(new URLSearchParams(query ?? ''), [
    'changes_topic',
    'partitions',
    'replication',
    'tls',
    'sasl',
    'compression',
  ]);
  const { changes_topic: changesTopic = DEFAULT_CHANGES_TOPIC } = parameters;
  if (!TOPIC.test(changesTopic)) throw new Error(`has changes_topic=${changesTopic}, which is no name of a topic`);
  if (changesTopic === topic)
    throw new Error(`has changes_topic=${changesTopic}, the topic of order.created: it must be another one`);
  const mechanism = SASL_MECHANISMS.find((known) => known === (parameters.sasl ?? 'plain'));
  if (!mechanism) throw new Error(`has sasl=${parameters.sasl}, which is none of ${SASL_MECHANISMS.join(', ')}`);
  const compression = COMPRESSIONS.find((known) => known === (parameters.compression ?? 'zstd'));
  if (!compression)
    throw new Error(`has compression=${parameters.compression}, which is none of ${COMPRESSIONS.join(', ')}`);
  if (parameters.sasl !== undefined && user === undefined)
    throw new Error(`has sasl=${parameters.sasl} without a user: kafka://user:password@host:9092/topic`);
  return {
    kind: 'kafka',
    brokers: hosts,
    topic,
    changesTopic,
    partitions: count(parameters.partitions, 'partitions', DEFAULT_PARTITIONS),
    replication: count(parameters.replication, 'replication', BROKER_DEFAULT),
    tls: flag(parameters.tls, 'tls'),
    sasl:
      user === undefined
        ? null
        : { mechanism, username: decodeURIComponent(user), password: decodeURIComponent(password ?? '') },
    compression,
  };
}

const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;
const DEFAULT_CHANGES_TOPIC = 'order.changed';
const DEFAULT_PARTITIONS = 6;
/** Kafka's value for the broker's default. */
const BROKER_DEFAULT = -1;

/** `scheme://name?parameter=value`. */
function readEngineUrl<Name extends string>(value: string, protocol: string, form: string, names: readonly Name[]) {
  const url = URL.canParse(value) ? new URL(value) : null;
  // For an unknown scheme the parser leaves the name as it is in `host`.
  if (url?.protocol !== protocol || !/^[A-Za-z0-9._-]+$/.test(url.host) || !['', '/'].includes(url.pathname))
    throw new Error(form);
  const parameters = readParameters(url.searchParams, names);
  const { endpoint } = parameters as { endpoint?: string };
  if (endpoint !== undefined && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)))
    throw new Error(`has endpoint=${withoutCredentials(endpoint)}, which is no http(s) URL`);
  return { name: url.host, parameters };
}

function readParameters<Name extends string>(given: URLSearchParams, names: readonly Name[]) {
  for (const name of given.keys())
    if (!names.includes(name as Name)) throw new Error(`has the parameter ${name}, known are ${names.join(', ')}`);
  return Object.fromEntries(given) as Partial<Record<Name, string>>;
}

function flag(value: string | undefined, name: string): boolean {
  if (value !== undefined && value !== 'true' && value !== 'false')
    throw new Error(`has ${name}=${value}, which is neither true nor false`);
  return value === 'true';
}

function count(value: string | undefined, name: string, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (!/^[1-9]\d{0,4}$/.test(value)) throw new Error(`has ${name}=${value}, which is no number from 1 on`);
  return Number(value);
}
