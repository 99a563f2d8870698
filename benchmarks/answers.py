"""The answers of the benchmark's server: pages of issues, and success for every bulk upsert."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from benchmarks.issues import rendered

_SOURCE_ID = re.compile(rb'"sourceId":\s?"([^"]*)"')
_LARGEST_PAGE = 2000


def page(rows: int, target: str, *, packed: bool) -> tuple[int, bytes]:
    """Return how many rows a page has, and the page.

    Args:
        rows: How many issues there are; every other model is empty.
        target: The request's path and query.
        packed: Whether to gzip it.
    """
    address = urlsplit(target)
    if address.path.strip("/") != "issues":
        return 0, gzip.compress(b"[]") if packed else b"[]"
    query = {name: values[-1] for name, values in parse_qs(address.query).items()}
    limit = min(int(query.get("limit", 100)), _LARGEST_PAGE)
    offset = int(query.get("offset", 0))
    first, last = min(offset, rows), min(offset + limit, rows)
    # Every sort that a client of this benchmark asks for orders the rows by age.
    newest_first = query.get("sort", "").startswith("-")
    indexes = range(rows - 1 - first, rows - 1 - last, -1) if newest_first else range(first, last)
    names = None
    if query.get("select"):  # `_id` comes back even when it is not selected
        names = tuple(sorted({"_id", *query["select"].split(",")}))
    if packed:
        return len(indexes), _packed(indexes, names)
    return len(indexes), b"[" + b",".join(rendered(indexes, names)) + b"]"


@lru_cache(maxsize=256)  # compression is slow, and a run must not wait for it
def _packed(indexes: range, names: tuple[str, ...] | None) -> bytes:
    return gzip.compress(b"[" + b",".join(rendered(indexes, names)) + b"]", compresslevel=6)


def bulk_answer(body: bytes) -> tuple[list[bytes], bytes]:
    """Return the `sourceId`s of a bulk upsert, and an answer that calls each item updated."""
    keys = _SOURCE_ID.findall(body)
    entries = b",".join(
        b'{"_id":"%024x","sourceId":"%b"}' % (number, key) for number, key in enumerate(keys)
    )
    answer = (
        b'{"created":0,"createdErrors":[],"insertsKeys":[],"updated":%d,"updatedErrors":[],'
        b'"updatesKeys":[%b],"nonupdates":0,"modified":[],"upsertedIds":[],"permissionErrors":[]}'
    )
    return keys, answer % (len(keys), entries)
