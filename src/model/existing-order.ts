/** What a row meets whose order id is taken, and why it is rejected then. Both stores and dry runs decide by it. */
import type { FileRecord } from './file.ts';
import type { OrderContent, StoredOrder } from './order.ts';
import { differingFields } from './order-change.ts';
import { deletedOrder, duplicateOrder, orderConflict, takenId } from './reasons.ts';
import type { Reason } from './rejection.ts';
import { seesOrder } from './views.ts';

type Hubs = FileRecord['hubs'];

export interface ExistingOrder {
  /** Both null for an order that was made through the API. */
  fileId: string | null;
  row: number | null;
  deleted: boolean;
  /** A row takes it again, where its file may learn of it. */
  undone: boolean;
  /** Whether a file that is limited to these hubs may learn of it. */
  isSeen(hubs: Hubs): boolean;
  /** The fields in which what a row says differs from what the order says now. */
  differing(sent: OrderContent): string[];
}

export const existingOrder = (stored: Pick<StoredOrder, 'order' | 'deleted' | 'undone'>): ExistingOrder => ({
  fileId: stored.order.fileId,
  row: stored.order.row,
  ...{ deleted: stored.deleted, undone: stored.undone },
  isSeen: (hubs) => seesOrder({ hubs, email: null }, stored),
  differing: (sent) => differingFields(stored.order, sent),
});

/** An order that an earlier row of the same file has made. */
export const orderOfRow = (fileId: string, row: number, content: OrderContent): ExistingOrder => ({
  ...{ fileId, row, deleted: false, undone: false },
  isSeen: () => true,
  differing: (sent) => differingFields(content, sent),
});

/** Whether a row takes an order that exists again. `hubs`: those of the row's file. */
export const isTakenAgain = (existing: Pick<ExistingOrder, 'undone' | 'isSeen'>, hubs: Hubs): boolean =>
  existing.undone && existing.isSeen(hubs);

/** Why a row is rejected whose order exists. `hubs`: those of the row's file. */
export function repeatOf(existing: ExistingOrder, orderId: string, sent: OrderContent, hubs: Hubs): Reason {
  const { fileId, row, deleted } = existing;
  if (!existing.isSeen(hubs)) return takenId(orderId);
  if (deleted) return deletedOrder(orderId);
  const differing = existing.differing(sent);
  return differing.length === 0 ? duplicateOrder(orderId, fileId, row) : orderConflict(orderId, differing, fileId, row);
}
