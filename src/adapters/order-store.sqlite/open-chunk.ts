/** The fence of a chunk: only the newest claim may write it, once, and in its turn. Runs in the writer's transaction. */
import { OmsError } from '../../errors.ts';
import type { ChunkResult } from '../../ports/chunks.ts';
import { type Claim, claimLost } from '../../ports/files.ts';
import type { Database } from '../sqlite/database.ts';
import { askedOf, type FileRow } from './file-row.ts';

/** The file, whose next chunk this is; or the result of the chunk, when this claim has written it before. */
type Opened = { file: FileRow; done: null } | { file: FileRow; done: ChunkResult };

export function chunkOpener(db: Database) {
  const readFile = db.prepare('select * from files where file_id = ?');
  const readChunk = db.prepare('select accepted, invalid from chunks where file_no = ? and n = ?');

  return ({ fileId, epoch }: Claim, n: number): Opened => {
    const file = readFile.get(fileId) as FileRow | undefined;
    if (file?.status !== 'processing' || file.epoch !== epoch) throw claimLost(fileId);
    if (file.next_chunk === n) return { file, done: null };
    if (file.next_chunk !== n + 1)
      throw new OmsError('claim_lost', `file ${fileId} is at chunk ${file.next_chunk}, not at ${n}`);
    const done = readChunk.get(file.file_no, n) as { accepted: number; invalid: number };
    return { file, done: { ...done, ...progressOf(file, { rows: 0, invalid: 0, bytes: 0 }) } };
  };
}

/** Of the file with what the chunk adds. */
export const progressOf = (file: FileRow, added: { rows: number; invalid: number; bytes: number }) => ({
  rows: file.rows + added.rows,
  rejected: { rows: file.invalid + added.invalid, bytes: file.rejected_bytes + added.bytes },
  ...askedOf(file),
});
