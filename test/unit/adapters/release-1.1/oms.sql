BEGIN TRANSACTION;
CREATE TABLE amounts (
    name text primary key,
    minor text not null
  ) strict, without rowid;
INSERT INTO "amounts" VALUES('orders','15992');
CREATE TABLE backfills (
    name text primary key,
    cursor text,
    done integer not null
  ) strict, without rowid;
CREATE TABLE chunks (
    file_no integer not null,
    n integer not null,
    rows integer not null,
    accepted integer not null,
    invalid integer not null,
    first_seq integer not null,
    committed_at integer not null,
    primary key (file_no, n)
  ) strict, without rowid;
INSERT INTO "chunks" VALUES(1,0,4,3,1,1,1796049670117);
INSERT INTO "chunks" VALUES(1,1,2,1,1,4,1796049670129);
INSERT INTO "chunks" VALUES(2,0,2,2,0,5,1796049670731);
CREATE TABLE files (
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
  , object_key text not null default '', rejected_bytes integer not null default 0, reported_rows integer not null default 0, waiting_since integer, warnings text not null default '[]', next_try_at integer) strict;
INSERT INTO "files" VALUES(1,'f_c967a9b417134eaaa1e3f1b811294d01','orders.csv',1000,'c967a9b417134eaaa1e3f1b811294d0100000000000000000000000000000000','1',NULL,NULL,0,'completed',NULL,1,0,1,0,0,NULL,NULL,2,700,7,1000,6,4,2,'{"invalid_email":1,"order_conflict":1}',1796049670114,0,1796049670129,NULL,NULL,NULL,NULL,NULL,1796049670110,1796049670114,1796049670381,1796049670381,'uploads/f_c967a9b417134eaaa1e3f1b811294d01',773,0,NULL,'[]',NULL);
INSERT INTO "files" VALUES(2,'f_324c4d6c1ebb4caaba85d5a69bcadf71','orders.csv',1000,'324c4d6c1ebb4caaba85d5a69bcadf7100000000000000000000000000000000','1',NULL,NULL,0,'completed',NULL,1,0,1,0,0,NULL,NULL,1,300,3,1000,2,2,0,'{}',1796049670729,0,1796049670731,NULL,NULL,NULL,NULL,NULL,1796049670577,1796049670729,1796049670734,1796049670734,'uploads/f_324c4d6c1ebb4caaba85d5a69bcadf71',0,0,NULL,'[]',NULL);
CREATE TABLE history (
    minute integer primary key,
    rows integer not null,
    accepted integer not null,
    invalid integer not null
  ) strict;
INSERT INTO "history" VALUES(29934161,8,6,2);
CREATE TABLE idempotency_keys (
    scope text not null,
    key text not null,
    fingerprint text not null,
    answer text not null,
    created_at integer not null,
    primary key (scope, key)
  ) strict, without rowid;
INSERT INTO "idempotency_keys" VALUES('stock','stock-1','0f90930ccbd7e349755bb8bb5b08004cb494cc598bb477a4aae0588001e9c183','[{"sku":"LAMP","hubId":"HUB-1","available":100,"before":null},{"sku":"DESK","hubId":"HUB-2","available":10,"before":null}]',1796049669941);
CREATE TABLE installation (
    name text not null
  ) strict;
INSERT INTO "installation" VALUES('f6c648974b1ab19d3cf30d6de4148e08');
CREATE TABLE jobs (
    job_no integer primary key,
    body text not null,
    visible_at integer not null,
    deliveries integer not null default 0,
    receipt text,
    dead_because text,
    sent_at integer not null
  ) strict;
