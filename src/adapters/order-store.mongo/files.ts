/** The file records. `create-file.ts` describes how one is created, `commit-chunk.ts` how its checkpoint moves. */
import type { Files } from '../../ports/files.ts';
import { fileClaims, fileNotes } from './claims.ts';
import type { chunkOperations } from './commit-chunk.ts';
import { fileCreation } from './create-file.ts';
import type { Database } from './database.ts';
import { fileEnds, fileRequests } from './end-file.ts';
import { toFileRecord } from './file-document.ts';
import { fileLists, fileReads } from './file-lists.ts';
import { findFile } from './file-swap.ts';

export function createFiles(
  database: Database,
  chunks: Pick<ReturnType<typeof chunkOperations>, 'settle' | 'moveCheckpoint'>,
  now: () => number,
): Files {
  const creation = fileCreation(database, now);
  return {
    create: creation.create,
    async withdraw(fileId) {
      await database.files.deleteOne({ _id: fileId, status: 'creating' });
      const file = await findFile(database, fileId);
      return file && toFileRecord(file);
    },
    ...fileReads(database, now),
    ...fileLists(database),
    ...fileClaims(database, now),
    ...fileNotes(database, now),
    ...fileEnds(database, chunks, now),
    ...fileRequests(database, creation, now),
  };
}
