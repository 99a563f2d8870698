"""What a run that fails reports of its rejects, and which states it prints before that."""

from __future__ import annotations

import json
import logging
import resource
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from under_way import until

from planhat_sync.writing.records.payload import Reject, RejectCode
from planhat_sync.writing.results.reject_file import RejectFile
from planhat_sync.writing.results.rejects import Rejects, TooManyRejectsError

PIPE = subprocess.PIPE
REJECT = Reject(RejectCode.MISSING_KEY, "no key", "sourceId")


@given(lines=st.lists(st.integers(1, 10**6), min_size=1, max_size=50))
def test_the_first_reject_is_the_one_with_the_lowest_line_in_any_order(lines):
    rejects = Rejects(None, logging.getLogger("test"), continues=False)
    for line in lines:
        rejects.add("issues", line, b"{}", REJECT)
    with pytest.raises(
        TooManyRejectsError, match=f"rejected, first line {min(lines)}, issues: missing_k"
    ):
        rejects.check()


@pytest.mark.parametrize(
    ("settings", "allowance"),
    [
        ({"continues": False}, 0),
        ({"continues": False, "max_rejects": 3}, 0),
        ({"continues": True, "max_rejects": 3}, 3),
        ({"continues": True}, None),
        ({"continues": False, "dry_run": True}, None),
    ],
)
def test_how_many_rejects_a_run_may_have(settings, allowance):
    rejects = Rejects(None, logging.getLogger("test"), **settings)
    assert rejects.allowance == allowance
    rejects.add("issues", 1, b"{}", REJECT)
    assert rejects.allowance == (allowance and allowance - 1)
    assert rejects.end_the_run is (allowance == 0)


def test_a_record_that_planhat_refuses_late_is_the_first_reject_if_its_line_is_the_lowest(bench):
    """Line 3 is rejected when it is read; line 2 when its batch is sent, because of that."""
    lines = [
        bench.schema(),
        bench.record(sourceId="a", title="t", companyIds=["0" * 24]),
        bench.record(title="No key"),
    ]
    error = str(bench.run(lines).error)
    assert "2 records were rejected, first line 2, issues: refused: no company" in error


@pytest.mark.parametrize("slow", [1, 2, 3])
def test_the_first_reject_of_batches_that_are_answered_in_any_order_is_named(bench, slow):
    company = bench.company()
    bench.sandbox.fault("slow", route="bulk", nth=slow, seconds=0.5)
    lines = [bench.schema()]
    for number in range(2, 8):
        companies = [company if number % 2 else "0" * 24]
        lines.append(bench.record(sourceId=f"s{number}", title="t", companyIds=companies))
    ran = bench.run(lines, on_reject="continue", max_rejects=2, batch_size_rows=2, concurrency=3)
    assert "3 records were rejected, more than max_rejects (2) allows, first line 2, " in (
        str(ran.error)
    )
    assert str(ran.error).endswith("or raise max_rejects")


def test_a_defect_while_rejects_are_written_leaves_them_unacknowledged(tmp_path):
    class Defective:
        def lines(self, records, *, afresh):
            raise KeyError("stream")

    file = RejectFile(tmp_path / "rejects.jsonl", Defective())
    rejects = Rejects(file, logging.getLogger("test"), continues=True)
    rejects.add("issues", 5, b"{}", REJECT)
    rejects.add("issues", 3, b"{}", REJECT)
    assert rejects.unacknowledged_line is None
    with pytest.raises(KeyError):
        rejects.flush()
    assert rejects.unacknowledged_line == 3


def test_rejects_that_cannot_be_written_hold_back_every_state_behind_them(bench, target):
    """The disk is full while another batch is under way, and the states stand in between."""
    company = bench.company()

    def bulk_requests():
        return [request for request in bench.sandbox.requests if request.route == "bulk"]

    def hold(request):
        """Answer the first batch when the second one is sent, and that one after the rejects."""
        if request.number == bulk_requests()[0].number:
            until(lambda: len(bulk_requests()) == 2)
        else:
            until(bench.rejects_path.exists)

    def batch(number):
        keys = (f"{number}a", f"{number}b")
        return [bench.record(sourceId=key, title="t", companyIds=[company]) for key in keys]

    first = [bench.schema(), bench.state(0), *batch(1)]
    rest = [
        bench.state(1),
        bench.record(title="No key", description="x" * 30_000),
        bench.state(2),
        bench.state(3),
        *batch(2),
        bench.state(4),
    ]
    config = bench.config(on_reject="continue", batch_size_rows=2, concurrency=3)
    process = target.start(config=config, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    # A limit on the size of files replaces a full disk; Python ignores the signal that it causes.
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (20_000, 20_000))
    bench.sandbox.after_each_request.append(hold)
    process.stdin.write(bench.lines(first))
    process.stdin.flush()
    until(bulk_requests)
    stdout, stderr = process.communicate(bench.lines(rest), timeout=60)
    states = [json.loads(line)["bookmarks"]["at"] for line in stdout.splitlines()]
    assert "rejects cannot be written to" in stderr.decode().strip().splitlines()[-1]
    assert process.returncode == 1
    assert bench.rejects() == []
    # Both batches are in Planhat, but the reject between them is nowhere.
    assert len(bench.sandbox.tenant("alpha").records("issues")) == 4
    assert states == [0, 1]
