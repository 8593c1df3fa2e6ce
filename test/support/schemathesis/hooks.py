"""What a schema cannot say of valid requests: the content of a CSV, the characters of keys, known encodings, existing cursors."""

import gzip
import os

import schemathesis
from hypothesis import strategies as st

# Of the many labels of the WHATWG Encoding Standard.
ENCODINGS = ["utf-8", "UTF8", "utf-16le", "latin1", "windows-1252", "Shift_JIS", "koi8-r", "gb18030"]
KEYS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", min_size=1, max_size=20)
# An order file to `POST /upload`, and stock to both routes that change it.
ROWS = st.lists(st.tuples(KEYS, KEYS, st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=5)


def csv(rows):
    lines = ["sku,hub_id,available,delta"] + [",".join(map(str, row)) for row in rows]
    return "\n".join(lines).encode()


schemathesis.openapi.media_type("text/csv", ROWS.map(csv))
schemathesis.openapi.media_type("application/gzip", ROWS.map(lambda rows: gzip.compress(csv(rows))))


def key(text):
    """Without the characters that keys may not have, of which Unicode has many."""
    return "".join(character for character in text if " " < character <= "~") or "K"


@schemathesis.hook
def before_call(context, case, **kwargs):
    # The order that the others are about must stay.
    if case.method.upper() == "DELETE" and (case.path_parameters or {}).get("order_id") == os.environ["ORDER_ID"]:
        case.path_parameters["order_id"] = os.environ["DELETED_ID"]
    if not case.meta or case.meta.generation.mode.value != "positive":
        return
    # Of those that exist, as generated ones would not be found.
    order = "DELETED_ID" if case.method.upper() == "DELETE" else "ORDER_ID"
    for name in ("order_id", "name"):
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = os.environ[{"order_id": order, "name": "REPORT_NAME"}[name]]
    # Its pattern is not kept to.
    if "If-Match" in (case.headers or {}):
        case.headers["If-Match"] = '"1"'
    if case.query:
        # The only valid ones are those that a page before has returned.
        case.query.pop("cursor", None)
        if "encoding" in case.query:
            case.query["encoding"] = ENCODINGS[len(case.query["encoding"]) % len(ENCODINGS)]
        # It must be before `to`, and not by too much.
        if case.operation.path == "/stats/history":
            case.query.pop("from", None)
    if case.operation.path.startswith("/inventory") and isinstance(case.body, dict):
        for item in case.body["items"]:
            item.update(sku=key(item["sku"]), hub_id=key(item["hub_id"]))
