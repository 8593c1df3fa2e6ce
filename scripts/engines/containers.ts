/**
 * The engines as containers, for tests where there is Docker, with the images of docker-compose.yml. The reaper of testcontainers removes
 * them when the process that started them ends.
 */

import { readFile } from 'node:fs/promises';
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers';
import { parse } from 'yaml';
import { limits } from '../../src/limits.ts';
import { freePort } from './free-port.ts';

export interface Container {
  url: string;
  child: null;
  stop(): Promise<void>;
}

export async function startMongoContainer(): Promise<Container> {
  const container = await new GenericContainer(await imageOf('mongo'))
    .withExposedPorts(27017)
    .withWaitStrategy(Wait.forLogMessage(/Waiting for connections/))
    .withStartupTimeout(limits.engineFetchMs)
    .start();
  return started(container, `mongodb://${container.getHost()}:${container.getMappedPort(27017)}`);
}

/** S3 and SQS. */
export async function startLocalStackContainer(): Promise<Container> {
  const container = await new GenericContainer(await imageOf('localstack'))
    .withExposedPorts(4566)
    .withEnvironment({ SERVICES: 's3,sqs', EAGER_SERVICE_LOADING: '1' })
    .withWaitStrategy(Wait.forHttp('/_localstack/health', 4566))
    .withStartupTimeout(limits.engineFetchMs)
    .start();
  return started(container, `http://${container.getHost()}:${container.getMappedPort(4566)}`);
}

/** Kafka sends its address to its clients, so the port on the host is chosen before the start. */
export async function startKafkaContainer(): Promise<Container> {
  const { host } = (await getContainerRuntimeClient()).info.containerRuntime;
  const port = await freePort();
  const container = await new GenericContainer(await imageOf('kafka'))
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'CLIENTS://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `CLIENTS://${host}:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'CLIENTS',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(limits.engineFetchMs)
    .start();
  return started(container, `${host}:${port}`);
}

function started(container: StartedTestContainer, url: string): Container {
  return {
    url,
    child: null,
    async stop() {
      await container.stop();
    },
  };
}

/** The image of a service, so that tests and the stack run the same one. */
async function imageOf(service: 'mongo' | 'kafka' | 'localstack'): Promise<string> {
  const compose = parse(await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8'));
  return compose.services[service].image;
}
