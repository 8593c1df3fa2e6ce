/** The changes of an order: all of them, and those that lead back to a version. */
import { formsOfId } from '../../model/characters.ts';
import type { Order } from '../../model/order.ts';
import {
  type ChangeKind,
  type ContentField,
  type FieldChange,
  type OrderChange,
  orderAt,
} from '../../model/order-change.ts';
import { type Database, fromJson } from '../sqlite/database.ts';
import { type OrderRow, SELECT_STORED, type StoredRow, toOrder } from './order-row.ts';

/** The bit of each field in `order_changes.touched`. They are stored, so they never change. */
export const FIELD_BITS: Record<ContentField, number> = {
  customer_name: 1,
  customer_email: 2,
  items: 4,
  total_amount: 8,
  order_date: 16,
  shipping_address: 32,
};
/** The bit of a change of its file and row. */
export const SOURCE_BIT = 64;

export const touchedBy = ({ fields, former }: Pick<OrderChange, 'fields' | 'former'>): number =>
  fields.reduce((bits, { field }) => bits | FIELD_BITS[field], former ? SOURCE_BIT : 0);

export interface ChangeRow {
  version: number;
  kind: ChangeKind;
  from_status: string;
  to_status: string;
  actor: string | null;
  at: number;
  reason: string | null;
  fields: string;
  former_file_id: string | null;
  /** Null but for an order that was taken again; 0 for one that was made through the API. */
  former_row: number | null;
}

export const CHANGE_COLUMNS = `c.version, c.kind, c.from_status, c.to_status, c.actor, c.at, c.reason, c.fields,
  (select file_id from files where file_no = c.former_file_no) former_file_id, c.former_row`;

export const toChange = (row: ChangeRow): OrderChange => ({
  version: row.version,
  kind: row.kind,
  fromStatus: row.from_status,
  toStatus: row.to_status,
  fields: fromJson<FieldChange[]>(row.fields),
  reason: row.reason,
  actor: row.actor,
  atMs: row.at,
  ...(row.former_row !== null && { former: { fileId: row.former_file_id, row: row.former_row || null } }),
});

export type OrderHistories = ReturnType<typeof orderHistories>;

export function orderHistories(db: Database) {
  const byId = db.prepare(`${SELECT_STORED} where o.order_id = ?`);
  const byNumber = db.prepare(`${SELECT_STORED} where o.seq = ?`);
  const creation = db.prepare(`
    select o.created_by, coalesce(c.from_status, o.status) status
    from orders o left join order_changes c on c.order_no = o.seq and c.version = 2 where o.seq = ?`);
  const all = db.prepare(`select ${CHANGE_COLUMNS} from order_changes c where c.order_no = ? order by c.version`);
  const one = db.prepare(`select ${CHANGE_COLUMNS} from order_changes c where c.order_no = ? and c.version = ?`);
  const bytes = db.prepare('select coalesce(sum(octet_length(fields)), 0) bytes from order_changes where order_no = ?');
  const firstTouching = db.prepare(
    'select version from order_changes where order_no = ? and version > ? and touched & ? order by version limit 1',
  );

  function creationOf({ seq, created_at: atMs }: OrderRow): OrderChange {
    const { created_by: actor, status } = creation.get(seq) as { created_by: string | null; status: string };
    return {
      ...{ version: 1, kind: 'created', fromStatus: null, toStatus: status, fields: [] },
      ...{ reason: null, actor, atMs },
    };
  }

  const changeOf = (row: OrderRow, version: number): OrderChange =>
    version === 1 ? creationOf(row) : toChange(one.get(row.seq, version) as unknown as ChangeRow);

  return {
    /** Finds an order by any form of its id. The given form comes first. */
    find(orderId: string): StoredRow | null {
      for (const id of formsOfId(orderId)) {
        const row = byId.get(id) as unknown as StoredRow | undefined;
        if (row) return row;
      }
      return null;
    },

    /** All changes, oldest first. */
    changesOf: (row: OrderRow): OrderChange[] => [
      creationOf(row),
      ...(all.all(row.seq) as unknown as ChangeRow[]).map(toChange),
    ],

    /** What the order says of a version: its own change, and the first later one of each field. */
    changesFrom(row: OrderRow, version: number): OrderChange[] {
      const versions = [...Object.values(FIELD_BITS), SOURCE_BIT].map(
        (bit) => (firstTouching.get(row.seq, version, bit) as { version: number } | undefined)?.version ?? version,
      );
      return [...new Set([version, ...versions])].sort((a, b) => a - b).map((each) => changeOf(row, each));
    },

    /** What the changes of an order take. */
    bytesOf: ({ seq }: OrderRow): number => (bytes.get(seq) as { bytes: number }).bytes,

    orderAt(row: OrderRow, version: number): Order {
      return orderAt(toOrder(row), this.changesFrom(row, version), version);
    },

    /** Reads more of an order in several statements, between which nothing comes. */
    whole<Result>({ seq }: Pick<OrderRow, 'seq'>, read: (row: StoredRow) => Result): Result {
      const readAll = () => read(byNumber.get(seq) as unknown as StoredRow);
      if (db.isTransaction) return readAll();
      db.exec('begin');
      try {
        return readAll();
      } finally {
        // A read error may have ended it.
        if (db.isTransaction) db.exec('commit');
      }
    },
  };
}
