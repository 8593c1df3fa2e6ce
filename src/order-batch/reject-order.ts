/** The rejections of an order: its rows are rejected together. */
import { orderIncomplete } from '../model/reasons.ts';
import type { Reason, Rejection } from '../model/rejection.ts';
import type { OrderBatch } from './order-batch.ts';

/** `reasonOf`: of a row by its index, undefined where the row is rejected only because another row of its order is. */
export function rejectOrder(
  orders: OrderBatch,
  order: number,
  reasonOf: (i: number) => Reason | undefined,
): Rejection[] {
  const rejections: Rejection[] = [];
  let guilty = 0;
  for (let i = orders.first(order); i < orders.end(order); i++) {
    const reason = reasonOf(i);
    const row = orders.row(i);
    if (reason && guilty === 0) guilty = row;
    rejections.push({ row, reasons: reason ? [reason] : [], values: orders.values(i) });
  }
  for (const { reasons } of rejections) if (reasons.length === 0) reasons.push(orderIncomplete(guilty));
  return rejections;
}
