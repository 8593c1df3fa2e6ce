/** Starts the projector once there is something for it to do: most processes that are started for a moment do without. */
import type { Logger } from 'pino';
import { limits } from '../../limits.ts';
import { every } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import { projectorLag } from './lag.ts';
import { rebuildsAsked } from './rebuild.ts';

type Watched = Pick<Ports, 'store' | 'views' | 'clock'>;

export function startWhenBehind({ store, views, clock }: Watched, start: () => void, logger: Logger) {
  const { journal } = store;
  if (!journal || !views) return { stop() {} };
  let stopped = false;
  const watch = every(clock, limits.projectorPollMs, async () => {
    try {
      const isIdle = (await projectorLag(journal, views)) === 0 && (await views.isPurged());
      if (isIdle && (await rebuildsAsked(store)) === 0) return;
    } catch (error) {
      logger.debug({ err: error }, 'the projector is started, as it is not known how far the read models are');
    }
    watch.stop();
    if (!stopped) start();
  });
  return {
    stop() {
      stopped = true;
      watch.stop();
    },
  };
}
