/**
 * `kill -9` of the real process at random moments: the outcome is the same as without the kills (INV-3, INV-4,
 * INV-5). `KILL_SEED=<n>` repeats the choices of a run, but not the speed of the machine.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, onTestFailed, test } from 'vitest';
import { limits } from '../../src/limits.ts';
import { type FileJson, getJson, type Service, temporaryDirectory } from '../support/service.ts';
import { storedObjects } from '../support/stored-objects.ts';
import { createWays, type Life, onLine, startLife, whileAlive } from './lives.ts';
import { type OrderFile, orderFiles } from './order-files.ts';
import { differences, type Outcome, readOutcome } from './outcome.ts';
import { expectVerified, putStock, undisturbed } from './undisturbed.ts';

const SEED = Number(process.env.KILL_SEED ?? randomInt(1_000_000));
const BLOCK_BYTES = 64 * 1024;
/** Far more than needed: a bound in case a stage is never hit. */
const MAX_KILLS = 60;

beforeEach(() => {
  onTestFailed(() => {
    process.stderr.write(`the choices of this run: KILL_SEED=${SEED}\n`);
  });
});

/** From 0 to below 1. Mulberry32. */
function createRandom(seed: number) {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return {
    next,
    below: (bound: number) => Math.floor(next() * bound),
    pick: <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)]!,
  };
}

const listFiles = async (service: Service): Promise<FileJson[]> =>
  (await getJson<{ items: FileJson[] }>(service, '/files?limit=1000')).items;

/**
 * What a kill is aimed at, and what it hit: the stage of each file by its last line, `upload` when a request was under way, `start` before
 * the service listened.
 */
type Moment = 'start' | 'upload' | 'claim' | 'chunk' | 'report' | 'finish' | 'anywhere';
type Hit = Exclude<Moment, 'anywhere'>;
type Stage = Exclude<Hit, 'start' | 'upload'>;

