/** The checks of `oms verify` on orders and their histories (INV-8): an order is the fold of its changes, sums are the fold of all. */
import type { Order, OrderSource } from '../../model/order.ts';
import { CONTENT_FIELDS, type ContentField, DELETED, type FieldChange, isPersonal } from '../../model/order-change.ts';
import type { Violation } from '../../ports/verification.ts';
import { type Database, fromJson } from '../sqlite/database.ts';
import { touchedBy } from './order-history.ts';
import { type OrderRow, SELECT, toOrder } from './order-row.ts';
import { STATUS_SUM } from './record-sums.ts';
import type { StoreCheck } from './store-check.ts';

const off = (what: string, id: string, detail: string): Violation => ({ check: 'history', what, id, detail });

interface EditRow {
  order_no: number;
  order_id: string;
  version: number;
  kind: 'edited' | 'created';
  again: 0 | 1;
  touched: number;
  fields: string;
}

/** What the edits of an order make of each field that they touch, as JSON. */
type Folded = Map<ContentField, string>;

/** Folds the edits of each order, and how it was taken again, one order in memory at a time, and compares the end with the order. */
function* foldedEdits(db: Database): Generator<Violation> {
  const edits = db.prepare(`
    select c.order_no, o.order_id, c.version, c.kind, c.touched, c.fields, c.former_row is not null again
    from order_changes c join orders o on o.seq = c.order_no
    where c.kind in ('edited', 'created') and o.status <> '${DELETED}' order by c.order_no, c.version`);
  const get = db.prepare(`${SELECT} where o.seq = ?`);
  const folded: Folded = new Map();
  let orderNo: number | null = null;
  function* end(): Generator<Violation> {
    if (orderNo !== null) yield* compare(toOrder(get.get(orderNo) as unknown as OrderRow), folded);
    folded.clear();
  }
  for (const edit of edits.iterate() as unknown as Iterable<EditRow>) {
    if (edit.order_no !== orderNo) yield* end();
    orderNo = edit.order_no;
    yield* fold(edit, folded);
  }
  yield* end();
}

const NOWHERE: OrderSource = { fileId: null, row: null };

function* fold({ order_id: id, version, kind, again, touched, fields }: EditRow, folded: Folded): Generator<Violation> {
  const changes = fromJson<FieldChange[]>(fields);
  const says = touchedBy({ fields: changes, ...(again === 1 && { former: NOWHERE }) });
  if ((changes.length === 0 && kind === 'edited') || says !== touched || (again === 1) !== (kind === 'created'))
    yield off('an edit does not have the fields that it says', id, `version ${version}`);
  for (const { field, from, to } of changes) {
    const [before, begins] = [folded.get(field), JSON.stringify(from)];
    if (before !== undefined && before !== begins && !wasErased(field, before) && !wasErased(field, begins))
      yield off('an edit does not begin with what the one before it left', id, `${field} of version ${version}`);
    folded.set(field, JSON.stringify(to));
  }
}

/** What was said of a former customer, who was erased: the order may say something else. `value`: as JSON. */
const wasErased = (field: ContentField, value: string): boolean => value === '""' && isPersonal(field);

function* compare(order: Order, folded: Folded): Generator<Violation> {
  for (const [field, value] of folded)
    if (JSON.stringify(order[CONTENT_FIELDS[field]]) !== value && !wasErased(field, value))
      yield off('an order is not what its edits made of it', order.orderId, field);
}

/** The sum of amounts may pass what SQLite adds up, so it is added up in two parts. */
const PART = 1_000_000n;

function* amounts(db: Database): Generator<Violation> {
  const parts = db.prepare(`
    select status, sum(total_minor / ${PART}) high, sum(total_minor % ${PART}) low
    from orders where status <> '${DELETED}' group by status`);
  parts.setReadBigInts(true);
  const found = new Map(
    (parts.all() as { status: string; high: bigint; low: bigint }[]).map(({ status, high, low }) => [
      STATUS_SUM + status,
      high * PART + low,
    ]),
  );
  const stored = db.prepare('select name, minor from amounts').all() as { name: string; minor: string }[];
  const counted = new Map(stored.map(({ name, minor }) => [name, BigInt(minor)]));
  for (const name of new Set([...found.keys(), ...counted.keys()])) {
    const [is, says] = [found.get(name) ?? 0n, counted.get(name) ?? 0n];
    if (is !== says)
      yield {
        ...{ check: 'sums', what: 'a sum of amounts is not that of the orders', id: name },
        detail: `${says} in the statistics, ${is} are there`,
      };
  }
}

