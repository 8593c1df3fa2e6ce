/**
 * The tables of `oms.db`, as a list of migrations in the order of their versions, 1, 2, 3 and so on: each upgrades a database by one
 * version. All that are due run in one transaction at the start. A released migration never changes.
 *
 * Orders and their changes are numbered by `seq` in the order in which they were committed, in one sequence without gaps. That number is
 * also the position of the event: the outbox is these tables, read by `seq`, so a change and its event cannot come apart (INV-3).
 * Within a chunk orders are inserted sorted by id, so `seq` also sorts by (created_at, order_id).
 */
import type { DatabaseSync } from 'node:sqlite';

export type Migration = { version: number } & ({ sql: string } | { run(db: DatabaseSync): void });

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sql: `
  create table files (
    file_no integer primary key,
    file_id text not null unique,
    name text not null,
    size_bytes integer not null,
    sha256 text not null,
    object_version text not null,
    encoding_override text,
    parent_file_id text,
    forced integer not null,
    status text not null,
    waiting_for text,
    shown_status text not null
      generated always as (case when status = 'processing' and waiting_for is not null then 'waiting' else status end) virtual,
    epoch integer not null default 0,
    lease_until integer not null default 0,
    attempts integer not null default 0,
    strikes integer not null default 0,
    cancel_requested integer not null default 0,
    intake text,
    columns text,
    next_chunk integer not null default 0,
    position_offset integer not null default 0,
    position_row integer not null default 0,
    bytes_read integer not null default 0,
    rows integer not null default 0,
    accepted integer not null default 0,
    invalid integer not null default 0,
    invalid_by_code text not null default '{}',
    claimed_at integer,
    rows_at_claim integer not null default 0,
    committed_at integer,
    failure text,
    report_name text,
    report_rows integer,
    report_size_bytes integer,
    report_at integer,
    created_at integer not null,
    started_at integer,
    finished_at integer,
    changed_at integer not null
  ) strict;
  -- The same bytes once: uploads and retries are refused by it.
  create unique index files_live_bytes on files (sha256) where forced = 0 and status in ('queued', 'processing', 'completed');
  -- Does a file with these bytes exist, forced ones included.
  create index files_by_bytes on files (sha256);
  -- GET /files, newest first, all or of one status; the second also counts by status.
  create index files_by_time on files (created_at, file_id);
  create index files_by_status on files (shown_status, created_at, file_id);
  create index files_by_parent on files (parent_file_id, created_at, file_id) where parent_file_id is not null;
  -- GET /invalid-files.
  create index files_by_report on files (report_at, file_id) where report_name is not null;
  create unique index files_report_name on files (report_name) where report_name is not null;

  create table orders (
    seq integer primary key,
    order_id text not null,
    file_no integer not null,
    row integer not null,
    customer_name text not null,
    customer_email text not null,
    product_name text not null,
    sku text not null,
    hub_id text not null,
    quantity integer not null,
    unit_price_minor integer not null,
    total_minor integer not null,
    order_date integer not null,
    shipping_address text not null,
    status text not null,
    stock_taken integer not null,
    created_at integer not null,
    updated_at integer not null
  ) strict;
  -- GET /orders/{id}, and whether a row's order exists. The only index, as each costs ingestion a random page per row.
  create unique index orders_by_id on orders (order_id);

  -- The committed chunks: a chunk's orders are first_seq .. first_seq + accepted - 1, from version 18 on + orders - 1.
  create table chunks (
    file_no integer not null,
    n integer not null,
    rows integer not null,
    accepted integer not null,
    invalid integer not null,
    first_seq integer not null,
    committed_at integer not null,
    primary key (file_no, n)
  ) strict, without rowid;

  create table rejections (
    file_no integer not null,
    row integer not null,
    codes text not null,
    reasons text not null,
    cells text not null,
    primary key (file_no, row)
  ) strict, without rowid;

  -- received = initial + restocked, so received - available is what orders took (INV-2).
  create table stock (
    stock_no integer primary key,
    sku text not null,
    hub_id text not null,
    available integer not null check (available >= 0),
    received integer not null
  ) strict;
  create unique index stock_by_key on stock (sku, hub_id);
  create index stock_by_hub on stock (hub_id, sku);

  -- Sums over all files, moved with each chunk: GET /stats reads these, never the orders.
  create table totals (
    name text primary key,
    value integer not null
  ) strict, without rowid;
  -- A sum of amounts can pass 64 bits: decimal text.
  create table amounts (
    name text primary key,
    minor text not null
  ) strict, without rowid;
  create table history (
    minute integer primary key,
    rows integer not null,
    accepted integer not null,
    invalid integer not null
  ) strict;

  create table idempotency_keys (
    scope text not null,
    key text not null,
    fingerprint text not null,
    answer text not null,
    created_at integer not null,
    primary key (scope, key)
  ) strict, without rowid;
  create index idempotency_keys_by_time on idempotency_keys (created_at);

  create table jobs (
    job_no integer primary key,
    body text not null,
    visible_at integer not null,
    deliveries integer not null default 0,
    receipt text,
    dead_because text,
    sent_at integer not null
  ) strict;
  create index jobs_by_visibility on jobs (visible_at, job_no) where dead_because is null;
  create unique index jobs_by_receipt on jobs (receipt) where receipt is not null;
  `,
  },
  {
    version: 2,
    sql: `
  -- Where the bytes of the file are: an upload's own object, or one that was put into a bucket.
  alter table files add column object_key text not null default '';
  update files set object_key = 'uploads/' || file_id;
  -- The name of this store.
  create table installation (
    name text not null
  ) strict;
  insert into installation (name) values (lower(hex(randomblob(16))));
  `,
  },
  {
    version: 3,
    sql: `
  -- All cells of a row whose cells could not be told apart; null for the others.
  alter table rejections add column record text;
  `,
  },
  {
    version: 4,
    sql: `
  -- What rejections have in common once: the reasons and the cells of a chunk's rows, by number.
  alter table rejections rename to former_rejections;
  create table rejection_reasons (
    reasons_no integer primary key,
    codes text not null,
    reasons text not null
  ) strict;
  create table rejection_cells (
    cells_no integer primary key,
    cells text not null,
    record text
  ) strict;
  create table rejected_rows (
    file_no integer not null,
    row integer not null,
    reasons_no integer not null,
    cells_no integer not null,
    primary key (file_no, row)
  ) strict, without rowid;
  insert into rejection_reasons (codes, reasons) select distinct codes, reasons from former_rejections;
  insert into rejection_cells (cells, record) select distinct cells, record from former_rejections;
  insert into rejected_rows select file_no, row, reasons_no, cells_no from former_rejections f
    join rejection_reasons r on r.codes = f.codes and r.reasons = f.reasons
    join rejection_cells c on c.cells = f.cells and c.record is f.record;
  drop table former_rejections;
  create view rejections (file_no, row, codes, reasons, cells, record) as
    select file_no, row, codes, reasons, cells, record
    from rejected_rows join rejection_reasons using (reasons_no) join rejection_cells using (cells_no);
  -- What the rejections of the file cost.
  alter table files add column rejected_bytes integer not null default 0;
  `,
  },
  {
    version: 5,
    sql: `
  alter table files add column reported_rows integer not null default 0;
  `,
  },
  {
    version: 6,
    sql: `
  -- Of a file that waits: since when.
  alter table files add column waiting_since integer;
  `,
  },
  {
    version: 7,
    sql: `
  -- Warnings of its rows, as JSON.
  alter table files add column warnings text not null default '[]';
  `,
  },
  {
    version: 8,
    sql: `
  -- Of a file that waits: when the engine is tried next.
  alter table files add column next_try_at integer;
  `,
  },
  {
    version: 9,
    sql: `
  -- How far each backfill is.
  create table backfills (
    name text primary key,
    cursor text,
    done integer not null
  ) strict, without rowid;
  `,
  },
  {
    version: 10,
    sql: `
  -- Who made the order, its last change, and its items beside the one in its row. Orders made through the API have file_no 0 and row 0;
  -- deleted ones have the status 'deleted' and no content. stock_taken = the order holds stock.
  alter table orders add column version integer not null default 1;
  alter table orders add column created_by text;
  alter table orders add column actor text;
  alter table orders add column more_items integer not null default 0;
  -- The second item and those behind it.
  create table order_items (
    order_no integer not null,
    n integer not null,
    sku text not null,
    hub_id text not null,
    product_name text not null,
    quantity integer not null,
    unit_price_minor integer not null,
    primary key (order_no, n)
  ) strict, without rowid;
  -- All changes of orders but their creation. Orders and changes are numbered by one sequence without gaps.
  create table order_changes (
    seq integer primary key,
    order_no integer not null,
    version integer not null,
    kind text not null,
    from_status text not null,
    to_status text not null,
    -- Which fields it changed, as a set of bits: the first change of a field is found without reading the others.
    touched integer not null,
    actor text,
    at integer not null,
    reason text,
    fields text not null
  ) strict;
  create unique index order_changes_by_version on order_changes (order_no, version);
  -- The sum of the amounts of each status.
  update amounts set name = 'status:on_hold' where name = 'orders';
  `,
  },
  {
    version: 11,
    sql: `
  -- How far the finalizer has read the events, and the orders that it asks about again; those without a time were put aside.
  create table finalizer_position (
    one integer primary key check (one = 1),
    cursor text not null
  ) strict;
  create table finalizer_orders (
    order_id text primary key,
    asks integer not null,
    failures integer not null,
    due_at integer,
    answer text not null
  ) strict, without rowid;
  create index finalizer_orders_by_due on finalizer_orders (due_at, order_id) where due_at is not null;
  `,
  },
  {
    version: 12,
    sql: `
  -- Keys, users, sessions and the like: see src/access.
  create table access_records (
    kind text not null,
    id text not null,
    version integer not null,
    owner text,
    expires_at integer,
    data text not null,
    primary key (kind, id)
  ) strict, without rowid;
  create index access_records_by_owner on access_records (kind, owner, id) where owner is not null;
  create index access_records_by_expiry on access_records (expires_at) where expires_at is not null;
  -- Who did what.
  create table audit_entries (
    entry_no integer primary key,
    chain text not null,
    n integer not null,
    at integer not null,
    principal text,
    action text not null,
    target text,
    status integer not null,
    code text,
    request_id text not null,
    address text,
    count integer not null,
    hash text not null
  ) strict;
  create unique index audit_entries_by_chain on audit_entries (chain, n);
  create index audit_entries_by_time on audit_entries (at, entry_no);
  -- Of files: who sent it, and the hubs that its orders may be about, as JSON; null: all.
  alter table files add column uploaded_by text;
  alter table files add column hubs text;
  `,
  },
  {
    version: 13,
    sql: `
  -- Orders of each status by windows of their numbers: see status-windows.ts. Where there is no order yet, all are counted.
  create table status_windows (
    status text not null,
    window integer not null,
    orders integer not null,
    primary key (status, window)
  ) strict, without rowid;
  insert into backfills (name, cursor, done) select 'status-windows', null, 1 where not exists (select 1 from orders);
  `,
  },
  {
    version: 14,
    sql: `
  create index audit_entries_by_principal on audit_entries (principal, at) where principal is not null;
  create index audit_entries_by_target on audit_entries (target, at) where target is not null;
  `,
  },
  {
    version: 15,
    sql: `
  -- Files for other hubs are not compared.
  drop index files_live_bytes;
  create unique index files_live_bytes on files (sha256, coalesce(hubs, '')) where forced = 0
    and status in ('queued', 'processing', 'completed');
  `,
  },
  {
    version: 16,
    sql: `
  -- Since when an upload, or a report with its rejected rows, is not kept any more.
  alter table files add column upload_deleted_at integer;
  alter table files add column report_deleted_at integer;
  create index files_by_end on files (finished_at, file_id) where finished_at is not null;
  -- From here on the texts of rejected rows are of one file alone, so that they can be deleted with it. Version 4 has shared some.
  create temp table shared_cells as
    select cells_no, file_no, (select max(cells_no) from rejection_cells) + row_number() over () copy_no
    from rejected_rows where cells_no in (select cells_no from rejected_rows group by cells_no having min(file_no) < max(file_no))
    group by cells_no, file_no;
  insert into rejection_cells (cells_no, cells, record)
    select copy_no, cells, record from shared_cells join rejection_cells using (cells_no);
  update rejected_rows as r set cells_no = s.copy_no from shared_cells s where s.cells_no = r.cells_no and s.file_no = r.file_no;
  delete from rejection_cells where cells_no in (select cells_no from shared_cells);
  drop table shared_cells;
  create temp table shared_reasons as
    select reasons_no, file_no, (select max(reasons_no) from rejection_reasons) + row_number() over () copy_no
    from rejected_rows where reasons_no in (select reasons_no from rejected_rows group by reasons_no having min(file_no) < max(file_no))
    group by reasons_no, file_no;
  insert into rejection_reasons (reasons_no, codes, reasons)
    select copy_no, codes, reasons from shared_reasons join rejection_reasons using (reasons_no);
  update rejected_rows as r set reasons_no = s.copy_no from shared_reasons s where s.reasons_no = r.reasons_no and s.file_no = r.file_no;
  delete from rejection_reasons where reasons_no in (select reasons_no from shared_reasons);
  drop table shared_reasons;
  `,
  },
  {
    version: 17,
    sql: `
  -- Files are paused: by request, or by the stop rule of their upload.
  alter table files add column pause_requested integer not null default 0;
  alter table files add column pause text;
  alter table files add column paused_at integer;
  alter table files add column resumed integer not null default 0;
  alter table files add column stop_at_invalid text;
  alter table files add column stop_rule_dropped integer not null default 0;
  drop index files_live_bytes;
  create unique index files_live_bytes on files (sha256, coalesce(hubs, '')) where forced = 0
    and status in ('queued', 'processing', 'paused', 'completed');
  `,
  },
  {
    version: 18,
    sql: `
  -- The orders that the accepted rows make: of a chunk first_seq .. first_seq + orders - 1. Until now each row was one.
  alter table chunks add column orders integer not null default 0;
  update chunks set orders = accepted;
  alter table files add column orders integer not null default 0;
  update files set orders = accepted;
  -- An order with too many rows that may go on behind the checkpoint.
  alter table files add column open_order text;
  `,
  },
  {
    version: 19,
    sql: `
  -- Its rows were decided and counted, and made no orders: its chunks have none. It never stands in the way of the same bytes.
  alter table files add column dry_run integer not null default 0;
  drop index files_live_bytes;
  create unique index files_live_bytes on files (sha256, coalesce(hubs, '')) where forced = 0 and dry_run = 0
    and status in ('queued', 'processing', 'paused', 'completed');
  `,
  },
  {
    version: 20,
    sql: `
  -- GET /files?needs_attention=: which of these files do depends on the time, and on their corrections.
  alter table files add column may_need_attention integer generated always as (
    case when invalid > 0 or waiting_for is not null or status in ('failed', 'paused') then 1 end) virtual;
  create index files_by_attention on files (may_need_attention, created_at, file_id) where may_need_attention is not null;
  `,
  },
  {
    version: 21,
    sql: `
  -- The version of the format that a file is read by, as JSON.
  alter table files add column format text;
  -- Rows that it leaves out: they are in no chunk.
  alter table files add column skipped integer not null default 0;
  `,
  },
  {
    version: 22,
    sql: `
  -- The sheet of a workbook that the uploader asked for.
  alter table files add column sheet text;
  `,
  },
  {
    version: 23,
    sql: `
  -- How far the undo of the file is: 'running' or 'done', and up to which number its orders were looked at.
  alter table files add column undo_state text;
  alter table files add column undo_by text;
  alter table files add column undo_position integer not null default 0;
  alter table files add column undone integer not null default 0;
  alter table files add column kept integer not null default 0;
  -- Orders of undone files that stay.
  create table kept_orders (
    file_no integer not null,
    order_id text not null,
    primary key (file_no, order_id)
  ) strict, without rowid;
  create index files_by_undo on files (file_no) where undo_state = 'running';
  drop index files_live_bytes;
  create unique index files_live_bytes on files (sha256, coalesce(hubs, '')) where forced = 0 and dry_run = 0
    and undo_state is not 'done' and status in ('queued', 'processing', 'paused', 'completed');
  -- The version by which an order was taken again, 1 for none, and the one by which it was undone. Whoever takes it again becomes its file
  -- and row. In its history such a change is of the kind 'created', and keeps the file and row from before. Of a chunk, those are numbered
  -- behind its new orders.
  alter table orders add column created_as integer not null default 1;
  alter table orders add column undone_as integer not null default 0;
  create index orders_taken_again on orders (file_no, seq) where created_as > 1;
  alter table order_changes add column former_file_no integer;
  alter table order_changes add column former_row integer;
  create index order_changes_created on order_changes (seq) where kind = 'created';
  `,
  },
  {
    version: 24,
    sql: `
  -- Orders that changed without a number in the sequence, as their person was erased: read models follow these, too.
  create table order_notices (
    notice_no integer primary key,
    order_no integer not null
  ) strict;
  `,
  },
];
