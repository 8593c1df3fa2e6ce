/**
 * Figures of the page in Chromium, printed as a table (`npm run bench:web`): how fast it loads, how much, and whether it
 * stutters under load. Only the size has a bound, as times depend on the machine.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { generated, stockGenerated } from '../support/http.ts';
import { ingest, type Service, startService, upload } from '../support/service.ts';
import { openPage } from './support/browser.ts';

const MAX_SCRIPT_BYTES = 150_000;
const EVENT_SECONDS = 5;
const EVENTS_PER_SECOND = 200;
const UPLOADS_PER_SECOND = 5;
const INGESTED_ROWS = 20_000;

let service: Service;
beforeAll(async () => {
  service = await startService();
  await stockGenerated(service);
  await ingest(service, generated({ rows: 2_000 }));
});

interface Load {
  firstContentfulPaintMs: number;
  loadMs: number;
  requests: number;
  scriptBytes: number;
}

/** Bytes of scripts are those of the bodies sent; from the cache they are none. */
async function load(page: Page): Promise<Load> {
  await page.goto('/', { waitUntil: 'load' });
  await page.getByRole('heading', { level: 1 }).waitFor();
  await expect.poll(() => page.evaluate("performance.getEntriesByType('paint').length")).toBe(2);
  return page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    const resources = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const sent = resources.filter(({ transferSize }) => transferSize > 0);
    const scripts = sent.filter(({ name }) => name.endsWith('.js'));
    return {
      firstContentfulPaintMs: performance.getEntriesByName('first-contentful-paint')[0]!.startTime,
      loadMs: navigation!.loadEventEnd,
      requests: 1 + sent.length,
      scriptBytes: scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    };
  });
}

/** Records tasks over 50 ms from now on; returns the function that reads them. */
async function watchLongTasks(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
    Object.assign(window, { longTasks: tasks });
  });
  return () => page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
}

test('the figures of the page', async () => {
  const page = await openPage(service.url, 'about:blank');
  const cold = await load(page);
  const warm = await load(page);

  const live = await openPage(service.url, '/live');
  await live.getByRole('status').getByText('Live', { exact: true }).waitFor();
  const longOnLive = await watchLongTasks(live);
  const uploads = EVENT_SECONDS * UPLOADS_PER_SECOND;
  const rows = EVENTS_PER_SECOND / UPLOADS_PER_SECOND;
  const startMs = performance.now();
  for (let number = 0; number < uploads; number++) {
    // A steady rate of events is part of what is measured.
    await delay(Math.max(0, startMs + (number * 1_000) / UPLOADS_PER_SECOND - performance.now()));
    await (await upload(service, generated({ rows, startAt: 1_000_000 + number * rows }))).arrayBuffer();
  }
  const sentMs = performance.now() - startMs;
  await live.getByText(`${(uploads * rows).toLocaleString('en-GB')} received`).waitFor();
  const onLive = await longOnLive();

  // Before the page is opened, as generating it blocks this process.
  const large = generated({ rows: INGESTED_ROWS, startAt: 2_000_000 });
  const files = await openPage(service.url, '/');
  await files.getByRole('heading', { level: 1 }).waitFor();
  const longOnFiles = await watchLongTasks(files);
  const ingestedFromMs = performance.now();
  await ingest(service, large);
  const ingestedMs = performance.now() - ingestedFromMs;
  const onFiles = await longOnFiles();

  const replay = await openPage(service.url, '/live?after=0');
  const longOnReplay = await watchLongTasks(replay);
  const everything = 2_000 + uploads * rows + INGESTED_ROWS;
  const replayedFromMs = performance.now();
  await replay.getByText(`${everything.toLocaleString('en-GB')} received`).waitFor();
  const replayedMs = performance.now() - replayedFromMs;
  const onReplay = await longOnReplay();

  const ms = (value: number) => `${Math.round(value)} ms`;
  const loaded = ({ firstContentfulPaintMs, loadMs, requests, scriptBytes }: Load) =>
    `first paint ${ms(firstContentfulPaintMs)}, load ${ms(loadMs)}, ${requests} requests, ${scriptBytes} bytes of script`;
  const long = (tasks: number[]) => `${tasks.length} tasks over 50 ms, the longest ${ms(Math.max(0, ...tasks))}`;
  const table = [
    ['/, cold cache', loaded(cold)],
    ['/, warm cache', loaded(warm)],
    [`/live, ${uploads * rows} events in ${ms(sentMs)}`, long(onLive)],
    [`/, ${INGESTED_ROWS} rows imported in ${ms(ingestedMs)}`, long(onFiles)],
    [`/live?after=0, ${everything} events in ${ms(replayedMs)}`, long(onReplay)],
  ];
  process.stdout.write(`${table.map(([what, figures]) => `| ${what} | ${figures} |`).join('\n')}\n`);

  for (const { firstContentfulPaintMs, loadMs, requests } of [cold, warm])
    expect(Math.min(firstContentfulPaintMs, loadMs, requests)).toBeGreaterThan(0);
  expect(cold.scriptBytes).toBeGreaterThan(0);
  expect(cold.scriptBytes).toBeLessThanOrEqual(MAX_SCRIPT_BYTES);
});
