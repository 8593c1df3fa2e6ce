/** `/docs`: the OpenAPI document in a browser, with nothing from another origin and nothing that the policy of the page blocks. */
import { expect, test } from 'vitest';
import { startService } from '../support/service.ts';
import { openPage } from './support/browser.ts';

test('shows the operations of the service, tries one, and loads nothing from elsewhere', async () => {
  const service = await startService();
  const page = await openPage(service.url);
  const origins = new Set<string>();
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  // Only the operations on the screen are in the page; the address names one, which is shown and open then.
  await page.goto('/docs#/Service/getSettings');
  const operation = page.locator('#operations-Service-getSettings');
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.getByRole('button', { name: 'Execute' }).click();
  await operation.getByText('"time_zone": "UTC"').first().waitFor();
  expect([...origins].filter((origin) => origin !== service.url && origin !== 'null')).toEqual([]);
});