CREATE TABLE orders (
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
INSERT INTO "orders" VALUES(1,'A-1',1,3,'Jörg "O''Brien"','ada@example.com','Analytical Engine','DESK','HUB-2',1,1999,1999,1795132800000,'12 St James Square','on_hold',1,1796049670117,1796049670117);
INSERT INTO "orders" VALUES(2,'A-2',1,2,'Ada Lovelace','ada@example.com','Analytical Engine','LAMP','HUB-1',3,1999,5997,1795132800000,'12 St James Square','on_hold',1,1796049670117,1796049670117);
INSERT INTO "orders" VALUES(3,'A-9',1,5,'Ada Lovelace','ada@example.com','Analytical Engine','LAMP','HUB-1',1,1999,1999,1795132800000,'12 St James Square','on_hold',1,1796049670117,1796049670117);
INSERT INTO "orders" VALUES(4,'Zoë',1,6,'Ada Lovelace','ada@example.com','Analytical Engine','LAMP','HUB-1',1,0,0,1795132800000,'12 St James Square','on_hold',1,1796049670129,1796049670129);
INSERT INTO "orders" VALUES(5,'A-5',2,2,'Ada Lovelace','ada@example.com','Analytical Engine','LAMP','HUB-1',2,1999,3998,1795132800000,'12 St James Square','on_hold',1,1796049670731,1796049670731);
INSERT INTO "orders" VALUES(6,'A-6',2,3,'Ada Lovelace','ada@example.com','Analytical Engine','LAMP','HUB-1',1,1999,1999,1795132800000,'東京都','on_hold',1,1796049670731,1796049670731);
CREATE TABLE rejected_rows (
    file_no integer not null,
    row integer not null,
    reasons_no integer not null,
    cells_no integer not null,
    primary key (file_no, row)
  ) strict, without rowid;
INSERT INTO "rejected_rows" VALUES(1,4,1,1);
INSERT INTO "rejected_rows" VALUES(1,7,2,2);
CREATE TABLE rejection_cells (
    cells_no integer primary key,
    cells text not null,
    record text
  ) strict;
INSERT INTO "rejection_cells" VALUES(1,'["order_id of row 4","customer_name of row 4","customer_email of row 4","product_name of row 4","sku of row 4","hub_id of row 4","quantity of row 4","unit_price of row 4","total_amount of row 4","order_date of row 4","shipping_address of row 4"]',NULL);
INSERT INTO "rejection_cells" VALUES(2,'["A-1","Ada Lovelace","ada@example.com","Analytical Engine","LAMP","HUB-1","1","19.99","19.99","2026-11-20T00:00:00.000Z","12 St James Square"]',NULL);
CREATE TABLE rejection_reasons (
    reasons_no integer primary key,
    codes text not null,
    reasons text not null
  ) strict;
INSERT INTO "rejection_reasons" VALUES(1,' invalid_email ','[{"column":"customer_email","code":"invalid_email","reason":"row 4"}]');
INSERT INTO "rejection_reasons" VALUES(2,' order_conflict ','[{"column":"order_id","code":"order_conflict","reason":"order_id \"A-1\" is already stored with another customer_name, sku, hub_id, from row 3 of file f_c967a9b417134eaaa1e3f1b811294d01"}]');
CREATE TABLE stock (
    stock_no integer primary key,
    sku text not null,
    hub_id text not null,
    available integer not null check (available >= 0),
    received integer not null
  ) strict;
INSERT INTO "stock" VALUES(1,'LAMP','HUB-1',92,100);
INSERT INTO "stock" VALUES(2,'DESK','HUB-2',9,10);
CREATE TABLE totals (
    name text primary key,
    value integer not null
  ) strict, without rowid;
INSERT INTO "totals" VALUES('accepted',6);
INSERT INTO "totals" VALUES('code:invalid_email',1);
INSERT INTO "totals" VALUES('code:order_conflict',1);
INSERT INTO "totals" VALUES('hub:HUB-1',5);
INSERT INTO "totals" VALUES('hub:HUB-2',1);
INSERT INTO "totals" VALUES('invalid',2);
INSERT INTO "totals" VALUES('rows',8);
INSERT INTO "totals" VALUES('status:on_hold',6);
CREATE UNIQUE INDEX files_live_bytes on files (sha256) where forced = 0 and status in ('queued', 'processing', 'completed');
CREATE INDEX files_by_bytes on files (sha256);
CREATE INDEX files_by_time on files (created_at, file_id);
CREATE INDEX files_by_status on files (shown_status, created_at, file_id);
CREATE INDEX files_by_parent on files (parent_file_id, created_at, file_id) where parent_file_id is not null;
CREATE INDEX files_by_report on files (report_at, file_id) where report_name is not null;
CREATE UNIQUE INDEX files_report_name on files (report_name) where report_name is not null;
CREATE UNIQUE INDEX orders_by_id on orders (order_id);
CREATE UNIQUE INDEX stock_by_key on stock (sku, hub_id);
CREATE INDEX stock_by_hub on stock (hub_id, sku);
CREATE INDEX idempotency_keys_by_time on idempotency_keys (created_at);
CREATE INDEX jobs_by_visibility on jobs (visible_at, job_no) where dead_because is null;
CREATE UNIQUE INDEX jobs_by_receipt on jobs (receipt) where receipt is not null;
CREATE VIEW rejections (file_no, row, codes, reasons, cells, record) as
    select file_no, row, codes, reasons, cells, record
    from rejected_rows join rejection_reasons using (reasons_no) join rejection_cells using (cells_no);
COMMIT;
pragma user_version = 9;
