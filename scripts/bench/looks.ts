/**
 * What others see of a service under attack: health, requested on new connections all the time, and a good user. A thread of `attacks.ts`.
 */
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { generateOrders } from '../../src/generate.ts';

const HEALTH_PAUSE_MS = 20;
const GOOD_USER_PAUSE_MS = 500;

const { url, seconds } = workerData as { url: string; seconds: number };
const until = Date.now() + seconds * 1000;
const [healthAnswers, goodUser] = await Promise.all([healthUntil(url, until), goodUserUntil(url, until)]);
parentPort!.postMessage({ health: healthAnswers, goodUser });

/** Milliseconds of each answer; null where there was none. */
async function healthUntil(url: string, untilMs: number): Promise<(number | null)[]> {
  const looks: (number | null)[] = [];
  while (Date.now() < untilMs) {
    const started = performance.now();
    looks.push(
      await health(url).then(
        () => performance.now() - started,
        () => null,
      ),
    );
    await delay(HEALTH_PAUSE_MS);
  }
  return looks;
}

function health(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = get(`${url}/healthz`, { agent: false, timeout: 10_000 }, (answer) => {
      answer.resume().on('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error())));
    });
    asked.on('error', reject).on('timeout', () => asked.destroy(new Error()));
  });
}

/** An upload and a page of orders now and then, tried again where the service says so. */
async function goodUserUntil(url: string, untilMs: number): Promise<(number | null)[]> {
  const uses: (number | null)[] = [];
  while (Date.now() < untilMs) {
    const started = performance.now();
    const file = Buffer.concat([...generateOrders({ rows: 10, invalidShare: 0, seed: Date.now(), ids: 'random' })]);
    const use = async () => {
      const signal = AbortSignal.timeout(10_000);
      const upload = await fetch(`${url}/upload?force=true`, {
        method: 'POST',
        headers: { 'content-type': 'text/csv' },
        body: file,
        signal,
      });
      await upload.arrayBuffer();
      const page = await fetch(`${url}/orders?limit=50`, { signal });
      await page.arrayBuffer();
      if (upload.status !== 202 || page.status !== 200) throw new Error();
    };
    uses.push(
      await use().then(
        () => performance.now() - started,
        () => null,
      ),
    );
    await delay(GOOD_USER_PAUSE_MS);
  }
  return uses;
}
