/**
 * Apache Kafka for tests and for the stack on one machine, where there is no Docker: one broker that is its own controller
 * (KRaft), configured to start fast and to stay small. On the port and directory of a stopped server it continues with that one's data.
 * Source: https://kafka.apache.org/documentation/#brokerconfigs
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from '../../src/adapters/event-stream.kafka/kafkajs.ts';
import { OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { freePort } from './free-port.ts';
import { type Compiling, compilerFlags } from './java.ts';
import { fetchJars } from './maven.ts';

const MAIN = new URL('KafkaServer.java', import.meta.url).pathname;
const SERVER = { group: 'org.apache.kafka', name: 'kafka_2.13', version: '4.2.0' };

export const fetchKafka = (): Promise<string> => fetchJars(SERVER);

export interface KafkaServerOptions {
  port?: number;
  /** Where its data is kept; without one the data is deleted when the server stops. */
  directory?: string;
  /** Clients must log in (SASL PLAIN) and may do what rules allow: `admin` everything, `guest` nothing. */
  users?: { admin: string; guest: string };
  compiling?: Compiling;
}

/** Resolves when clients can connect to `url`, which is `host:port`. Throws `engine_unavailable`. */
export async function startKafka(
  options: KafkaServerOptions = {},
): Promise<{ url: string; child: ChildProcess; stop(): Promise<void> }> {
  const jars = await fetchKafka();
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'oms-kafka-')));
  const [port, controllerPort] = [options.port ?? (await freePort()), await freePort()];
  await mkdir(directory, { recursive: true });
  const properties = join(directory, 'server.properties');
  await writeFile(properties, serverProperties(directory, port, controllerPort, options.users));

  // Its standard input is held open: it ends with this process.
  const flags = ['-Xmx384m', '-XX:+UseSerialGC', ...compilerFlags(options.compiling ?? 'little')];
  const child = spawn('java', [...flags, '-cp', `${jars}/*`, MAIN, properties], { stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  for (const output of [child.stdout, child.stderr])
    output.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-limits.engineLastWordsChars);
    });
  const exited = once(child, 'exit');
  const ready = new AbortController();
  const ended = exited.then(
    ([code, signal]) => Promise.reject(failure(`it ended with ${code ?? signal}: ${words.trim()}`)),
    (error: Error) => Promise.reject(failure(error.message)),
  );
  const stop = async () => {
    if (child.kill('SIGKILL')) await exited;
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
  };
  try {
    await Promise.race([untilItAnswers(`127.0.0.1:${port}`, options.users, ready.signal), ended]);
    return { url: `127.0.0.1:${port}`, child, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    ready.abort();
  }
}

const failure = (why: string) => new OmsError('engine_unavailable', `Kafka cannot be started: ${why}`);

async function untilItAnswers(address: string, users: KafkaServerOptions['users'], given: AbortSignal): Promise<void> {
  const until = Date.now() + limits.engineStartMs;
  const admin = new Kafka({
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    ...(users && { sasl: { mechanism: 'plain', username: 'admin', password: users.admin } }),
  }).admin();
  while (!given.aborted) {
    try {
      await admin.connect();
      await admin.describeCluster();
      return;
    } catch (error) {
      if (Date.now() > until) throw failure(`it did not answer within ${limits.engineStartMs} ms: ${error}`);
      await sleep(POLL_MS);
    } finally {
      await admin.disconnect();
    }
  }
}

const POLL_MS = 100;

function serverProperties(directory: string, port: number, controllerPort: number, users: KafkaServerOptions['users']) {
  const protocol = users ? 'SASL_PLAINTEXT' : 'PLAINTEXT';
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: `CLIENTS://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `CLIENTS://127.0.0.1:${port}`,
    'listener.security.protocol.map': `CLIENTS:${protocol},CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name': 'CLIENTS',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'log.dirs': join(directory, 'log'),
    'auto.create.topics.enable': 'false',
    'default.replication.factor': '1',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A broker that was killed can register again only after its old session has ended.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
  };
  if (users)
    Object.assign(properties, {
      'sasl.enabled.mechanisms': 'PLAIN',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.clients.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required ' +
        `username="admin" password="${users.admin}" user_admin="${users.admin}" user_guest="${users.guest}";`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:admin;User:ANONYMOUS',
    });
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
