/** Processes of a benchmark, measured from outside by the figures of Linux. See proc_pid_stat(5). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const ROOT = new URL('../../', import.meta.url).pathname;
const WATCH_MS = 50;

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

export const startOms = (dataDirectory: string, env: Record<string, string> = {}): Promise<Server> =>
  startServer(join(ROOT, 'bin/oms'), ['start'], {
    OMS_DATA_DIR: dataDirectory,
    OMS_PORT: '0',
    OMS_IMS_PORT: '0',
    OMS_LOG_LEVEL: 'error',
    ...env,
  });

export const startBareServer = (directory: string): Promise<Server> =>
  startServer(process.execPath, [contender('bare-upload.ts'), directory]);

export const contender = (name: string): string => join(ROOT, 'scripts/bench/contenders', name);

export interface Ended {
  output: string;
  /** From the start of the process to its end. */
  seconds: number;
  cpuSeconds: number;
  peakMiB: number;
}

/** Runs a process to its end. What it says on standard error is shown only when it fails. */
export async function runToEnd(command: string, args: string[], good: number[] = [0]): Promise<Ended> {
  const cpuBefore = await cpuSecondsOfEnded();
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (errors = (errors + text).slice(-5_000)));
  let peakMiB = 0;
  const watch = setInterval(async () => {
    const memory = await residentMemory(child.pid!).catch(() => null);
    peakMiB = Math.max(peakMiB, memory?.peakMiB || 0);
  }, WATCH_MS);
  try {
    const [code] = await once(child, 'close');
    const seconds = (performance.now() - started) / 1000;
    if (!good.includes(code)) throw new Error(`${[command, ...args].join(' ')} ended with ${code}: ${errors}`);
    return { output, seconds, cpuSeconds: (await cpuSecondsOfEnded()) - cpuBefore, peakMiB };
  } finally {
    clearInterval(watch);
  }
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
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

const TICKS_PER_SECOND = 100;

/** User and system time of a process that runs. */
export async function cpuSeconds(pid: number): Promise<number> {
  const [user, system] = await times(pid);
  return (user! + system!) / TICKS_PER_SECOND;
}

/** User and system time of all processes that this one has started and that have ended. */
async function cpuSecondsOfEnded(): Promise<number> {
  const [, , user, system] = await times(process.pid);
  return (user! + system!) / TICKS_PER_SECOND;
}

/** utime, stime, cutime and cstime, in ticks. */
async function times(pid: number): Promise<number[]> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  return fields.slice(11, 15).map(Number);
}
