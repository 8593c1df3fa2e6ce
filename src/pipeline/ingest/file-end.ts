/** Ends of the work on a file: a stop between two chunks, a pause, or an error that decides how the file ends. */
import { isOmsError } from '../../errors.ts';
import type { FileFailure, FilePause } from '../../model/file.ts';
import { isFileFailure } from '../../model/file-failure.ts';
import { PAUSE_REQUESTED } from '../../ports/file-requests.ts';
import type { Asked, FileEnd } from '../../ports/files.ts';

type StopReason = 'cancelled' | 'paused' | 'released';

/** Thrown to stop at a chunk border, or while an engine is waited for. */
export class StopSignal {
  readonly reason: StopReason;
  constructor(reason: StopReason) {
    this.reason = reason;
  }
}

/** Thrown to pause the file. */
export class PauseSignal extends StopSignal {
  readonly pause: FilePause;
  constructor(pause: FilePause) {
    super('paused');
    this.pause = pause;
  }
}

/** What a user has asked for, to be thrown; null: to go on. */
export function askedStop({ cancelRequested, pauseRequested }: Asked): StopSignal | null {
  if (cancelRequested) return new StopSignal('cancelled');
  return pauseRequested ? new PauseSignal(PAUSE_REQUESTED) : null;
}

export const isStop = (error: unknown, reason: StopReason): boolean =>
  error instanceof StopSignal && error.reason === reason;

/** The end that an error means for the file; null when it only ends this attempt. */
export function endBy(error: unknown): FileEnd | null {
  if (isStop(error, 'cancelled'))
    return {
      status: 'cancelled',
      failure: { code: 'cancelled', message: 'cancelled by request: the rows before were kept', row: null },
    };
  if (isOmsError(error, 'file_closed')) return error.details.end as FileEnd;
  const failure = toFailure(error);
  return failure && { status: 'failed', failure };
}

function toFailure(error: unknown): FileFailure | null {
  if (isFileFailure(error))
    return { code: error.code, message: error.message, row: (error.details.row as number | undefined) ?? null };
  if (isOmsError(error, 'object_changed') || isOmsError(error, 'object_missing'))
    return { code: 'object_changed', message: error.message, row: null };
  return null;
}
