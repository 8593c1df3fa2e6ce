/** Probes `oms.db` at intervals, also while nothing else uses it, and logs a failure and its end once each. */
import type { Logger } from 'pino';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { every, systemClock } from '../../ports/clock.ts';
import type { Calls, Probing } from './calls.ts';

/** Returns a function that ends the watch. */
export function watchDatabase(writer: Calls<Probing>, logger: Logger): () => void {
  let down: string | null = null;
  const watch = every(systemClock, limits.sqliteProbeMs, async () => {
    try {
      await writer.call('probe', null);
      if (down !== null) logger.info('the database can be used again');
      down = null;
    } catch (error) {
      const { message, code, path } = error instanceof OmsError ? error : new OmsError('internal', String(error));
      if (message !== down) logger.error({ code, path }, message);
      down = message;
    }
  });
  return () => watch.stop();
}
