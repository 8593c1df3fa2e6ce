/** Ends of the work on a file: a stop between two chunks, or an error that decides how the file ends. */
import { isOmsError } from '../../errors.ts';
import type { FileFailure } from '../../model/file.ts';
import { isFileFailure } from '../../model/file-failure.ts';
import type { FileEnd } from '../../ports/files.ts';

/** Thrown to stop at a chunk border or in a pause. */
export class StopSignal {
  readonly reason: 'cancelled' | 'released';
  constructor(reason: 'cancelled' | 'released') {
    this.reason = reason;
  }
}

export const isStop = (error: unknown, reason: StopSignal['reason']): boolean =>
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
