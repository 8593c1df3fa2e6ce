"""The rows of an order file into SQLite, and no more: csv and executemany. No validation, stock, events, report or restart.
Prints what it did and the seconds of its own work as JSON."""

import csv
import json
import sqlite3
import sys
import time
from itertools import islice

path, database, _, settings = sys.argv[1:]
settings = json.loads(settings)
COLUMNS = 11

db = sqlite3.connect(database, isolation_level=None)
db.executescript(settings["pragmas"])
db.execute(
    """create table orders (
    order_id text primary key, customer_name text, customer_email text, product_name text, sku text, hub_id text,
    quantity integer, unit_price text, total_amount text, order_date text, shipping_address text)"""
)
INSERT = "insert or ignore into orders values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def main():
    started = time.perf_counter()
    rows = 0
    with open(path, newline="", encoding="utf-8", errors="replace", buffering=256 * 1024) as file:
        reader = csv.reader(file)
        next(reader)
        while chunk := list(islice(reader, settings["chunkRows"])):
            rows += len(chunk)
            db.execute("begin immediate")
            db.executemany(INSERT, [row for row in chunk if len(row) == COLUMNS])
            db.execute("commit")
    seconds = time.perf_counter() - started
    (stored,) = db.execute("select count(*) from orders").fetchone()
    print(json.dumps({"rows": rows, "stored": stored, "seconds": seconds}))


main()
