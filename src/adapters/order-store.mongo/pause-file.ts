/**
 * Pauses a file: an empty chunk, which is committed from the start, takes the number of the next chunk, so that no zombie worker can plan
 * it while the file is paused, and the counts of the file stand still. Who finds that chunk beside a file that is not paused, because the
 * worker died in between, moves the checkpoint past it as past any other.
 */
import type { FilePause } from '../../model/file.ts';
import { type Claim, claimLost } from '../../ports/files.ts';
import { type ChunkDocument, chunkId, type FileDocument, NO_AMOUNT } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { type CommitContext, completeChunk } from './execute-plan.ts';
import { findFile } from './file-swap.ts';
import { moveCheckpoint } from './move-checkpoint.ts';
import { emptyPlan, PLAN_VERSION } from './plan.ts';

/** As `Files.pause`. */
export async function pauseFile(context: CommitContext, claim: Claim, pause: FilePause): Promise<boolean> {
  const { fileId, epoch } = claim;
  for (;;) {
    const file = await findFile(context.database, fileId);
    if (file?.epoch !== epoch) throw claimLost(fileId);
    if (file.status === 'paused') return true;
    if (file.status !== 'processing') throw claimLost(fileId);
    if (file.cancel_requested || (pause.code === 'requested' && !file.pause_requested)) return false;
    if (await takeNextNumber(context, file)) {
      if (await markPaused(context, file, pause)) return true;
      // A request came between, or another claim.
      continue;
    }
    // The chunk that has this number is executed first.
    await moveCheckpoint(context, claim, file, await completeChunk(context, chunkId(fileId, file.next_chunk)));
  }
}

/** False when a plan or an end has the number of the next chunk. */
async function takeNextNumber({ database: { chunks }, now }: CommitContext, file: FileDocument): Promise<boolean> {
  const at = new Date(now());
  const empty: ChunkDocument = {
    _id: chunkId(file._id, file.next_chunk),
    version: PLAN_VERSION,
    file: file._id,
    n: file.next_chunk,
    state: 'committed',
    attempts: 0,
    ...{ offset: file.offset, row: file.row, bytes_read: file.bytes_read },
    ...(file.open_order != null && { open_order: file.open_order }),
    ...{ rows: 0, accepted: 0, invalid: 0, refused: [], invalid_by_code: {}, rejected_bytes: 0 },
    ...{ accepted_by_hub: {}, amount_minor: NO_AMOUNT, publish: 'none' },
    track_stock: false,
    created_at: at,
    committed_at: at,
    plan: await emptyPlan(),
    keys: [],
    ...{ planned_rejections: null, rejections: null },
  };
  try {
    await chunks.insertOne(empty);
    return true;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    return false;
  }
}

async function markPaused({ database: { files }, now }: CommitContext, file: FileDocument, pause: FilePause) {
  const at = new Date(now());
  const { matchedCount } = await files.updateOne(
    {
      ...{ _id: file._id, epoch: file.epoch, status: 'processing', next_chunk: file.next_chunk },
      ...{ cancel_requested: false, strikes: file.strikes },
      ...(pause.code === 'requested' && { pause_requested: true }),
    },
    {
      $set: {
        status: 'paused',
        pause: { ...pause, at },
        ...{ pause_requested: false, resumed: false },
        strikes: Math.max(0, file.strikes - 1),
        waiting_for: null,
        lease_until: new Date(0),
        changed_at: at,
      },
      // The number stays taken: the file resumes behind it.
      $inc: { next_chunk: 1, attempts: -1 },
    },
  );
  return matchedCount === 1;
}
