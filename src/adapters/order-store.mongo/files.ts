/** The file records. `create-file.ts` describes how one is created, `commit-chunk.ts` how its checkpoint moves. */
import type { Files } from '../../ports/files.ts';
import { fileClaims, fileNotes } from './claims.ts';
import { createFile } from './create-file.ts';
import { fileEnds } from './end-file.ts';
import type { CommitContext } from './execute-plan.ts';
import { toFileRecord } from './file-document.ts';
import { fileLists, fileReads } from './file-lists.ts';
import { findFile } from './file-swap.ts';
import { pauseFile } from './pause-file.ts';
import { fileRequests } from './requests.ts';

export function createFiles(context: CommitContext): Files {
  const { database, now } = context;
  return {
    create: (file) => createFile(context, file),
    async withdraw(fileId) {
      await database.files.deleteOne({ _id: fileId, status: 'creating' });
      const file = await findFile(database, fileId);
      return file && toFileRecord(file);
    },
    ...fileReads(database, now),
    ...fileLists(database),
    ...fileClaims(database, now),
    ...fileNotes(database, now),
    ...fileEnds(context),
    pause: (claim, pause) => pauseFile(context, claim, pause),
    ...fileRequests(context),
  };
}
