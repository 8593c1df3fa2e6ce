/**
 * The log: JSON lines on standard error, so that standard output is left to what people and scripts read. Static messages, data in
 * fields. Written synchronously: a line that was logged is not lost by a crash.
 */
import pino, { type Logger } from 'pino';

export function createLogger(level: string, name: string): Logger {
  return pino(
    { level, name, base: { name, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
