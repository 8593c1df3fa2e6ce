/** Checks an order against its history (INV-8): its log, undone change by change from what it is now, must lead to how it was created. */
import { isDeepStrictEqual } from 'node:util';
import { ERASED, isErased, type OrderContent } from '../../../model/order.ts';
import { type ChangeKind, CONTENT_FIELDS, DELETED, isPersonal } from '../../../model/order-change.ts';
import type { Violation } from '../../../ports/verification.ts';
import { type OrderDocument, publishedOf, versionOf } from '../documents.ts';
import { toFieldChange, toOrder } from '../order-document.ts';

/** Whether it was created through the API, whoever has taken it again since. */
export const isFirstOfApi = ({ log = [] }: OrderDocument): boolean => log[0]?.m === 1;

/** `created`: the order as its first row made it; null for one that was created through the API. */
export function* checkHistory(order: OrderDocument, created: OrderDocument | null): Generator<Violation> {
  const report = (what: string, detail: string): Violation => ({ check: 'history', what, id: order._id, detail });
  const version = versionOf(order);
  const log = order.log ?? [];
  const first = created ? 2 : 1;
  const numbers = log.map(({ m }) => m);
  if (
    !isDeepStrictEqual(
      numbers,
      Array.from({ length: version - first + 1 }, (_, i) => first + i),
    )
  ) {
    yield report('the changes of an order have a gap', `changes ${numbers.join(', ') || 'none'}, version ${version}`);
    return;
  }
  const lastOf = (kind: ChangeKind) => log.findLast((entry) => entry.m > 1 && entry.kind === kind)?.m;
  if (lastOf('created') !== order.created_as || lastOf('undone') !== order.undone_as)
    yield report(
      'an order does not say by which change it was undone, or taken again',
      `${order.undone_as ?? 'none'} and ${order.created_as ?? 'none'}, its changes say ${lastOf('undone') ?? 'none'} and ${lastOf('created') ?? 'none'}`,
    );
  let status = created?.status ?? null;
  for (const { m, from, to } of log) {
    if (from !== status)
      yield report(
        'a change does not begin where the one before has ended',
        `change ${m} is from ${from}, it was ${status}`,
      );
    status = to;
  }
  if (order.status !== status)
    yield report('an order is not what its changes say', `it is ${order.status}, they say ${status}`);
  else if (!isContentOf(order, created))
    yield report('an order is not what its changes say', 'its content is another than they lead to');
  if (order.status !== DELETED && isErased(toOrder(order)) && hasPerson(order))
    yield report('an erased order has something of its person', 'its name, its address, or its history');
  if (order.stock_taken !== holdsAsLogged(order, created))
    yield report(
      'an order is not what its changes say',
      `it holds ${order.stock_taken ? '' : 'no '}stock, they say otherwise`,
    );
  if (log.length > 0 && (order.actor ?? null) !== log.at(-1)!.actor)
    yield report(
      'an order is not what its changes say',
      `its last actor is ${order.actor}, they say ${log.at(-1)!.actor}`,
    );
  if (publishedOf(order) > version || (publishedOf(order) < version && order.outbox_at === undefined))
    yield {
      ...{ check: 'events', what: 'changes of an order will never be published', id: order._id },
      detail: `published up to ${publishedOf(order)}, version ${version}`,
    };
}

function isContentOf(order: OrderDocument, created: OrderDocument | null): boolean {
  if (order.status === DELETED)
    return (
      order.items === undefined &&
      order.customer === undefined &&
      (order.log ?? []).every(({ set, reason }) => set.length === 0 && reason === null)
    );
  const content: OrderContent = contentOf(order);
  for (const { set } of (order.log ?? []).toReversed())
    for (const change of set) {
      const { field, from, to } = toFieldChange(change);
      const name = CONTENT_FIELDS[field];
      // What was said of a former customer, who was erased.
      const wasErased = isPersonal(field) && (to === '' || content[name] === '');
      if (!wasErased && !isDeepStrictEqual(content[name], to)) return false;
      Object.assign(content, { [name]: from });
    }
  return created ? isSameContent(content, contentOf(created)) : isDeepStrictEqual(content, ERASED);
}

/** An order as it was created, and its row: without the person where one of them has none any more. */
export function isSameContent(order: OrderContent, row: OrderContent): boolean {
  const nobody = isErased(order) || isErased(row) ? { customerName: '', customerEmail: '', shippingAddress: '' } : {};
  return isDeepStrictEqual({ ...order, ...nobody }, { ...row, ...nobody });
}

function hasPerson({ customer, shipping_address, log = [] }: OrderDocument): boolean {
  const texts = log.flatMap(({ set }) => set.flatMap(({ field, from, to }) => (isPersonal(field) ? [from, to] : [])));
  return [customer.name, shipping_address, ...texts].some((text) => text !== '');
}

export function contentOf(order: OrderDocument): OrderContent {
  const { customerName, customerEmail, items, totalMinor, orderDateMs, shippingAddress } = toOrder(order);
  return { customerName, customerEmail, items, totalMinor, orderDateMs, shippingAddress };
}

/** What gave stock back other than by an edit gave all of it back. Whoever takes an order again takes its stock anew, or not. */
function holdsAsLogged(order: OrderDocument, created: OrderDocument | null): boolean {
  const { log = [], created_as: since } = order;
  const gaveBack = log.some(({ m, kind, back }) => m > (since ?? 0) && kind !== 'edited' && back.length > 0);
  if (gaveBack || order.status === DELETED) return false;
  return (since === undefined && created?.stock_taken) || order.stock_taken;
}
