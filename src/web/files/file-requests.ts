/** What may be asked for a file beside its cancel: a pause, its end, and the retry of a file that failed or was cancelled. */
import type { FileResponse } from '../../http/responses.ts';
import { isEnded } from '../../model/file.ts';
import { post } from '../api/client.ts';

export type FileAction = 'pause' | 'resume' | 'retry';

/** An error in the file itself stays an error, and what was undone stays undone. */
const retryHelps = ({ status, failure, undo }: FileResponse): boolean =>
  undo === null && (status === 'cancelled' || (status === 'failed' && failure?.code === 'internal'));

/** The one that fits the state of the file. */
export function actionOf(file: FileResponse): FileAction | null {
  if (isEnded(file.status)) return retryHelps(file) ? 'retry' : null;
  if (file.cancel_requested) return null;
  return file.status === 'paused' || file.pause_requested ? 'resume' : 'pause';
}

export const askFor = ({ file, action }: { file: FileResponse; action: FileAction }): Promise<FileResponse> =>
  post(`/files/${encodeURIComponent(file.file_id)}/${action}`);
