/**
 * Checks the engines behind the ports, all at the same time, each with a time limit. The start, `oms doctor` and `/readyz` use it, so
 * they report the same.
 */
import type { Logger } from 'pino';
import { OmsError, withPath } from './errors.ts';
import { limits } from './limits.ts';
import { VARIABLES } from './open-ports.ts';
import type { Inspected, Inspection, Missing } from './ports/inspection.ts';
import type { EnginePort } from './ports/ports.ts';
import { portsOf, type Role } from './roles.ts';

export type EngineState =
  | ({ status: 'up' } & Inspection)
  /** It does not respond, refuses access, or lacks something that is required. */
  | { status: 'down'; detail: string; path?: string | null };

/** An engine that could not be opened is down, and so is one whose opening takes too long. */
export async function inspectEngine(engine: Inspected | Promise<Inspected>, timeoutMs: number): Promise<EngineState> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeout.reject(new Error(`no answer within ${timeoutMs} ms: is it running, and is the address right?`)),
    timeoutMs,
  );
  try {
    const inspecting = Promise.resolve(engine).then((opened) => opened.inspect());
    const inspection = await Promise.race([inspecting, timeout.promise]);
    const required = inspection.missing.filter(({ required }) => required);
    return required.length === 0
      ? { status: 'up', ...inspection }
      : { status: 'down', detail: required.map(describe).join('; ') };
  } catch (error) {
    const { message, path = null } = error as Error & { path?: string | null };
    return { status: 'down', detail: message, path };
  } finally {
    clearTimeout(timer);
  }
}

/** For the terminal. */
export const whatIsWrong = ({ detail, path = null }: { detail: string; path?: string | null }): string =>
  withPath({ message: detail, path });

export const describe = ({ what, cure }: Missing): string => `${what}: ${cure}`;

/** What these engines lack the start creates by itself, without a warning. */
const CREATED_AT_START: readonly EnginePort[] = ['store', 'events'];

/** Throws `engine_unusable` with a line for each unusable engine that a role needs. */
export async function checkEngines(
  opening: Record<EnginePort, Promise<Inspected>>,
  roles: readonly Role[],
  logger: Logger,
): Promise<void> {
  const needed = portsOf(roles, 'neededAtStart');
  const wrong: string[] = [];
  await Promise.all(
    (Object.keys(opening) as EnginePort[]).map(async (port) => {
      const state = await inspectEngine(opening[port], limits.startCheckMs);
      if (state.status === 'up') {
        for (const missing of CREATED_AT_START.includes(port) ? [] : state.missing)
          logger.warn(`${VARIABLES[port]}: ${describe(missing)}`);
      } else if (needed.has(port)) wrong.push(`${VARIABLES[port]}: ${whatIsWrong(state)}`);
      else logger.warn(`${VARIABLES[port]}: ${whatIsWrong(state)}`);
    }),
  );
  if (wrong.length > 0) throw new OmsError('engine_unusable', wrong.sort().join('\n'));
}
