/** Processes of a benchmark: started whole, watched from outside by what Linux knows of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const ROOT = new URL('../../', import.meta.url).pathname;

export interface Server {
  url: string;
  child: ChildProcess;
  stop(): Promise<void>;
}

/** Starts a server that prints `listening on <url>`. */
export async function startServer(command: string, args: string[], env: Record<string, string> = {}): Promise<Server> {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout! });
  const url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => line.startsWith('listening on ') && resolve(line.slice('listening on '.length)));
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code} before it listened`)));
  });
  return {
    url,
    child,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

export const startOms = (dataDirectory: string): Promise<Server> =>
  startServer(join(ROOT, 'bin/oms'), ['start'], {
    OMS_DATA_DIR: dataDirectory,
    OMS_PORT: '0',
    OMS_IMS_PORT: '0',
    OMS_LOG_LEVEL: 'error',
  });

/** Runs a script to its end; its standard output. */
export async function runScript(script: string, args: string[]): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/bench', script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
  return output;
}

const MIB = 1024 * 1024;

/** Resident memory of the process in MiB: the most it ever was, and now. */
export async function residentMemory(pid: number): Promise<{ peakMiB: number; nowMiB: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / MIB;
  return { peakMiB: Math.round(field('VmHWM')), nowMiB: Math.round(field('VmRSS')) };
}

/** Forgets the peak so far. */
export async function resetPeak(pid: number): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

export async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  // utime and stime, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
