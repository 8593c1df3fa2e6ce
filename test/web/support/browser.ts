/**
 * Chromium for tests of the page, one for each test file, with a context for each test. A test fails on everything unexpected in the
 * browser's console: errors, exceptions, violations of the page's content security policy.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { ROOT } from '../../support/service.ts';

/** The first has no windows, whose frames cost several times what a page of ours does. */
const CANDIDATES = [
  '/usr/bin/chromium-headless-shell',
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
    throw new Error(
      `the tests of the page need Chromium at one of ${CANDIDATES.join(', ')}: apt-get install chromium-headless-shell`,
    );
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
  expect(unexpected, 'in the console of the browser').toEqual([]);
});

/** A page in a context of its own, at the service's address. */
export async function openPage(url: string, path = '/', options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: url, locale: 'en-GB', timezoneId: 'UTC', ...options });
  // A guard against hangs, not a measure.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  opened.push({ page, complaints, expected: [] });
  page.on('console', (message) => {
    // A violation of the policy is also an error in the console.
    if (message.type() === 'error' || message.type() === 'warning')
      complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(path);
  return page;
}

/** What this page's console may say during the whole test, for example while the service is stopped. */
export function expectComplaints(page: Page, ...patterns: RegExp[]): void {
  opened.find((one) => one.page === page)!.expected.push(...patterns);
}

/** Headless tabs are always visible, so the document is made to report that it is hidden, or visible again. */
export const hide = (page: Page, hidden: boolean): Promise<void> =>
  page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);

/** Both themes and both widths: every pair of them is tested on every view by the test of the frame. */
export const LOOKS = [
  ['light', 360],
  ['dark', 1280],
] as const;

/** Everything that axe finds, in short. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // Evaluated by the debugger, to which the page's policy does not apply.
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
