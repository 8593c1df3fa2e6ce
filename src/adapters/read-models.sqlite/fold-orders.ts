/**
 * Folds orders into the read models. Some pages of the journal are one transaction, with the position that they lead to, so each change
 * counts once whenever the process dies. Their sums are added up in memory first: many orders are about the same few products and days.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { limits } from '../../limits.ts';
import { isErased } from '../../model/order.ts';
import { customers } from '../../model/projections/customers.ts';
import { products } from '../../model/projections/products.ts';
import type { Addition } from '../../model/projections/projection.ts';
import { PROJECTIONS } from '../../model/projections/projections.ts';
import type { JournalOrder, JournalPage } from '../../ports/journal.ts';
import { runForRows } from '../sqlite/many-rows.ts';
import { transaction } from '../sqlite/transaction.ts';
import { OrderWords } from './order-words.ts';
import { type Added, type Delta, SumDeltas } from './sum-deltas.ts';

interface Folded {
  number: number;
  day: number;
  status: string;
  additions: string;
}

interface Subject {
  subject_no: number;
  name: string | null;
  price_minor: number | null;
}

export class OrderFolder {
  readonly #db: DatabaseSync;
  readonly #dayOf: (ms: number) => number;
  readonly #statements: ReturnType<typeof statementsOf>;
  /** Subjects by kind and key. Only this connection writes them. */
  readonly #subjects = new Map<string, Subject>();
  #newest: number;
  /** What the open transaction has folded; null without one. */
  #pending: { deltas: SumDeltas; position: string; orders: number } | null = null;
  readonly #words: OrderWords;

  constructor(db: DatabaseSync, dayOf: (ms: number) => number) {
    this.#db = db;
    this.#dayOf = dayOf;
    this.#statements = statementsOf(db);
    this.#words = new OrderWords(db);
    this.#newest = newestIn(db);
  }

  get position(): string | null {
    return this.#pending?.position ?? (this.#statements.position.get() as { position: string | null }).position;
  }

  /** How many orders were folded since the last commit. */
  get uncommitted(): number {
    return this.#pending?.orders ?? 0;
  }

  /** All of the page, or nothing of what was not committed. */
  fold({ orders, position }: JournalPage): void {
    this.#undoing(() => {
      if (this.#pending === null) {
        this.#db.exec('begin immediate');
        this.#pending = { deltas: new SumDeltas(), position, orders: 0 };
      }
      const { deltas } = this.#pending;
      const rows: SQLInputValue[][] = [];
      const before = this.#foldedBefore(orders);
      for (const order of orders) {
        const row = this.#foldOrder(order, before.get(order.number), deltas);
        if (row) rows.push(row);
      }
      insertRows(this.#db, rows);
      this.#pending = { deltas, position, orders: this.#pending.orders + orders.length };
      this.#newest = orders.reduce((newest, { number }) => Math.max(newest, number), this.#newest);
    });
  }

  /** What was folded, with the position behind it. */
  commit(): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#undoing(() => {
      // What has left a sum may be in another one.
      const lessened = new Set<number>();
      for (const delta of pending.deltas) if (this.#add(delta) === 'deleted') lessened.add(delta.subject);
      for (const subject of lessened) this.#forgetIfEmpty(subject);
      this.#statements.move.run(pending.position);
      this.#db.exec('commit');
      this.#pending = null;
    });
  }

  #undoing(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#pending = null;
      this.#subjects.clear();
      if (this.#db.isTransaction) this.#db.exec('rollback');
      this.#newest = newestIn(this.#db);
      throw error;
    }
  }

  /** Takes what is left of orders that were deleted, or whose person was erased, out of the file, where there are any. */
  purge(): void {
    this.commit();
    const { purgeDue, purged } = this.#statements;
    if ((purgeDue.get() as { purge_due: number }).purge_due === 0) return;
    transaction(this.#db, () => {
      this.#words.purge();
      purged.run();
    });
    // The log has what was there before.
    this.#db.exec('pragma wal_checkpoint(truncate)');
  }

  #foldedBefore(orders: readonly JournalOrder[]): Map<number, Folded> {
    const known = orders.filter(({ number }) => number <= this.#newest).map(({ number }) => number);
    if (known.length === 0) return new Map();
    const rows = this.#statements.folded.all(JSON.stringify(known)) as unknown as Folded[];
    return new Map(rows.map((row) => [row.number, row]));
  }

  /** The row of the order in `folded`; null for one that was deleted. */
  #foldOrder({ number, order, deleted }: JournalOrder, before: Folded | undefined, deltas: SumDeltas) {
    const { remove } = this.#statements;
    if (before) {
      deltas.count(before, JSON.parse(before.additions) as Added[], -1);
      remove.run(number);
      this.#words.remove(number);
      if (deleted || isErased(order)) this.#statements.purgeLater.run();
    }
    if (deleted) return null;
    const at = { day: this.#dayOf(order.orderDateMs), status: order.status };
    const additions: Added[] = [];
    let customer: number | null = null;
    for (const { kind, additions: of } of PROJECTIONS)
      for (const addition of of(order)) {
        const subject = this.#subjectOf(kind, addition, order.updatedAtMs);
        if (kind === customers.kind) customer = subject;
        additions.push([subject, addition.units, addition.amountMinor]);
      }
    deltas.count(at, additions, 1);
    this.#words.insert(number, order);
    return [number, order.orderId, customer, at.day, at.status, JSON.stringify(additions)];
  }

  #subjectOf(kind: string, { key, ...named }: Addition, namedAtMs: number): number {
    const { name = null, priceMinor = null } = named;
    const id = `${kind}:${key}`;
    const known: Subject = this.#subjects.get(id) ?? this.#findOrInsert(id, kind, key);
    if (known.name === name && known.price_minor === priceMinor) return known.subject_no;
    const { nameSubject, insertName } = this.#statements;
    if (nameSubject.run(name, priceMinor, namedAtMs, known.subject_no, namedAtMs).changes === 1)
      Object.assign(known, { name, price_minor: priceMinor });
    if (name !== null && kind === products.kind) insertName.run(known.subject_no, name, known.subject_no);
    return known.subject_no;
  }

  #findOrInsert(id: string, kind: string, key: string): Subject {
    const { findSubject, insertSubject } = this.#statements;
    const subject = (findSubject.get(kind, key) ?? insertSubject.get(kind, key)) as unknown as Subject;
    if (this.#subjects.size >= limits.viewsSubjectsKept) this.#subjects.clear();
    this.#subjects.set(id, subject);
    return subject;
  }

  #add({ subject, day, status, orders, units, ...amount }: Delta): 'deleted' | undefined {
    const amountMinor = amount.moreMinor + BigInt(amount.amountMinor);
    if (orders === 0 && units === 0 && amountMinor === 0n) return;
    const { findSum, insertSum, updateSum, deleteSum } = this.#statements;
    const found = findSum.get(subject, day, status) as
      | { orders: number; units: number; amount_minor: string }
      | undefined;
    if (!found) {
      insertSum.run(subject, day, status, orders, units, String(amountMinor));
      return;
    }
    const left = found.orders + orders;
    if (left > 0) {
      const amount = BigInt(found.amount_minor) + amountMinor;
      updateSum.run(left, found.units + units, String(amount), subject, day, status);
      return;
    }
    deleteSum.run(subject, day, status);
    return 'deleted';
  }

  /** Nothing is kept about a subject without orders, such as a customer who was erased. */
  #forgetIfEmpty(subject: number): void {
    const { anySum, deleteNames, deleteSubject } = this.#statements;
    if (anySum.get(subject)) return;
    deleteNames.run(subject);
    deleteSubject.run(subject);
    this.#subjects.clear();
  }
}

