/** Reading the bytes of a file that has ended once more. */
import type { FileAnswer } from '../../http/answers.ts';
import { post } from '../api/client.ts';

/** What is wrong with the file itself stays wrong. */
export const retryHelps = ({ status, failure }: FileAnswer): boolean =>
  status === 'cancelled' || (status === 'failed' && failure?.code === 'internal');

export const retryFile = ({ file_id }: FileAnswer): Promise<FileAnswer> =>
  post(`/files/${encodeURIComponent(file_id)}/retry`);
