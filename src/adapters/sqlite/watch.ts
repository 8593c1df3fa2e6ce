/** Looks now and then whether `oms.db` can be read and written, also when nobody asks anything of it, and tells the log once. */
import type { Logger } from 'pino';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { every, systemClock } from '../../ports/clock.ts';
import type { Writer } from './writer.ts';

/** Returns how to end it. */
export function watchDatabase(writer: Pick<Writer, 'call'>, logger: Logger): () => void {
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
