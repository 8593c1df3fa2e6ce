/** `/settings`: what a client has to know of the configuration to read the answers as they are meant. */
import { Hono } from 'hono';
import type { SettingsResponse } from './responses.ts';

export function settingsRoutes({ timeZone }: { timeZone: string }) {
  const app = new Hono();
  app.get('/settings', (c) => c.json({ time_zone: timeZone } satisfies SettingsResponse));
  return app;
}
