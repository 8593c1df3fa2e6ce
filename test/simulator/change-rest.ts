/** The checks of a simulation in which orders change when all is done and nothing moves any more. Throws a `Violation`. */
import { eventId, orderEvent } from '../../src/model/event.ts';
import { uploadKey } from '../../src/model/file.ts';
import { verify } from '../../src/pipeline/verify.ts';
import { readTables } from './change-invariants.ts';
import type { Objects } from './engines.ts';
import type { EventLog } from './event-log.ts';
import { type FileState, Violation } from './invariants.ts';
import { type Asked, wrongEffect } from './order-clients.ts';
import type { Store } from './order-store.ts';
import type { Sources } from './source-files.ts';

interface Rest {
  store: Store;
  objects: Objects;
  files(): readonly FileState[];
  sources: Sources;
  log: EventLog;
  /** By SKU. */
  received: ReadonlyMap<string, number>;
  asked: readonly Asked[];
}

/** Each request has done what its client was told, stock is what came in, and events say what the histories say. */
export async function checkRest(rest: Rest): Promise<void> {
  const { store, log, received } = rest;
  const { orders, changes } = readTables(store);
  const idOf = new Map(orders.map(({ seq, order_id }) => [seq, order_id]));
  const effects = [
    ...orders.map(
      ({ order_id, created_by }) => [created_by, { orderId: order_id, version: 1, isDeletion: false }] as const,
    ),
    ...changes.map(
      ({ actor, order_no, version, kind }) =>
        [actor, { orderId: idOf.get(order_no)!, version, isDeletion: kind === 'deleted' }] as const,
    ),
  ];
  const wrong = wrongEffect(rest.asked, new Map(effects.map(([actor, effect]) => [actor ?? '', effect])));
  if (wrong) throw new Violation(wrong);
  for (const { sku, received: is } of store.rows<{ sku: string; received: number }>('select * from stock'))
    if (is !== received.get(sku))
      throw new Violation(`INV-2 ${sku}: received ${is}, it was given ${received.get(sku)}`);

  for await (const { what, id, detail } of verify(store.direct, null, { maxInflatedBytes: 1_000_000 }))
    throw new Violation(`verify: ${what}: ${id}, ${detail}`);
  for (const { order_id } of orders) {
    const { stored, changes } = (await store.direct.changes.history(order_id))!;
    for (const { version } of stored.deleted || store.erased.has(order_id) ? [] : changes)
      if (orderEvent(stored, changes, version).json !== log.published.get(eventId(order_id, version)))
        throw new Violation(`INV-3 ${eventId(order_id, version)} is not what the history says`);
  }
  checkCreatedByRows(rest);
  checkErased(rest);
}

/** What the row said, whatever became of the order. */
function checkCreatedByRows({ store, files, sources, log }: Rest): void {
  const nameOf = new Map(files().map(({ file_no, name }) => [file_no, name]));
  for (const { order_id, file_no, row, status, created_as } of readTables(store).orders) {
    if (file_no === 0 || status === 'deleted' || store.erased.has(order_id)) continue;
    const source = sources.files.find(({ name }) => name === nameOf.get(file_no))!;
    const { cells } = source.rows.find((other) => other.row === row)!;
    const { data } = JSON.parse(log.published.get(eventId(order_id, created_as))!) as {
      data: { status: string; items: { sku: string; quantity: number }[]; shipping_address: string };
    };
    const said = [data.status, data.items.length, data.items[0]!.sku, data.items[0]!.quantity, data.shipping_address];
    const expected = ['on_hold', 1, cells[4], Number(cells[6]), cells[10]];
    if (String(said) !== String(expected))
      throw new Violation(`INV-3 the event of ${order_id} says ${said}, not ${expected}`);
  }
}

/** Nothing of a person is left from before the last request, in no order, no rejected row and no upload. */
function checkErased({ store, objects, files }: Rest): void {
  const { orders, changes } = readTables(store);
  const changesOf = Map.groupBy(changes, ({ order_no }) => order_no);
  for (const [email, requestedMs] of store.requested) {
    const isTheirs = (text: string) => text.toLowerCase() === email;
    for (const { order_id, seq, created_at, customer_email } of orders) {
      // Since when the order is of whom, from its history.
      const owners = (changesOf.get(seq) ?? []).flatMap(({ at, fields }) =>
        (JSON.parse(fields) as { field: string; from: string }[])
          .filter(({ field }) => field === 'customer_email')
          .map(({ from }) => ({ at, from })),
      );
      const names = [...owners.map(({ from }) => from), customer_email];
      const since = [created_at, ...owners.map(({ at }) => at)];
      for (const [n, name] of names.entries())
        if (isTheirs(name) && since[n]! < requestedMs) throw new Violation(`${order_id} still has ${name}`);
    }
    const old = files().filter(({ created_at }) => created_at < requestedMs);
    for (const { file_id, file_no, name } of old) {
      const upload = objects.stored.get(uploadKey(file_id))?.bytes.toString().toLowerCase();
      if (upload?.includes(email)) throw new Violation(`the upload of ${name} still has ${email}`);
      const rejected = store.rows<{ file_no: number; cells: string }>('select * from rejections');
      if (rejected.some((row) => row.file_no === file_no && row.cells.toLowerCase().includes(email)))
        throw new Violation(`a rejected row of ${name} still has ${email}`);
    }
  }
}
