/**
 * Chromium for tests of the page, one for each file of tests, with a context for each test. A test fails on everything that a user
 * would find in the browser's console and that it did not expect: errors, exceptions, breaches of the page's policy.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { ROOT } from '../../support/service.ts';

const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser: Browser;
beforeAll(async () => {
  const executablePath = CANDIDATES.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error(`the tests of the page need Chromium at one of ${CANDIDATES.join(', ')}: apt-get install chromium`);
  const sandbox = process.getuid?.() !== 0;
  browser = await chromium.launch({ executablePath, args: sandbox ? [] : ['--no-sandbox'] });
});
afterAll(() => browser?.close());

const opened: { page: Page; complaints: string[]; expected: RegExp[] }[] = [];
afterEach(async () => {
  const unexpected: string[] = [];
  for (const { page, complaints, expected } of opened.splice(0)) {
    unexpected.push(...complaints.filter((text) => !expected.some((pattern) => pattern.test(text))));
    await page.context().close();
  }
  expect(unexpected, 'said in the console of the browser').toEqual([]);
});

/** A page in a context of its own, at the service's address. */
export async function openPage(url: string, path = '/', options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: url, locale: 'en-GB', timezoneId: 'UTC', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  opened.push({ page, complaints, expected: [] });
  page.on('console', (message) => {
    // A breach of the policy is an error of the console, too.
    if (message.type() === 'error' || message.type() === 'warning')
      complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(path);
  return page;
}

/** What this page's console may say from its beginning to its end: for tests that take the service away, for example. */
export function expectComplaints(page: Page, ...patterns: RegExp[]): void {
  opened.find((one) => one.page === page)!.expected.push(...patterns);
}

/** Tabs of a browser without a window are always seen, so the document is made to say that it is not, or is again. */
export const hide = (page: Page, hidden: boolean): Promise<void> =>
  page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);

/** Everything that axe finds, in few words. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's policy does not bind.
  await page.evaluate(await readFile(AXE, 'utf8'));
  const violations = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as {
    id: string;
    help: string;
    nodes: { html: string }[];
  }[];
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}

/** Writes `docs/images/{name}.png`, only where `UPDATE_SCREENSHOTS=1` asks for it. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.env.UPDATE_SCREENSHOTS !== '1') return;
  await mkdir(join(ROOT, 'docs/images'), { recursive: true });
  await page.screenshot({ path: join(ROOT, 'docs/images', `${name}.png`) });
}
