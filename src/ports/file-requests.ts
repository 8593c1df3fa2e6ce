/** What becomes of a request to cancel, pause or resume a file: the same on each store. */
import { OmsError } from '../errors.ts';
import { type FileFailure, type FilePause, type FileRecord, isEnded } from '../model/file.ts';

/** Why a file cannot be paused; null where it can. */
export function notPausable({ fileId, status, cancelRequested }: FileRecord): OmsError | null {
  if (!isEnded(status) && !cancelRequested) return null;
  const state = isEnded(status) ? status : 'being cancelled';
  return new OmsError(
    'not_pausable',
    `file ${fileId} is ${state}: only a file that is queued or in work can be paused`,
  );
}

/** Why a file that is not paused cannot be resumed; null where it was resumed before. */
export function notPaused({ fileId, status }: FileRecord, resumedBefore: boolean): OmsError | null {
  if (resumedBefore && !isEnded(status)) return null;
  return new OmsError('not_paused', `file ${fileId} is ${status}: only a paused file can be resumed`);
}

export const PAUSE_REQUESTED: FilePause = { code: 'requested', reason: 'paused by request: resume it, or cancel it' };

/** Whether a file that nobody works on can end at once when it is cancelled: its report, if it needs one, is written. */
export const endsAtOnce = ({ status, invalid, report }: FileRecord): boolean =>
  (status === 'queued' || status === 'paused') && invalid === (report?.rows ?? 0);

export const cancelledAtOnce = ({ rows }: Pick<FileRecord, 'rows'>): FileFailure => ({
  code: 'cancelled',
  message: rows === 0 ? 'cancelled before it was opened' : 'cancelled by request: the rows before were kept',
  row: null,
});
