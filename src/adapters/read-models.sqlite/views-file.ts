/**
 * `views.db`: the read models, in a file of their own, so that nothing about them waits for the writer of `oms.db`. Only the projector
 * writes it. All of it can be made again: a file that is damaged, of another release, or made for other days is deleted.
 * Source of the settings: https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html#pragma_synchronous
 */
import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { limits } from '../../limits.ts';
import { setUpForWriting } from '../sqlite/database.ts';
import { toOmsError } from '../sqlite/errors.ts';
import { WORDS_TABLE } from './order-words.ts';

const TABLES = `
  -- Up to where the journal was followed, and what the models were made for.
  create table progress (
    one integer primary key check (one = 1),
    made_for text not null,
    position text,
    -- Whether the words of an order that was deleted, or erased, may still be in the file.
    purge_due integer not null default 0
  ) strict;
  -- What orders are summed up by: see the projections.
  create table subjects (
    subject_no integer primary key,
    kind text not null,
    key text not null,
    name text,
    price_minor integer,
    -- When the order was changed last that name and price are from.
    named_at integer not null,
    unique (kind, key)
  ) strict;
  create table names (subject_no integer not null, name text not null, primary key (subject_no, name)) strict, without rowid;
  -- By the day of the order date. An amount may pass 64 bits: decimal text.
  create table sums (
    subject_no integer not null,
    day integer not null,
    status text not null,
    orders integer not null,
    units integer not null,
    amount_minor text not null,
    primary key (subject_no, day, status)
  ) strict, without rowid;
  -- What each order has added to the sums: [subject, units, amount], as JSON.
  create table folded (
    number integer primary key,
    order_id text not null,
    customer_no integer,
    day integer not null,
    status text not null,
    additions text not null
  ) strict;
  create index folded_by_customer on folded (customer_no, number) where customer_no is not null;
`;

/**
 * A crash of the machine may lose the last turns of the projector, never the match of position and models. `madeFor`: when it differs, the
 * models are made anew. Throws what SQLite reports about a file that cannot be made.
 */
export function openViewsForWriting(path: string, madeFor: string): DatabaseSync {
  const usable = existsSync(path) ? openIfUsable(path, madeFor) : null;
  if (usable) return usable;
  deleteViews(path);
  const db = connect(path);
  try {
    db.exec(`begin immediate; ${TABLES} ${WORDS_TABLE}`);
    db.prepare('insert into progress (one, made_for) values (1, ?)').run(madeFor);
    db.exec('commit');
    return db;
  } catch (error) {
    db.close();
    throw toOmsError(error, path);
  }
}

/** Null when it must be made anew. */
function openIfUsable(path: string, madeFor: string): DatabaseSync | null {
  let db: DatabaseSync | null = null;
  try {
    db = connect(path);
    const found = db.prepare('select made_for from progress').get() as { made_for: string } | undefined;
    if (found?.made_for === madeFor) return db;
  } catch {
    // It is made anew.
  }
  db?.close();
  return null;
}

function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  const { viewsCacheBytes: cacheBytes, viewsWalBytes: walBytes } = limits;
  setUpForWriting(db, { synchronous: 'normal', cacheBytes, walBytes });
  return db;
}

/** Readers see that the file at the path is another one. */
export function deleteViews(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
}
