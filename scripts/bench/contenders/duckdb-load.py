"""An order file into DuckDB by its own parallel CSV reader, with the order id as primary key: a practical limit of the machine. One
transaction, as durable as DuckDB makes it. Prints what it did and the seconds of its own work as JSON."""

import json
import sys
import time

import duckdb

path, database, _, _ = sys.argv[1:]
db = duckdb.connect(database)
db.execute(
    """create table orders (
    order_id varchar primary key, customer_name varchar, customer_email varchar, product_name varchar, sku varchar,
    hub_id varchar, quantity varchar, unit_price varchar, total_amount varchar, order_date varchar, shipping_address varchar)"""
)
started = time.perf_counter()
db.execute(
    """insert or ignore into orders select * from read_csv(?, columns = {
      order_id: 'varchar', customer_name: 'varchar', customer_email: 'varchar', product_name: 'varchar', sku: 'varchar',
      hub_id: 'varchar', quantity: 'varchar', unit_price: 'varchar', total_amount: 'varchar', order_date: 'varchar',
      shipping_address: 'varchar'}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', ignore_errors = true,
      strict_mode = false)""",
    [path],
)
seconds = time.perf_counter() - started
(stored,) = db.execute("select count(*) from orders").fetchone()
print(json.dumps({"stored": stored, "seconds": seconds}))
