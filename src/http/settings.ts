/** `/settings`: the part of the configuration that a client needs to interpret the responses. */
import { Hono } from 'hono';
import { type SettingsResponse, settingsResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

export function settingsRoutes({ timeZone, trackStock }: { timeZone: string; trackStock: boolean }) {
  return new Hono<HttpEnv>().get(
    '/settings',
    route(
      {
        id: 'getSettings',
        tag: 'Service',
        summary: 'Get what a client needs to know of the configuration',
        responses: { 200: json(settingsResponse, 'The settings.') },
      },
      (c) => c.json({ time_zone: timeZone, stock: trackStock ? 'tracked' : 'untracked' } satisfies SettingsResponse),
    ),
  );
}
