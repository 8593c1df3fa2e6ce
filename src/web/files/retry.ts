/** The retry of a file that failed or was cancelled. */
import type { FileResponse } from '../../http/responses.ts';
import { post } from '../api/client.ts';

/** An error in the file itself stays an error. */
export const retryHelps = ({ status, failure }: FileResponse): boolean =>
  status === 'cancelled' || (status === 'failed' && failure?.code === 'internal');

export const retryFile = ({ file_id }: FileResponse): Promise<FileResponse> =>
  post(`/files/${encodeURIComponent(file_id)}/retry`);
