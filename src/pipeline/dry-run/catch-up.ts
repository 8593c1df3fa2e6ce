/**
 * Brings the scratch of a dry run to the checkpoint of its file, where another worker, or an earlier process, has decided the rows before
 * it: they are read again, and those that were not rejected are the accepted ones. The inventory service is not asked again.
 */
import { limits } from '../../limits.ts';
import type { FileRecord } from '../../model/file.ts';
import type { Position } from '../../model/intake.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import { pagesOf } from '../../ports/page.ts';
import type { Scratch } from '../../ports/scratches.ts';
import type { ChunkBuilder } from '../chunk-builder.ts';
import type { OpenFile } from '../read/read-file.ts';
import { triedOrders } from './decide-chunk.ts';

interface Reading {
  store: Pick<OrderStore, 'rejections'>;
  /** Opens the file at this position. */
  open(from: Position): Promise<OpenFile>;
  /** A builder that rejects no row for its SKU or hub. */
  build(opened: OpenFile): ChunkBuilder;
  /** Called between chunks; may throw to stop there, and the scratch is kept as it is. */
  atBorder(): void;
}

const START: Position = { offset: 0, row: 0 };

export async function catchUp(
  { fileId, offset, row }: Pick<FileRecord, 'fileId' | 'offset' | 'row'>,
  scratch: Scratch,
  { store, open, build, atBorder }: Reading,
): Promise<void> {
  const checkpoint = { offset, row };
  const from = scratch.reached ?? START;
  if (from.row >= row) return;
  const opened = await open(from);
  const builder = build(opened);
  for await (const { start, end } of opened.chunks(builder)) {
    atBorder();
    const { orders } = builder.takeChunk();
    const upTo = end.row < row ? end : checkpoint;
    const rejected = await rejectedRows(store, fileId, start.row + 1, upTo.row);
    const firstRow = (order: number) => orders.row(orders.first(order));
    const isAccepted = (order: number) => firstRow(order) <= upTo.row && !rejected.has(firstRow(order));
    const accepted = Array.from({ length: orders.orders }, (_, order) => order).filter(isAccepted);
    await scratch.add(triedOrders(orders, accepted), upTo);
    orders.release();
    if (upTo === checkpoint) return;
  }
}

async function rejectedRows(
  { rejections }: Pick<OrderStore, 'rejections'>,
  fileId: string,
  fromRow: number,
  toRow: number,
): Promise<Set<number>> {
  const rows = new Set<number>();
  for await (const items of pagesOf((page) => rejections.list(fileId, { fromRow }, page), limits.reportPageRows))
    for (const { row } of items) {
      if (row > toRow) return rows;
      rows.add(row);
    }
  return rows;
}