/** Of an entry `f` of the fields of a change. */
const PERSONAL = "f.value ->> 'field' in ('customer_name', 'customer_email', 'shipping_address')";
const HAS_TEXT = "f.value ->> 'from' || (f.value ->> 'to') <> ''";

export const OF_HISTORY: readonly StoreCheck[] = [
  {
    check: 'history',
    what: 'the changes of an order are not its versions',
    sql: `select coalesce(o.order_id, c.order_no || '') id,
        count || ' changes, of the versions ' || first || ' to ' || last || ', the order has version ' || coalesce(o.version, 'none') detail
      from (select order_no, count(*) count, min(version) first, max(version) last from order_changes group by order_no) c
        left join orders o on o.seq = c.order_no
      where o.seq is null or count <> o.version - 1 or first <> 2 or last <> o.version
      union all
      select order_id, 'no changes, the order has version ' || version
      from orders where version <> 1 and seq not in (select order_no from order_changes)`,
  },
  {
    check: 'history',
    what: 'a change does not begin with the status that the one before it left',
    sql: `select o.order_id id, 'version ' || c.version || ' is from ' || from_status || ' to ' || to_status || ', it was ' || before detail
      from (
        select *, lag(to_status, 1, from_status) over (partition by order_no order by version) before from order_changes) c
        join orders o on o.seq = c.order_no
      where before <> from_status or (kind = 'edited' and from_status <> to_status)
        or (kind = 'deleted') <> (to_status = '${DELETED}')`,
  },
  {
    check: 'history',
    what: 'an order does not say what its last change says',
    sql: `select order_id id, o.status || ' by ' || coalesce(o.actor, 'nobody') || ', ' || c.to_status || ' by ' || coalesce(c.actor, 'nobody') detail
      from order_changes c join orders o on o.seq = c.order_no and o.version = c.version
      where o.status <> c.to_status or o.actor is not c.actor or o.updated_at <> c.at
      union all
      select order_id, 'version 1 is not as it was created'
      from orders where version = 1 and (actor is not created_by or updated_at <> created_at)`,
  },
  {
    check: 'history',
    what: 'an order does not say by which change it was undone, or taken again',
    sql: `select order_id id, 'taken again by ' || created_as || ', undone by ' || undone_as || ', its changes say ' || again || ' and ' || undone detail
      from (
        select o.*,
          coalesce((select max(version) from order_changes c where c.order_no = o.seq and kind = 'created'), 1) again,
          coalesce((select max(version) from order_changes c where c.order_no = o.seq and kind = 'undone'), 0) undone
        from orders o where version > 1 or created_as > 1 or undone_as > 0)
      where created_as <> again or undone_as <> undone`,
  },
  {
    check: 'history',
    what: 'an order does not have the items that it says',
    sql: `select coalesce(o.order_id, n.order_no || '') id,
        count(i.n) || ' items beside the first, it says ' || coalesce(o.more_items, 'nothing') detail
      from (select seq order_no from orders where more_items > 0 union select order_no from order_items) n
        left join orders o on o.seq = n.order_no left join order_items i on i.order_no = n.order_no
      group by n.order_no having o.seq is null or count(i.n) <> o.more_items or max(i.n) is not o.more_items or min(i.n) is not 1`,
  },
  {
    check: 'history',
    what: 'the total of an order is not that of its items',
    sql: `select order_id id, 'it says ' || total_minor detail from orders o
      where total_minor <> quantity * unit_price_minor + case when more_items > 0 then (
        select total(quantity * unit_price_minor) from order_items i where i.order_no = o.seq) else 0 end`,
  },
  {
    check: 'history',
    what: 'a deleted order has content, or stock',
    sql: `select order_id id, 'number ' || seq detail from orders o
      where status = '${DELETED}' and (stock_taken <> 0 or more_items <> 0 or total_minor <> 0 or quantity <> 0
        or customer_name || customer_email || shipping_address || product_name || sku || hub_id <> ''
        or exists (select 1 from order_changes c where c.order_no = o.seq and (fields <> '[]' or reason is not null)))`,
  },
  {
    check: 'history',
    what: 'an erased order has something of its person',
    sql: `select order_id id, 'number ' || seq detail from orders o
      where customer_email = '' and status <> '${DELETED}' and (customer_name || shipping_address <> ''
        or exists (select 1 from order_changes c where c.order_no = o.seq and exists (
          select 1 from json_each(c.fields) f where ${PERSONAL} and ${HAS_TEXT})))`,
  },
  foldedEdits,
  amounts,
];
