/** Whether the same bytes may do better when they are read once more: what is wrong with the file itself stays wrong. */
import type { FileAnswer } from '../../http/answers.ts';

export const retryHelps = ({ status, failure }: FileAnswer): boolean =>
  status === 'cancelled' || (status === 'failed' && failure?.code === 'internal');