describe('a service that is killed over and over while files are uploaded and ingested', () => {
  const files = orderFiles();
  let expected: Outcome;
  beforeAll(async () => {
    expected = await undisturbed(files);
  });

  test('ends with the orders, stock, events and reports of an undisturbed run', {
    timeout: 400_000,
  }, async () => {
    const random = createRandom(SEED);
    const dataDirectory = await temporaryDirectory();
    const kills: Record<Moment, number> = {
      start: 2,
      upload: 5,
      claim: 4,
      chunk: 7,
      report: 4,
      finish: 4,
      anywhere: 3,
    };
    const hits: Record<Hit, number> = { start: 0, upload: 0, claim: 0, chunk: 0, report: 0, finish: 0 };
    let deaths = 0;
    /** Files at whose stage the process died, until it is known whether they were unfinished after it. */
    const undecided: { fileId: string; stage: Stage; diedMs: number }[] = [];
    const finished = { before: 0, after: 0 };
    const uploads = { lostAnswers: 0, again: { created: 0, known: 0 }, stagedLeft: 0, orphans: 0 };
    const { ways, wrong, follow } = createWays();

    const waiting = files.map((file) => ({ file, sent: 'nothing' as 'nothing' | 'a part' | 'all' }));
    const accepted = new Map<string, OrderFile>();
    const isOpen = (fileId: string) => !ways.get(fileId)?.ended && !completed.has(fileId);
    const completed = new Set<string>();

    /** Uploads the first waiting file; `cut`: after which block the process is killed, and how long after it. */
    async function uploadNext(life: Life, cut: { afterBlock: number; delayMs: number } | null): Promise<void> {
      const next = waiting[0]!;
      const { name, bytes, sha256 } = next.file;
      const listed = await whileAlive(life, listFiles);
      if (!listed) return;
      const there = listed.find((file) => file.sha256 === sha256);
      // Nothing or all of it, never half.
      if (there) expect([there.size_bytes, next.sent]).toEqual([bytes.length, 'all']);

      let sent: 'a part' | 'all' = 'a part';
      async function* blocks(): AsyncGenerator<Uint8Array> {
        let block = 0;
        for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
          yield bytes.subarray(at, at + BLOCK_BYTES);
          if (cut && block++ === cut.afterBlock) {
            await delay(cut.delayMs);
            life.kill();
            await life.gone;
            return;
          }
        }
        sent = 'all';
        if (cut) setTimeout(life.kill, cut.delayMs);
      }
      underWay = true;
      const response = await whileAlive(life, (service) =>
        fetch(`${service.url}/upload?name=${name}`, {
          method: 'POST',
          headers: { 'content-type': 'text/csv' },
          body: blocks() as never,
          duplex: 'half',
        } as RequestInit),
      );
      const answer = response && (await whileAlive(life, () => response.json() as Promise<Record<string, string>>));
      if (!response || !answer) {
        if (next.sent !== 'all') next.sent = sent;
        return;
      }
      underWay = false;
      expect(response.status).toBe(there ? 409 : 202);
      if (there) expect(answer.existing_file_id).toBe(there.file_id);
      if (next.sent !== 'nothing') uploads.again[there ? 'known' : 'created']++;
      if (there) uploads.lostAnswers++;
      accepted.set(there ? there.file_id : answer.file_id!, next.file);
      waiting.shift();
    }
    let underWay = false;

    async function untilAllHaveEnded(life: Life): Promise<void> {
      await whileAlive(life, async (service) => {
        for (;;) {
          for (const file of await listFiles(service)) if (file.finished_at !== null) completed.add(file.file_id);
          if ([...accepted.keys()].every((fileId) => completed.has(fileId))) return;
          if (life.killed) return;
          await delay(20);
        }
      });
    }

    /** Ten deaths in a row would make a file fail, rightly: before that it is spared. */
    async function letTheWeakGetOn(life: Life): Promise<void> {
      const weak = [...ways].filter(([, way]) => !way.ended && way.strikes >= limits.maxStrikes / 2);
      for (const [fileId, { rowsAt }] of weak) {
        const rows = Math.max(...rowsAt.values());
        await whileAlive(life, async (service) => {
          for (;;) {
            const file = await getJson<FileJson>(service, `/files/${fileId}`);
            if (file.finished_at !== null || file.progress.rows > rows || life.killed) return;
            await delay(5);
          }
        });
      }
    }

    function choose(): Moment | null {
      const open = [...accepted.keys()].filter(isOpen);
      const possible = (Object.keys(kills) as Moment[]).filter((moment) => {
        if (kills[moment] === 0) return false;
        if (moment === 'start') return true;
        if (moment === 'upload') return waiting.length > 0;
        if (moment === 'chunk') return waiting.length > 0 || open.some((fileId) => !ways.get(fileId)?.reported);
        return waiting.length > 0 || open.length > 0;
      });
      // Kills late in the life of a file are tried later.
      const early = possible.filter((moment) => moment === 'upload' || moment === 'chunk' || moment === 'claim');
      if (possible.length === 0) return null;
      return random.pick(early.length > 0 && random.next() < 0.6 ? early : possible);
    }

    function killAt(life: Life, moment: Moment): void {
      const stage = moment;
      let skip = moment === 'chunk' ? random.below(3) : 0;
      const delayMs = random.next() < 0.5 ? 0 : random.next() * { claim: 40, chunk: 40, report: 25 }[moment as 'chunk'];
      onLine(life, (line) => {
        if (line.stage !== stage || skip-- > 0) return;
        if (delayMs > 0) setTimeout(life.kill, delayMs);
        else life.kill();
      });
    }

    function account(life: Life): Set<Hit> {
      const stages = new Map<string, Stage | null>();
      for (const line of life.lines) {
        follow(line);
        const { file_id: fileId, stage = null, msg } = line;
        if (fileId === undefined) continue;
        if (stage !== null || msg === 'the file has ended') stages.set(fileId, stage === 'release' ? null : stage);
      }
      const hit = new Set<Hit>();
      if (life.service === null) hit.add('start');
      if (underWay) hit.add('upload');
      for (const [fileId, stage] of stages) {
        if (stage === null) continue;
        hit.add(stage);
        undecided.push({ fileId, stage, diedMs: Date.now() });
      }
      for (const each of hit) hits[each]++;
      deaths++;
      return hit;
    }

    async function decide(service: Service): Promise<void> {
      while (undecided.length > 0) {
        const { fileId, stage, diedMs } = undecided[0]!;
        const { finished_at: finishedAt } = await getJson<FileJson>(service, `/files/${fileId}`);
        // This life may be killed before all of them were requested: the next one continues.
        undecided.shift();
        const hadEnded = finishedAt !== null && Date.parse(finishedAt) <= diedMs;
        if (stage === 'finish') finished[hadEnded ? 'after' : 'before']++;
        else if (hadEnded) wrong.push(`${fileId} had ended though the process died at its stage ${stage}`);
      }
    }

    let stagedBefore: string[] = [];

    /** What the kill hit; null in the last life, which is not killed. */
    async function live(moment: Moment | null): Promise<Set<Hit> | null> {
      underWay = false;
      const killAfterMs =
        moment === 'start' ? 30 + random.below(300) : moment === 'anywhere' ? 300 + random.below(900) : null;
      const life = await startLife(dataDirectory, killAfterMs);
      await whileAlive(life, async (service) => {
        await decide(service);
        const known = new Set((await listFiles(service)).map((file) => file.file_id));
        for (const fileId of accepted.keys()) expect(known, 'what was answered 202 is there').toContain(fileId);
        const staged = await storedObjects({ dataDirectory }, 'staging');
        expect(staged.filter((name) => stagedBefore.includes(name))).toEqual([]);
      });
      if (moment !== 'start') await letTheWeakGetOn(life);
      if (moment === 'claim' || moment === 'chunk' || moment === 'report' || moment === 'finish') killAt(life, moment);
      if (moment === 'upload' && waiting.length > 0) {
        const blocks = Math.ceil(waiting[0]!.file.bytes.length / BLOCK_BYTES);
        const inBody = random.next() < 0.5;
        await uploadNext(life, {
          afterBlock: inBody ? random.below(blocks) : blocks,
          delayMs: inBody ? random.below(5) : random.next() * 12,
        });
      } else {
        // The last files are kept for the uploads that will be cut.
        const keep = kills.upload > 0 ? 2 : 0;
        const open = () => [...accepted.keys()].filter(isOpen).length;
        const atOnce = 1 + random.below(3);
        while (!life.killed && waiting.length > 0 && (open() === 0 || (open() < atOnce && waiting.length > keep)))
          await uploadNext(life, null);
      }
      if (moment === null) while (!life.killed && waiting.length > 0) await uploadNext(life, null);
      await Promise.race([life.gone, untilAllHaveEnded(life)]);
      if (!life.killed && moment !== null) life.kill();
      if (moment === null) {
        await readTheEnd(life);
        return null;
      }
      await life.gone;
      const hit = account(life);
      stagedBefore = await storedObjects({ dataDirectory }, 'staging');
      uploads.stagedLeft += stagedBefore.length;
      return hit;
    }

    async function readTheEnd(life: Life): Promise<void> {
      const service = life.service!;
      // The sweeper deletes objects of uploads that were cut between object and record, in the background.
      for (;;) {
        const incoming = new Set(await storedObjects({ dataDirectory }, 'uploads'));
        for (const fileId of accepted.keys()) expect(incoming).toContain(fileId);
        if (incoming.size === accepted.size) break;
        await delay(20);
      }
      expect(await storedObjects({ dataDirectory }, 'staging')).toEqual([]);
      for (const line of life.lines) follow(line);

      for (const [fileId, file] of accepted) {
        const json = await getJson<FileJson>(service, `/files/${fileId}`);
        const way = ways.get(fileId)!;
        expect(json).toMatchObject({ name: file.name, status: 'completed', sha256: file.sha256 });
        expect(json.attempts, 'attempts are the claims').toBeGreaterThanOrEqual(way.claims - way.releases);
        expect(json.attempts).toBeLessThanOrEqual(way.epoch);
        for (const rows of way.rowsAfterReport) expect(rows, 'all rows were committed').toBe(json.progress.rows);
      }
      expect(differences(await readOutcome(service), expected)).toEqual([]);
      expect(await service.stop()).toBe(0);
    }

    const first = await startLife(dataDirectory);
    await putStock(first.service!);
    first.kill();
    await first.gone;
    for (let lives = 0; ; lives++) {
      const open = waiting.length > 0 || [...accepted.keys()].some(isOpen);
      const moment = open && lives < MAX_KILLS ? choose() : null;
      const hit = await live(moment);
      expect(wrong).toEqual([]);
      if (hit === null) break;
      if (moment === 'start' || moment === 'anywhere') kills[moment]--;
      for (const each of hit) if (each !== 'start') kills[each] = Math.max(0, kills[each] - 1);
    }
    await expectVerified(dataDirectory);
    expect(wrong).toEqual([]);

    const resumed = [...ways.values()].reduce((sum, way) => sum + way.resumed, 0);
    process.stdout.write(`${JSON.stringify({ seed: SEED, deaths, hits, finished, uploads, resumed })}\n`);
    expect(deaths).toBeGreaterThanOrEqual(18);
    for (const hit of ['upload', 'claim', 'chunk', 'report', 'finish'] as const)
      expect(hits[hit], `kills that hit ${hit}`).toBeGreaterThanOrEqual(2);
    // One kill may find several files there.
    expect(finished.before + finished.after).toBeGreaterThanOrEqual(hits.finish);
    expect(resumed, 'claims that resumed after committed chunks').toBeGreaterThanOrEqual(6);
    expect(uploads.stagedLeft, 'half-written objects that a kill left').toBeGreaterThan(0);
  });
});
