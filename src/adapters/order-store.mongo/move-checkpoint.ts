/** The checkpoint of a file: its next chunk and where that begins, and the counters that move with it. */
import { assert } from '../../assert.ts';
import { OmsError } from '../../errors.ts';
import type { ChunkResult } from '../../ports/chunks.ts';
import { type Claim, claimLost } from '../../ports/files.ts';
import type { Database } from './database.ts';
import { type ChunkDocument, type FileDocument, initialStatus, ordersOf } from './documents.ts';
import { askedOf } from './file-document.ts';

/** The fields of a file that a commit reads. */
export const CHECKPOINT = {
  ...{ status: 1, epoch: 1, next_chunk: 1, offset: 1, row: 1 },
  ...{ cancel_requested: 1, pause_requested: 1, rows: 1, invalid: 1, rejected_bytes: 1, hubs: 1 },
} as const;

export type Checkpoint = Pick<FileDocument, keyof typeof CHECKPOINT>;

type Position = Pick<FileDocument, 'offset' | 'row'>;
type Progress = Omit<ChunkResult, 'accepted' | 'invalid'>;

export const progressOf = (file: Checkpoint): Progress => ({
  rows: file.rows,
  rejected: { rows: file.invalid, bytes: file.rejected_bytes ?? 0 },
  ...askedOf(file),
});

/** The fence of a chunk: only the newest claim may write it, in its turn, and not when it is behind the checkpoint (`done`). Throws `claim_lost`. */
export function openChunk(
  file: Checkpoint | null,
  { fileId, epoch }: Claim,
  n: number,
): { file: Checkpoint; done: boolean } {
  if (file?.status !== 'processing' || file.epoch !== epoch) throw claimLost(fileId);
  if (file.next_chunk !== n && file.next_chunk !== n + 1)
    throw new OmsError('claim_lost', `file ${fileId} is at chunk ${file.next_chunk}, not at ${n}`);
  return { file, done: file.next_chunk === n + 1 };
}

export const assertForward = (from: Position, to: Position): void =>
  assert(to.offset >= from.offset && to.row >= from.row, 'a checkpoint never goes back');

/** `from`: the checkpoint before this chunk. Throws `claim_lost`. */
export async function moveCheckpoint(
  { database: { files }, now }: { database: Pick<Database, 'files'>; now: () => number },
  claim: Claim,
  from: Position,
  chunk: ChunkDocument,
): Promise<Progress> {
  assertForward(from, chunk);
  const moved = await files.findOneAndUpdate(
    { _id: claim.fileId, status: 'processing', epoch: claim.epoch, next_chunk: chunk.n },
    moveBy(chunk, new Date(now())) as never,
    { returnDocument: 'after', projection: CHECKPOINT },
  );
  if (moved) return progressOf(moved);
  const latest = await files.findOne({ _id: claim.fileId }, { projection: CHECKPOINT });
  // The response to the same move was lost.
  if (latest?.status === 'processing' && latest.epoch === claim.epoch && latest.next_chunk === chunk.n + 1)
    return progressOf(latest);
  throw claimLost(claim.fileId);
}

function moveBy(chunk: ChunkDocument, at: Date) {
  const { warnings = [] } = chunk;
  return {
    $set: {
      next_chunk: chunk.n + 1,
      ...{ offset: chunk.offset, row: chunk.row, open_order: chunk.open_order ?? null, bytes_read: chunk.bytes_read },
      strikes: 0,
      committed_at: at,
      changed_at: at,
    },
    $inc: {
      rows: chunk.rows + (chunk.skipped ?? 0),
      ...(chunk.skipped && { skipped: chunk.skipped }),
      accepted: chunk.accepted!,
      invalid: chunk.invalid!,
      ...(chunk.more_items && { more_items: chunk.more_items }),
      ...(chunk.taken_again && { taken_again: chunk.taken_again.length }),
      rejected_bytes: chunk.rejected_bytes ?? 0,
      amount_minor: chunk.amount_minor!,
      ...prefixed('invalid_by_code', chunk.invalid_by_code!),
      ...prefixed('accepted_by_hub', chunk.accepted_by_hub!),
      ...(chunk.accepted! > 0 && !chunk.dry_run && { [`accepted_by_status.${initialStatus(chunk)}`]: ordersOf(chunk) }),
      ...Object.fromEntries(warnings.map(({ code, count }) => [`warnings.${code}.count`, count])),
    },
    ...(warnings.length > 0 && {
      $min: Object.fromEntries(warnings.map(({ code, row }) => [`warnings.${code}.row`, row])),
    }),
  };
}

const prefixed = (field: string, counts: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${field}.${name}`, count]));