const newestIn = (db: DatabaseSync): number =>
  (db.prepare('select coalesce(max(number), 0) number from folded').get() as { number: number }).number;

const COLUMNS = ['number', 'order_id', 'customer_no', 'day', 'status', 'additions'];
const ROW = `(${COLUMNS.map(() => '?')})`;

const insertRows = (db: DatabaseSync, rows: readonly SQLInputValue[][]): void =>
  runForRows(
    db,
    rows.length,
    COLUMNS.length,
    (count) => `insert into folded (${COLUMNS}) values ${new Array(count).fill(ROW)}`,
    (values, at, n) => {
      for (const [i, value] of rows[n]!.entries()) values[at + i] = value;
    },
  );

function statementsOf(db: DatabaseSync) {
  const sql = (text: string): StatementSync => db.prepare(text);
  return {
    position: sql('select position from progress'),
    move: sql('update progress set position = ?'),
    purgeLater: sql('update progress set purge_due = 1'),
    purgeDue: sql('select purge_due from progress'),
    purged: sql('update progress set purge_due = 0'),
    folded: sql('select number, day, status, additions from json_each(?) id join folded on number = id.value'),
    remove: sql('delete from folded where number = ?'),
    insert: sql('insert into folded (number, order_id, customer_no, day, status, additions) values (?, ?, ?, ?, ?, ?)'),
    findSubject: sql('select subject_no, name, price_minor from subjects where kind = ? and key = ?'),
    insertSubject: sql(
      'insert into subjects (kind, key, named_at) values (?, ?, 0) returning subject_no, name, price_minor',
    ),
    nameSubject: sql(
      'update subjects set name = ?, price_minor = ?, named_at = ? where subject_no = ? and named_at <= ?',
    ),
    insertName: sql(`
      insert into names (subject_no, name) select ?, ?
      where (select count(*) from names where subject_no = ?) < ${limits.maxNamesOfSubject} on conflict do nothing`),
    findSum: sql('select orders, units, amount_minor from sums where subject_no = ? and day = ? and status = ?'),
    insertSum: sql('insert into sums (subject_no, day, status, orders, units, amount_minor) values (?, ?, ?, ?, ?, ?)'),
    updateSum: sql(
      'update sums set orders = ?, units = ?, amount_minor = ? where subject_no = ? and day = ? and status = ?',
    ),
    deleteSum: sql('delete from sums where subject_no = ? and day = ? and status = ?'),
    anySum: sql('select 1 from sums where subject_no = ? limit 1'),
    deleteNames: sql('delete from names where subject_no = ?'),
    deleteSubject: sql('delete from subjects where subject_no = ?'),
  };
}
