/** Reading the bytes of a file that has ended once more. */
import type { FileResponse } from '../../http/responses.ts';
import { post } from '../api/client.ts';

/** What is wrong with the file itself stays wrong. */
export const retryHelps = ({ status, failure }: FileResponse): boolean =>
  status === 'cancelled' || (status === 'failed' && failure?.code === 'internal');

export const retryFile = ({ file_id }: FileResponse): Promise<FileResponse> =>
  post(`/files/${encodeURIComponent(file_id)}/retry`);
