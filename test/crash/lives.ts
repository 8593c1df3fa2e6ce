/**
 * Lives of the service on one data directory, one after the other, each ended by `kill -9`, and the course of each file through them, from
 * the log. The log is written synchronously, so its last line is what the process was about to do when it died.
 */
import { type Service, startService } from '../support/service.ts';

export interface Line {
  msg: string;
  file_id?: string;
  stage?: 'claim' | 'chunk' | 'report' | 'finish' | 'release';
  epoch?: number;
  chunk?: number;
  rows?: number;
}

export interface Life {
  /** Null when it was killed before it listened. */
  service: Service | null;
  lines: Line[];
  /** Set as soon as the signal is sent. */
  killed: boolean;
  kill(): void;
  /** Resolves when the process is gone and all its output was read. */
  gone: Promise<void>;
}

/** Starts the service; kills it `killAfterMs` after its process was started, if given. */
export async function startLife(dataDirectory: string, killAfterMs: number | null = null): Promise<Life> {
  const gone = Promise.withResolvers<void>();
  const life: Life = { service: null, lines: [], killed: false, kill() {}, gone: gone.promise };
  life.service = await startService({
    dataDirectory,
    env: { OMS_LOG_LEVEL: 'debug' },
    onSpawn(child) {
      life.kill = () => {
        life.killed = true;
        child.kill('SIGKILL');
      };
      child.once('close', () => gone.resolve());
      if (killAfterMs !== null) setTimeout(life.kill, killAfterMs);
    },
  }).catch((error) => {
    if (!life.killed) throw error;
    return null;
  });
  if (life.service) life.lines = life.service.log as unknown as Line[];
  return life;
}

/** Calls back with each line of the log, earlier ones included. */
export function onLine(life: Life, listener: (line: Line) => void): void {
  for (const line of life.lines) listener(line);
  life.service?.onLog((line) => listener(line as unknown as Line));
}

/** Null when the service was killed meanwhile. */
export async function whileAlive<Result>(
  life: Life,
  work: (service: Service) => Promise<Result>,
): Promise<Result | null> {
  if (!life.service || life.killed) return null;
  try {
    return await work(life.service);
  } catch (error) {
    if (!life.killed) throw error;
    return null;
  }
}

/** The course of one file, claim by claim. */
interface Way {
  epoch: number;
  claims: number;
  releases: number;
  /** Claims since the last chunk that is known to be committed: the service gives a file up at ten. */
  strikes: number;
  claimedChunk: number;
  /** Where the next claim may start: at a chunk that was being committed, or after it. */
  next: { from: number; to: number };
  lastChunk: number | null;
  rowsAt: Map<number, number>;
  /** All of its rows were committed: later claims must have as many. */
  reported: boolean;
  rowsAfterReport: Set<number>;
  /** Claims after a crash that resumed after committed chunks. */
  resumed: number;
  ended: boolean;
}

export function createWays() {
  const ways = new Map<string, Way>();
  /** Violations: what a file did and must not do. */
  const wrong: string[] = [];

  function follow(line: Line): void {
    const { file_id: fileId } = line;
    if (fileId === undefined) return;
    let way = ways.get(fileId);
    if (!way) {
      way = {
        epoch: 0,
        claims: 0,
        releases: 0,
        strikes: 0,
        claimedChunk: 0,
        next: { from: 0, to: 0 },
        lastChunk: null,
        rowsAt: new Map([[0, 0]]),
        reported: false,
        rowsAfterReport: new Set(),
        resumed: 0,
        ended: false,
      };
      ways.set(fileId, way);
    }
    const complain = (what: string) => wrong.push(`${fileId}: ${what}: ${JSON.stringify(line)}`);
    if (way.ended) complain('is worked on after its end');
    if (line.msg === 'the file has ended') way.ended = true;
    switch (line.stage) {
      case 'claim': {
        const [epoch, chunk, rows] = [line.epoch!, line.chunk!, line.rows!];
        if (epoch <= way.epoch) complain(`is claimed with an epoch not above ${way.epoch}`);
        if (chunk < way.next.from || chunk > way.next.to)
          complain(`resumes at another chunk than ${way.next.from} or ${way.next.to}`);
        if ((way.rowsAt.get(chunk) ?? rows) !== rows) complain(`had ${way.rowsAt.get(chunk)} rows there before`);
        way.rowsAt.set(chunk, rows);
        if (way.reported) way.rowsAfterReport.add(rows);
        if (chunk > way.claimedChunk) way.strikes = 0;
        if (way.claims > 0 && rows > 0) way.resumed++;
        way.claims++;
        way.strikes++;
        way.epoch = epoch;
        way.claimedChunk = chunk;
        way.next = { from: chunk, to: chunk };
        way.lastChunk = null;
        return;
      }
      case 'chunk':
        if (line.chunk !== (way.lastChunk === null ? way.claimedChunk : way.lastChunk + 1))
          complain(`commits another chunk than the one after ${way.lastChunk ?? `the claim at ${way.claimedChunk}`}`);
        way.lastChunk = line.chunk!;
        if (line.chunk! > way.claimedChunk) way.strikes = 0;
        way.next = { from: line.chunk!, to: line.chunk! + 1 };
        return;
      case 'report':
        way.reported = true;
        return;
      case 'release':
        way.releases++;
        way.strikes = Math.max(0, way.strikes - 1);
        return;
    }
  }
  return { ways, wrong, follow };
}
