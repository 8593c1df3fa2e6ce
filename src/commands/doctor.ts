/** `oms doctor`: for each port its engine, its address, whether it answers, and what is missing, with the command that creates it. */
import { readHolder } from '../adapters/data-directory.ts';
import { createHttpIms } from '../adapters/ims.http.ts';
import { describe, type EngineState, inspectEngine, whatIsWrong } from '../check-engines.ts';
import { type Config, readConfig } from '../config.ts';
import { type Embedded, startEmbedded } from '../embedded.ts';
import { isOmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { createLogger } from '../log.ts';
import { isEmbedded, portOpener, VARIABLES } from '../open-ports.ts';
import type { Missing } from '../ports/inspection.ts';
import { connect } from './connect.ts';

type PortName = keyof typeof VARIABLES;
type States = Record<string, EngineState>;

export async function run(): Promise<number> {
  const config = readConfig();
  const [states, setup] = await Promise.all([ask(config), missingSetupOf(config)]);
  const names = Object.keys(states).sort();
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const below = `\n${' '.repeat(width + 6)}`;
  for (const name of names) {
    const state = states[name]!;
    const url = config.urls[name as PortName];
    const lines =
      state.status === 'up'
        ? [
            `${state.engine}, ${state.path ?? state.address}`,
            ...[...state.missing, ...(setup[name] ?? [])].map((missing) => `missing: ${describe(missing)}`),
          ]
        : [`${VARIABLES[name as PortName]}: ${whatIsWrong(state)}`];
    process.stdout.write(`${name.padEnd(width)}${state.status.padEnd(6)}${[url, ...lines].join(below)}\n`);
  }
  return Object.values(states).every(({ status }) => status === 'up') ? 0 : 1;
}

/** What the adapters do not check themselves: at AWS, the settings of the bucket and the queue. */
async function missingSetupOf({ objectStore, jobQueue }: Config): Promise<Record<string, Missing[]>> {
  if (objectStore.kind !== 's3' && jobQueue.kind !== 'sqs') return {};
  const { missingSetup } = await import('../adapters/aws-setup.ts');
  return missingSetup(objectStore.kind === 's3' ? objectStore : null, jobQueue.kind === 'sqs' ? jobQueue : null);
}

async function ask(config: Config): Promise<States> {
  const opened = new AsyncDisposableStack();
  try {
    const embedded = isEmbedded(config) ? await startEmbedded(config, 'oms doctor', opened) : null;
    return await inspectAll(config, embedded, opened);
  } catch (error) {
    const url = isOmsError(error, 'data_directory_held') ? readHolder(config.dataDirectory)?.url : null;
    if (!url) throw error;
    process.stdout.write(`asked the running server at ${url}\n`);
    return askServer(config);
  } finally {
    await opened.disposeAsync();
  }
}

async function inspectAll(config: Config, embedded: Embedded | null, opened: AsyncDisposableStack): Promise<States> {
  const logger = createLogger('silent', 'doctor');
  const { open, close } = portOpener({ config, embedded: embedded?.connect() ?? null }, logger);
  opened.defer(close);
  const checks = (Object.keys(open) as (keyof typeof open)[]).map(
    async (port) => [port, await inspectEngine(open[port](), limits.startCheckMs)] as const,
  );
  return { ...Object.fromEntries(await Promise.all(checks)), ims: await inspectIms(config) };
}

async function inspectIms({ ims }: Config): Promise<EngineState> {
  if (ims.kind === 'reference')
    return { status: 'up', engine: 'reference IMS', address: `port ${ims.port} while the service runs`, missing: [] };
  const client = createHttpIms({ baseUrl: ims.baseUrl });
  const state = await inspectEngine(client, limits.startCheckMs);
  await client.close();
  return state;
}

async function askServer(config: Config): Promise<States> {
  const client = connect({}, config, 1);
  try {
    return ((await client.once('GET', '/readyz')).body as { dependencies: States }).dependencies;
  } finally {
    client.close();
  }
}
