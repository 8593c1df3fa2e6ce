/** Removes what was only needed while files were open. */
import { limits } from '../../limits.ts';
import type { Database } from './database.ts';
import type { FileDocument } from './documents.ts';
import { ENDED } from './file-document.ts';

/** Removes the holds of ended files from the stock, and the files of creations that broke off. */
export async function pruneFiles({ files, chunks, stock }: Database, now: () => number): Promise<void> {
  await files.deleteMany({ status: 'creating', created_at: { $lt: new Date(now() - limits.mongoCreatingMs) } });
  for await (const file of files.find(
    { pruned: false, status: { $in: [...ENDED] } },
    { projection: { next_chunk: 1 } },
  ))
    await pruneFile({ files, chunks, stock }, file);
}

/** `file`: ended. Status and number were read together: the chunks of a later retry have higher numbers. */
export async function pruneFile(
  { files, chunks, stock }: Pick<Database, 'files' | 'chunks' | 'stock'>,
  { _id: fileId, next_chunk: behind }: Pick<FileDocument, '_id' | 'next_chunk'>,
): Promise<void> {
  const hold = `holds.${fileId}`;
  for await (const { keys } of chunks.find({ file: fileId, n: { $lt: behind } }, { projection: { keys: 1 } }))
    if (keys && keys.length > 0)
      await stock.bulkWrite(
        // All writers use this order: see `take-stock.ts`.
        keys.sort().map((key) => ({
          updateOne: {
            filter: { _id: key, [`${hold}.n`]: { $lt: behind } } as never,
            update: { $unset: { [hold]: 1 }, $inc: { gen: 1 } } as never,
          },
        })),
        { ordered: false },
      );
  await files.updateOne({ _id: fileId, next_chunk: behind, status: { $in: [...ENDED] } }, { $set: { pruned: true } });
}
