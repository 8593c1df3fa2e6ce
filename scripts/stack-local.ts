/**
 * The stack profile on one machine without Docker: MongoDB, Kafka, S3 and SQS as engines that are fetched at the first use and keep
 * their data in memory only, the reference IMS, and the service as three processes, one for each role. Runs until Ctrl-C; with `--demo` it
 * shows the stack at work and ends with the demonstration's exit code. Ports: `OMS_PORT` and `OMS_IMS_PORT`, else 8080 and 8081; the
 * others are free ones.
 */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { limits } from '../src/limits.ts';
import { AWS_SETTINGS, makeBucketAndQueues } from './engines/bucket-and-queues.ts';
import type { StackEngines } from './engines/of-the-stack.ts';

const ROOT = new URL('../', import.meta.url).pathname;

const { values } = parseArgs({ options: { demo: { type: 'boolean', default: false } } });
const stopAsked = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopAsked.abort());
/** In the order of their starts. */
const running: { child: ChildProcess; stop(): Promise<void> }[] = [];
process.exitCode = await run().catch((error: Error) => {
  if (stopAsked.signal.aborted) return values.demo ? 130 : 0;
  process.stderr.write(`${error.message}\n`);
  return 1;
});
for (const { stop } of running.reverse()) await stop();

async function run(): Promise<number> {
  const engines = await startEngines();
  Object.assign(process.env, AWS_SETTINGS);
  const bucketAndQueue = await makeBucketAndQueues(engines.aws);

  execFileSync(join(ROOT, 'scripts/admin-key.sh'));
  const store = {
    OMS_ORDER_STORE: `${engines.mongo}/oms`,
    OMS_AUTH: 'required',
    OMS_ADMIN_KEY_FILE: join(ROOT, '.secrets/admin-key'),
  };
  const imsUrl = await startOms(['ims'], 'reference IMS on ', {
    ...store,
    OMS_IMS_PORT: process.env.OMS_IMS_PORT ?? '8081',
  });
  const settings = {
    ...store,
    ...bucketAndQueue,
    OMS_EVENT_STREAM: `kafka://${engines.kafka}/order.created`,
    OMS_IMS: imsUrl,
  };
  const role = (name: string, port: Record<string, string>) =>
    startOms(['start', '--role', name], 'listening on ', { ...settings, ...port });
  const [api, worker, publisher] = await Promise.all([
    role('api', { OMS_PORT: process.env.OMS_PORT ?? '8080' }),
    role('worker', { OMS_HEALTH_PORT: '0' }),
    role('publisher', { OMS_HEALTH_PORT: '0' }),
  ]);
  await Promise.all([api, worker, publisher].map(untilReady));
  const places = {
    API: api,
    worker,
    publisher,
    'reference IMS': imsUrl,
    MongoDB: engines.mongo,
    Kafka: engines.kafka,
    'S3 and SQS': engines.aws,
  };
  process.stdout.write('\nThe stack is up:\n');
  for (const [name, url] of Object.entries(places)) process.stdout.write(`  ${name.padEnd(14)} ${url}\n`);
  const exports = Object.entries({ ...settings, ...AWS_SETTINGS }).map(
    ([name, value]) => `  export ${name}='${value}'\n`,
  );
  process.stdout.write(
    `\nTo use bin/oms with it:\n${exports.join('')}  export OMS_KEY=$(cat ${settings.OMS_ADMIN_KEY_FILE})\n\n`,
  );

  if (values.demo) {
    const demo = spawn(process.execPath, [join(ROOT, 'scripts/stack-demo.ts'), api], { stdio: 'inherit' });
    const [code] = await once(demo, 'exit', { signal: stopAsked.signal });
    return (code as number | null) ?? 1;
  }
  process.stdout.write('Ctrl-C stops it, and all that it holds is gone then.\n');
  const died = running.map(async ({ child }) => {
    await once(child, 'exit', { signal: stopAsked.signal });
    throw new Error('a process of the stack ended by itself: its last words are above');
  });
  await Promise.race(died);
  return 0;
}

async function untilReady(url: string): Promise<void> {
  const signal = AbortSignal.any([stopAsked.signal, AbortSignal.timeout(limits.engineStartMs)]);
  while (!(await fetch(`${url}/readyz`, { signal })).ok) await delay(limits.progressMs, undefined, { signal });
}

async function startEngines(): Promise<StackEngines> {
  process.stdout.write('starting MongoDB, Kafka, S3 and SQS (fetched at the first use)\n');
  const child = fork(join(ROOT, 'scripts/engines/of-the-stack.ts'), { detached: true });
  running.push({
    child,
    async stop() {
      if (!child.connected) return;
      child.send('stop');
      await once(child, 'exit');
    },
  });
  const failed = once(child, 'exit', { signal: stopAsked.signal }).then(() => {
    throw new Error('an engine could not be started');
  });
  const [engines] = await Promise.race([once(child, 'message'), failed]);
  return engines as StackEngines;
}

/** Starts `oms` and resolves with the rest of the line of its output that begins with `before`. */
async function startOms(parameters: string[], before: string, settings: Record<string, string>): Promise<string> {
  const child = spawn(join(ROOT, 'bin/oms'), parameters, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, OMS_LOG_LEVEL: process.env.OMS_LOG_LEVEL ?? 'warn', ...settings },
  });
  const exited = once(child, 'exit');
  running.push({
    child,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  });
  const ended = exited.then(([code, signal]) => {
    throw new Error(`oms ${parameters.join(' ')} ended with ${code ?? signal} before it was ready`);
  });
  const line = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (text) => {
      if (text.startsWith(before)) resolve(text.slice(before.length));
    });
  });
  return Promise.race([line, ended]);
}
