/** Reads of one file, and compare-and-swap on it. */
import type { Filter } from 'mongodb';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Database } from './database.ts';
import type { FileDocument } from './documents.ts';
import { pauseBetweenRounds } from './rounds.ts';

export const VISIBLE: Filter<FileDocument> = { status: { $ne: 'creating' } };

export const findFile = ({ files }: Pick<Database, 'files'>, fileId: string) =>
  files.findOne({ _id: fileId, ...VISIBLE });

/** Repeats a read and a conditional write until no other write comes between. */
export async function swap<Result>(fileId: string, attempt: () => Promise<Result | undefined>): Promise<Result> {
  for (let round = 0; round < limits.mongoSwapRounds; round++) {
    if (round > 0) await pauseBetweenRounds(round);
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw new OmsError('store_unavailable', `file ${fileId} could not be changed: other writers keep changing it`, {
    retryable: true,
  });
}
