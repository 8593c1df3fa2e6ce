/** The file records: writes go to the writer thread, reads run in the calling thread. */
import type { Files } from '../../ports/files.ts';
import type { Calls } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';
import type { WriterState } from '../sqlite/health.ts';
import { refusal } from './create-file.ts';
import { fileLists } from './file-lists.ts';
import type { fileOperations } from './file-operations.ts';

export function createFiles(
  db: Database,
  writer: Calls<ReturnType<typeof fileOperations>> & Partial<WriterState>,
  now: () => number,
): Files {
  const refuse = refusal(db);
  return {
    ...fileLists(db, writer, now),
    create: (file) => writer.call('createFile', file),
    // The writer performs calls in order: a creation has ended by now.
    withdraw: (fileId) => writer.call('findFile', fileId),
    wouldRefuse: async (file) => refuse(file, now()),
    claim: (fileId, leaseMs) => writer.call('claimFile', { fileId, leaseMs }),
    renew: (claim, leaseMs) => writer.call('renewClaim', { claim, leaseMs }),
    release: (claim) => writer.call('releaseClaim', claim),
    expire: (claim) => writer.call('expireClaim', claim),
    recordIntake: (claim, record) => writer.call('recordIntake', { claim, record }),
    setWaiting: (claim, wait) => writer.call('setWaiting', { claim, wait }),
    recordReported: (claim, rows) => writer.call('recordReported', { claim, rows }),
    pause: (claim, pause) => writer.call('pauseFile', { claim, pause }),
    close: (claim, end) => writer.call('closeFile', { claim, end }),
    finish: (claim, end) => writer.call('finishFile', { claim, ...end }),
    requestCancel: (fileId) => writer.call('cancelFile', fileId),
    requestPause: (fileId) => writer.call('requestPause', fileId),
    resume: (fileId) => writer.call('resumeFile', fileId),
    requeue: (fileId) => writer.call('requeueFile', fileId),
    markDeleted: (fileId, part) => writer.call('markDeleted', { fileId, part }),
    touch: (fileId) => writer.call('touchFile', fileId),
  };
}
