"""What a list of 100,000 companies costs in memory, as a difference within one process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
MOST_KEPT_MEGABYTES, MOST_PEAK_MEGABYTES = 20, 60
BLOCK_MEGABYTES = 100
"""A block that is larger than what the reading frees: with it the peak shows what is in use."""

PROGRAM = """
import contextlib, ctypes, gc, json, logging, resource, sys

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.exchange import Answer
from planhat_sync.api.http.transport import Transport
from planhat_sync.writing.matching.companies import Companies


def row(at):
    return (
        f'{{"_id":"61a55b1e7a2d8c00{at:08x}","name":"Tenet Holdings Incorporated {at}",'
        f'"externalId":"customer-{at:012d}","sourceId":"001A0000{at:010d}"}}'
    ).encode()


def peak_megabytes():
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


class Wire:
    def __init__(self):
        self.body = bytearray(b"[")
        for at in range(100_000):
            self.body += row(at) + b","
        self.body[-1:] = b"]"

    def exchange(self, request):
        is_list = request.path == "/leancompanies"
        return Answer(200, {}, bytes(self.body) if is_list else row(7))


wire = Wire()
connection = Connection.from_config({"api_token": "token", "requests_per_minute": 0})
companies = Companies(PlanhatClient(Transport(connection, wire=wire)), logging.getLogger())
before = peak_megabytes()
assert companies.find("extid-customer-000000000007") == "61a55b1e7a2d8c0000000007"
peak = peak_megabytes()
gc.collect()
with contextlib.suppress(AttributeError, OSError):  # not every C library has it
    ctypes.CDLL(None).malloc_trim(0)
block = bytearray(b"x") * (int(sys.argv[1]) << 20)
in_use = peak_megabytes() - int(sys.argv[1])
print(json.dumps({"body": len(wire.body), "peak": peak - before, "kept": in_use - before}))
"""


def test_a_list_of_100_000_companies_takes_little_memory():
    program = [sys.executable, "-c", PROGRAM, str(BLOCK_MEGABYTES)]
    run = subprocess.run(program, check=True, capture_output=True, cwd=PROJECT)
    took = json.loads(run.stdout)
    assert took["body"] > 14 * 10**6
    assert took["peak"] < MOST_PEAK_MEGABYTES
    assert took["kept"] < MOST_KEPT_MEGABYTES
