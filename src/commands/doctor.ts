/** `oms doctor`: which adapter each port has, and whether it answers. */
import { readHolder } from '../adapters/data-directory.ts';
import { startEngine } from '../app.ts';
import { readConfig } from '../config.ts';
import { isOmsError } from '../errors.ts';
import { checkDependencies, type DependencyState } from '../http/health.ts';
import { createLogger } from '../log.ts';

export async function run(): Promise<number> {
  const config = readConfig();
  const adapters = {
    objects: `directory ${config.dataDirectory}/objects`,
    queue: `SQLite ${config.dataDirectory}/oms.db`,
    store: `SQLite ${config.dataDirectory}/oms.db`,
    events: 'outbox of the order store',
    ims: config.ims.kind === 'http' ? config.ims.baseUrl : `reference IMS on port ${config.ims.port}`,
  };
  const states = await ask();
  for (const [port, adapter] of Object.entries(adapters)) {
    const state = states[port]!;
    process.stdout.write(
      `${port.padEnd(9)}${state.status.padEnd(6)}${withoutCredentials(adapter)}${state.status === 'down' ? `: ${state.detail}` : ''}\n`,
    );
  }
  return Object.values(states).every(({ status }) => status === 'up') ? 0 : 1;

  async function ask(): Promise<Record<string, DependencyState>> {
    try {
      const engine = await startEngine(config, 'oms doctor', createLogger('error', 'doctor'));
      try {
        const { objects, queue, store, events, ims } = engine.ports;
        return await checkDependencies({ objects, queue, store, events, ims });
      } finally {
        await engine.stop();
      }
    } catch (error) {
      const url = isOmsError(error, 'data_directory_held') ? readHolder(config.dataDirectory)?.url : null;
      if (!url) throw error;
      process.stdout.write(`asked the running server at ${url}\n`);
      const answer = (await (await fetch(`${url}/readyz`)).json()) as { dependencies: Record<string, DependencyState> };
      return answer.dependencies;
    }
  }
}

function withoutCredentials(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//');
}
