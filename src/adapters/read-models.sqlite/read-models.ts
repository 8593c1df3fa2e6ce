/** Reads the models from `views.db`, which the projector may make anew at any time: then the file at the path is another one. */
import { statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { dayText } from '../../model/calendar-day.ts';
import { isCounted, type Workflow } from '../../model/workflow.ts';
import { sliceTurn } from '../../ports/event-loop.ts';
import type { Page, PageRequest } from '../../ports/page.ts';
import type { Days, ReadModels, ReportBy, ReportRow, Subject, SubjectSums, Sums } from '../../ports/read-models.ts';
import { readPosition } from '../page.ts';
import { FIND_BY_WORDS, wordsQuery } from './order-words.ts';

interface SubjectRow {
  subject_no: number;
  key: string;
  name: string | null;
  price_minor: number | null;
}

interface SumRow {
  day: number;
  status: string;
  orders: number;
  units: number;
  amount_minor: string;
}

const EVER: Days = { from: null, to: null };
const FIRST_DAY = -1e9;
const LAST_DAY = 1e9;

export function createReadModels(path: string, workflow: Pick<Workflow, 'states'>): ReadModels {
  const views = new Views(path);
  const counts = (status: string) => isCounted(workflow as Workflow, status);

  /** The sums of a subject on these days, by day and status. */
  async function* rowsOf(subject: number, { from, to }: Days): AsyncGenerator<SumRow> {
    let after: [number, string] = [from ?? FIRST_DAY, ''];
    for (;;) {
      const rows = views.all<SumRow>(SUMS_OF_SUBJECT, subject, ...after, to ?? LAST_DAY, limits.viewsRowsAtOnce);
      yield* rows;
      if (rows.length < limits.viewsRowsAtOnce) return;
      const { day, status } = rows.at(-1)!;
      after = [day, status];
      await sliceTurn();
    }
  }

  async function* rowsOfAllOrders(days: Days): AsyncGenerator<SumRow> {
    const all = find('all', '');
    if (all) yield* rowsOf(all.subject_no, days);
  }

  /** Null when it has no orders on these days. */
  async function sumsOf(subject: number, days: Days): Promise<SubjectSums | null> {
    const total = new Total(counts);
    for await (const row of rowsOf(subject, days)) total.add(row);
    return total.sums;
  }

  const subjectsBehind = (kind: string, startingWith: string, after: string | null, limit: number): SubjectRow[] => {
    const [key] = readPosition<[string]>(after, 'string') ?? [null];
    // No key contains this character, the last one.
    const end = `${startingWith}\u{10ffff}`;
    return key === null
      ? views.all<SubjectRow>(SUBJECTS_FROM, kind, startingWith, end, limit)
      : views.all<SubjectRow>(SUBJECTS_BEHIND, kind, key, end, limit);
  };

  /** Subjects with their sums on these days, without those that have none. */
  async function subjects(kind: string, startingWith: string, days: Days, { limit, after }: PageRequest) {
    const atOnce = Math.min(limit, limits.viewsSubjectsAtOnce);
    const rows = subjectsBehind(kind, startingWith, after, atOnce);
    const items: { row: SubjectRow; sums: SubjectSums }[] = [];
    for (const row of rows) {
      const sums = await sumsOf(row.subject_no, days);
      if (sums) items.push({ row, sums });
    }
    return { items, next: rows.length < atOnce ? null : JSON.stringify([rows.at(-1)!.key]) };
  }

  const find = (kind: string, key: string) => views.all<SubjectRow>(SUBJECT, kind, key)[0];

  /** Of all orders, by day: those of a month, or of any day with the same text, together. */
  async function byTime(textOf: (day: number) => string, days: Days, { limit, after }: PageRequest) {
    const [behind] = readPosition<[number]>(after, 'number') ?? [null];
    const items: ReportRow[] = [];
    let total = new Total(counts);
    let key: string | null = null;
    const end = () => {
      if (key !== null) items.push({ key, name: null, ...plain(total.sums!) });
      total = new Total(counts);
    };
    for await (const row of rowsOfAllOrders({ ...days, from: behind === null ? days.from : behind + 1 })) {
      const text = textOf(row.day);
      if (text !== key) {
        end();
        if (items.length === limit) return { items, next: JSON.stringify([row.day - 1]) };
        key = text;
      }
      total.add(row);
    }
    end();
    return { items, next: null };
  }

  async function byStatus(days: Days): Promise<Page<ReportRow>> {
    const totals = new Map<string, Total>();
    for await (const row of rowsOfAllOrders(days)) {
      const total = totals.get(row.status) ?? new Total(counts);
      totals.set(row.status, total);
      total.add(row);
    }
    const items = [...totals].sort(([a], [b]) => (a < b ? -1 : 1));
    return { items: items.map(([key, { sums }]) => ({ key, name: null, ...plain(sums!) })), next: null };
  }

  return {
    async position() {
      return views.all<{ position: string | null }>('select position from progress')[0]?.position ?? null;
    },
    async isPurged() {
      return (views.all<{ purge_due: number }>('select purge_due from progress')[0]?.purge_due ?? 0) === 0;
    },
    async list(kind, startingWith, page) {
      const { items, next } = await subjects(kind, startingWith, EVER, page);
      return { items: items.map(({ row, sums }) => subjectOf(row, sums)), next };
    },
    async get(kind, key) {
      const row = find(kind, key);
      const sums = row && (await sumsOf(row.subject_no, EVER));
      return sums ? subjectOf(row, sums) : null;
    },
    async names(kind, key) {
      const row = find(kind, key);
      if (!row) return [];
      return views.all<{ name: string }>(NAMES, row.subject_no).map(({ name }) => name);
    },
    async newestOrders(email, limit) {
      const row = find('customer', email);
      if (!row) return [];
      return views.all<{ order_id: string }>(NEWEST_ORDERS, row.subject_no, limit).map(({ order_id }) => order_id);
    },
    async findOrders(words, limit) {
      const query = wordsQuery(words);
      if (query === null) return [];
      return views.all<{ order_id: string }>(FIND_BY_WORDS, query, limit).map(({ order_id }) => order_id);
    },
    async report(by: ReportBy, days, page) {
      if (by === 'day') return byTime(dayText, days, page);
      if (by === 'month') return byTime((day) => dayText(day).slice(0, 7), days, page);
      if (by === 'status') return byStatus(days);
      const { items, next } = await subjects(by, '', days, page);
      return { items: items.map(({ row, sums }) => ({ key: row.key, name: row.name, ...plain(sums) })), next };
    },
    close: () => views.close(),
  };
}

const SUBJECT = 'select * from subjects where kind = ? and key = ?';
const SUBJECTS_FROM = 'select * from subjects where kind = ? and key >= ? and key < ? order by key limit ?';
const SUBJECTS_BEHIND = 'select * from subjects where kind = ? and key > ? and key < ? order by key limit ?';
const SUMS_OF_SUBJECT =
  'select * from sums where subject_no = ? and (day, status) > (?, ?) and day <= ? order by day, status limit ?';
const NAMES = 'select name from names where subject_no = ? order by name';
const NEWEST_ORDERS = 'select order_id from folded where customer_no = ? order by number desc limit ?';

class Total {
  readonly #counts: (status: string) => boolean;
  readonly #rows: SumRow[] = [];

  constructor(counts: (status: string) => boolean) {
    this.#counts = counts;
  }

  add(row: SumRow): void {
    this.#rows.push(row);
  }

  get sums(): SubjectSums | null {
    if (this.#rows.length === 0) return null;
    const byStatus: Record<string, number> = {};
    const sums: Sums = { orders: 0, units: 0, amountMinor: 0n, cancelled: 0, cancelledUnits: 0 };
    for (const { status, orders, units, amount_minor } of this.#rows) {
      byStatus[status] = (byStatus[status] ?? 0) + orders;
      sums.orders += orders;
      if (this.#counts(status)) {
        sums.units += units;
        sums.amountMinor += BigInt(amount_minor);
      } else {
        sums.cancelled += orders;
        sums.cancelledUnits += units;
      }
    }
    return { ...sums, byStatus, firstDay: this.#rows[0]!.day, lastDay: this.#rows.at(-1)!.day };
  }
}

const plain = ({ orders, units, amountMinor, cancelled, cancelledUnits }: Sums): Sums => ({
  ...{ orders, units, amountMinor, cancelled, cancelledUnits },
});

const subjectOf = ({ key, name, price_minor }: SubjectRow, sums: SubjectSums): Subject => ({
  ...{ key, name, priceMinor: price_minor },
  ...sums,
});

/** The file at the path. Where there is none yet, it is as if it were empty. */
class Views {
  readonly #path: string;
  #open: { db: DatabaseSync; inode: number; statements: Map<string, StatementSync> } | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  all<Row>(sql: string, ...values: (string | number)[]): Row[] {
    try {
      const open = this.#current();
      if (!open) return [];
      const statement = open.statements.get(sql) ?? open.db.prepare(sql);
      open.statements.set(sql, statement);
      return statement.all(...values) as Row[];
    } catch (error) {
      this.close();
      throw new OmsError(
        'read_models_unavailable',
        'customers, products and reports are being made anew: try again in a moment',
        { retryable: true, cause: error },
      );
    }
  }

  #current() {
    const inode = statSync(this.#path, { throwIfNoEntry: false })?.ino ?? null;
    if (this.#open?.inode === inode) return this.#open;
    this.close();
    if (inode === null) return null;
    const db = new DatabaseSync(this.#path, { readOnly: true });
    db.exec(
      `pragma busy_timeout = ${limits.sqliteBusyMs}; pragma cache_size = -${limits.sqliteReaderCacheBytes / 1024}`,
    );
    this.#open = { db, inode, statements: new Map() };
    return this.#open;
  }

  close(): void {
    this.#open?.db.close();
    this.#open = null;
  }
}
