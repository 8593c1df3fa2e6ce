"""What a good developer writes in a day to do our job: csv, pydantic and sqlite3 in one thread. Every check of a row, known SKUs and
hubs, duplicates, stock and outbox in the transaction of each chunk, invalid rows in a table and in a report at the end. What it
leaves out: restarts, progress, the event's text, what differs in a repeated order, other encodings and delimiters."""

import csv
import json
import os
import sqlite3
import sys
import time
from datetime import datetime, timezone
from operator import itemgetter
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError

path, database, stock_path, settings = sys.argv[1:]
settings = json.loads(settings)

COLUMNS = (
    "order_id customer_name customer_email product_name sku hub_id quantity unit_price total_amount order_date shipping_address"
).split()


def text(pattern):
    return Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=pattern)
    ]


# U+FFFD stands for bytes that are no UTF-8.
Line = text(r"^[^\x00-\x1f\x7f-\x9f\x{fffd}]*$")
Lines = text(r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{fffd}]*$")
Email = text(
    r"^(?:[A-Za-z0-9_'+-]+\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$"
)
Quantity = text(r"^(?:0*[1-9][0-9]{0,5}|1000000)$")
Price = text(r"^[0-9]{1,7}(?:\.[0-9]{1,2})?$")
Total = text(r"^[0-9]{1,13}(?:\.[0-9]{1,2})?$")
Date = text(
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?)?$"
)
# A tuple, and its validator without the wrapper in Python: half the time of a model.
validate = TypeAdapter(
    tuple[Line, Lines, Email, Lines, Line, Line, Quantity, Price, Total, Date, Lines]
).validator.validate_python

db = sqlite3.connect(database, isolation_level=None)
db.executescript(settings["pragmas"])
db.executescript(
    """
    create table orders (
      order_no integer primary key, order_id text not null unique, customer_name text, customer_email text,
      product_name text, sku text, hub_id text, quantity integer, unit_price_minor integer, total_minor integer,
      order_date integer, shipping_address text, status text, created_at integer
    );
    create table outbox (order_no integer primary key);
    create table stock (stock_no integer primary key, sku text, hub_id text, available integer check (available >= 0));
    create table invalid (row integer primary key, reasons text, cells text);
    """
)
INSERT_ORDER = "insert into orders values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'on_hold', ?)"


def to_ms(date):
    """Milliseconds since 1970; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(date if len(date) < 20 else date.replace(" -", "-").replace(" +", "+"))
    return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp() * 1000)


def to_minor(amount):
    if amount[-3:-2] == ".":
        return int(amount[:-3] + amount[-2:])
    return int(amount[:-2] + amount[-1]) * 10 if amount[-2:-1] == "." else int(amount) * 100


def load_stock():
    with open(stock_path, newline="") as file:
        reader = csv.reader(file)
        next(reader)
        stock = [(no, sku, hub_id, int(available)) for no, (sku, hub_id, available) in enumerate(reader, 1)]
    db.execute("begin immediate")
    db.executemany("insert into stock values (?, ?, ?, ?)", stock)
    db.execute("commit")
    available = {(sku, hub_id): left for _, sku, hub_id, left in stock}
    numbers = {(sku, hub_id): no for no, sku, hub_id, _ in stock}
    return available, numbers


available, stock_numbers = load_stock()
skus = {sku for sku, _ in available}
hubs = {hub_id for _, hub_id in available}


def commit(orders, invalid):
    """Stores a chunk; how many orders were accepted."""
    db.execute("begin immediate")
    (last,) = db.execute("select coalesce(max(order_no), 0) from orders").fetchone()
    ids = json.dumps([order[0] for _, _, order in orders])
    known = {
        order_id
        for (order_id,) in db.execute(
            "select order_id from json_each(?) join orders on order_id = value", (ids,)
        )
    }
    accepted = []
    taken = {}
    for row, cells, order in orders:
        order_id = order[0]
        if order_id in known:
            invalid.append((row, ["order_id is already stored"], cells))
            continue
        key = order[4:6]
        quantity = order[6]
        left = available.get(key, 0)
        if left < quantity:
            invalid.append((row, ["quantity is more than is left"], cells))
            continue
        available[key] = left - quantity
        taken[key] = taken.get(key, 0) + quantity
        known.add(order_id)
        accepted.append(order)
    db.executemany(INSERT_ORDER, accepted)
    db.execute("insert into outbox select order_no from orders where order_no > ?", (last,))
    db.executemany(
        "update stock set available = available - ? where stock_no = ?",
        [(quantity, stock_numbers[key]) for key, quantity in taken.items()],
    )
    db.executemany(
        "insert into invalid values (?, ?, ?)",
        [(row, json.dumps(reasons), json.dumps(cells)) for row, reasons, cells in invalid],
    )
    db.execute("commit")
    return len(accepted)


def write_report(header, report):
    with open(report, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*header, "_row", "_reason"])
        for row, reasons, cells in db.execute("select * from invalid order by row"):
            cells = json.loads(cells)[: len(header)]
            padding = [""] * (len(header) - len(cells))
            writer.writerow([*cells, *padding, row, " | ".join(json.loads(reasons))])
        file.flush()
        os.fsync(file.fileno())


def main():
    started = time.perf_counter()
    chunk_rows = settings["chunkRows"]
    rows = accepted = 0
    orders = []
    invalid = []
    with open(path, newline="", encoding="utf-8-sig", errors="replace", buffering=256 * 1024) as file:
        # A quoted value that ends badly raises, and reading goes on at the next line.
        reader = csv.reader(file, strict=True)
        header = [name.strip().lower() for name in next(reader)]
        width = len(header)
        pick = itemgetter(*(header.index(column) for column in COLUMNS))
        while True:
            now = int(time.time() * 1000)
            try:
                for cells in reader:
                    if not cells:
                        continue
                    rows += 1
                    if len(cells) != width:
                        invalid.append((rows, [f"the row has {len(cells)} cells, the header has {width}"], cells))
                    else:
                        try:
                            order_id, name, email, product, sku, hub_id, quantity, price, total, date, address = (
                                validate(pick(cells))
                            )
                            quantity = int(quantity)
                            price = to_minor(price)
                            total = to_minor(total)
                            date = to_ms(date)
                        except ValidationError as error:
                            columns = [COLUMNS[issue["loc"][0]] for issue in error.errors(include_url=False)]
                            invalid.append((rows, [f"{column} is not valid" for column in columns], cells))
                        except ValueError:
                            invalid.append((rows, ["order_date is not valid"], cells))
                        else:
                            if quantity * price == total and sku in skus and hub_id in hubs:
                                order = (order_id, name, email, product, sku, hub_id, quantity, price, total, date, address, now)
                                orders.append((rows, cells, order))
                            else:
                                reasons = []
                                if quantity * price != total:
                                    reasons.append("total_amount is not quantity x unit_price")
                                if sku not in skus:
                                    reasons.append("sku is not known")
                                if hub_id not in hubs:
                                    reasons.append("hub_id is not known")
                                invalid.append((rows, reasons, cells))
                    if rows % chunk_rows == 0:
                        accepted += commit(orders, invalid)
                        orders = []
                        invalid = []
                        now = int(time.time() * 1000)
                break
            except csv.Error as error:
                rows += 1
                invalid.append((rows, [str(error)], []))
        accepted += commit(orders, invalid)
    write_report(header, f"{database}-report.csv")
    seconds = time.perf_counter() - started
    (left,) = db.execute("select sum(available) from stock").fetchone()
    print(json.dumps({"rows": rows, "accepted": accepted, "invalid": rows - accepted, "stockLeft": left, "seconds": seconds}))


main()
