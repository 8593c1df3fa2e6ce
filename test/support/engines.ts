/**
 * Where tests find the engines for adapters. For each, the first of these that exists:
 *
 * 1. an address in the environment, of an engine that may be used for nothing else:
 *      OMS_TEST_S3     http://127.0.0.1:4566       an endpoint of S3; the tests' credentials are `test` and `test`
 *      OMS_TEST_SQS    http://127.0.0.1:4566       an endpoint of SQS, likewise
 *      OMS_TEST_MONGO  mongodb://127.0.0.1:27018
 *      OMS_TEST_KAFKA  127.0.0.1:9092
 * 2. a container, when Docker answers;
 * 3. an engine on this machine, fetched at its first use: Apache Kafka and mongo-java-server by Maven.
 *
 * fauxqs and moto, two emulators of S3 and SQS that together are more trustworthy than one, always run on this machine; LocalStack or an
 * endpoint of the environment is tested in addition.
 *
 * An engine that is missing is a reason to skip, or, with CI=true, to fail.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { limits } from '../../src/limits.ts';

export interface Engines {
  /** Endpoints of S3 and SQS both. */
  fauxqs: string | null;
  moto: string | null;
  /** Further endpoints; null, without a reason, where the environment names none and there is no Docker. */
  s3: string | null;
  sqs: string | null;
  /** `mongodb://host:port`. */
  mongo: string | null;
  /** `host:port`. */
  kafka: string | null;
  /** Why an engine is missing, by its name. */
  why: Record<string, string>;
}

declare module 'vitest' {
  interface ProvidedContext {
    engines: Engines;
  }
}

interface Engine {
  url: string;
  stop(): Promise<void>;
}

interface Source {
  from: string;
  start(): Promise<Engine>;
}

/** Starts all engines in parallel, and prints where each is from. */
export async function startEngines(environment: NodeJS.ProcessEnv) {
  const why: Record<string, string> = {};
  const running: Engine[] = [];

  async function first(name: string, sources: Source[]): Promise<string | null> {
    const reasons: string[] = [];
    for (const { from, start } of sources) {
      const startedMs = Date.now();
      try {
        const engine = await start();
        running.push(engine);
        console.log(`${name}: ${engine.url}, ${from}, after ${Date.now() - startedMs} ms`);
        return engine.url;
      } catch (error) {
        reasons.push(`${from}: ${(error as Error).message}`);
      }
    }
    if (reasons.length > 0) why[name] = reasons.join('; ');
    return null;
  }

  const docker = await dockerAnswers();
  const named = (variable: string): Source[] => {
    const url = environment[variable];
    return url ? [{ from: variable, start: async () => ({ url, stop: async () => {} }) }] : [];
  };
  // testcontainers is loaded only where it is of use: it takes a second.
  const containers = () => import('../../scripts/engines/containers.ts');
  const contained = (start: (of: Awaited<ReturnType<typeof containers>>) => Promise<Engine>): Source[] =>
    docker ? [{ from: 'a container', start: async () => start(await containers()) }] : [];
  const here = (start: () => Promise<Engine>): Source[] => [{ from: 'this machine', start }];

  // One LocalStack for both.
  let localStack: Promise<Engine> | undefined;
  const onLocalStack = contained((of) => (localStack ??= of.startLocalStackContainer()));

  const [fauxqs, moto, s3, sqs, mongo, kafka] = await Promise.all([
    first(
      'fauxqs',
      here(async () => (await import('../../scripts/engines/fauxqs.ts')).startFauxqs()),
    ),
    first(
      'moto',
      here(async () => (await import('../../scripts/engines/moto.ts')).startMoto()),
    ),
    first('s3', [...named('OMS_TEST_S3'), ...onLocalStack]),
    first('sqs', [...named('OMS_TEST_SQS'), ...onLocalStack]),
    first('mongo', [
      ...named('OMS_TEST_MONGO'),
      ...contained((of) => of.startMongoContainer()),
      ...here(async () => (await import('../../scripts/engines/mongo.ts')).startMongo()),
    ]),
    first('kafka', [
      ...named('OMS_TEST_KAFKA'),
      ...contained((of) => of.startKafkaContainer()),
      ...here(async () => (await import('../../scripts/engines/kafka.ts')).startKafka()),
    ]),
  ]);
  const engines: Engines = { fauxqs, moto, s3, sqs, mongo, kafka, why };
  return {
    engines,
    async stop(): Promise<void> {
      await Promise.allSettled([...new Set(running)].map((engine) => engine.stop()));
    },
  };
}

export async function dockerAnswers(): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)('docker', ['info', '--format', '{{.ServerVersion}}'], {
      timeout: limits.dockerAnswerMs,
    });
    return stdout.trim() !== '';
  } catch {
    return false;
  }
}
