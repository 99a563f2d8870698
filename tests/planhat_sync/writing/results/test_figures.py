"""The figures of a summary are exact, however the run ends.

`read` is what was read, the outcomes and `undecided` are its parts, and each outcome is what can be
found of it elsewhere: in Planhat, in the reject file.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from under_way import answers_held, until

from planhat_sync.writing.results.counts import OUTCOMES
from target_planhat.target import TargetPlanhat

PIPE = subprocess.PIPE
KEYS = st.sampled_from("abcdef")


class Source:
    """Standard input that arrives line by line, and requests a stop after a number of lines."""

    def __init__(self, lines, stop_after):
        self.given = []
        self.stop = lambda: None
        self._lines = iter(lines)
        self._stop_after = stop_after

    def read(self, _):
        line = next(self._lines, b"")
        self.given += [line] if line else []
        if len(self.given) == self._stop_after:
            self.stop()
        return line


def known(company):
    return {"title": "t", "companyIds": [company]}


MESSAGES = st.lists(
    st.one_of(
        st.tuples(st.just("good"), KEYS),
        st.tuples(st.just("good"), KEYS),
        st.tuples(st.just("more"), KEYS),
        st.tuples(st.just("refused"), KEYS),
        st.tuples(st.just("objective"), KEYS),
        st.tuples(st.sampled_from(["no key", "wrong type", "deleted", "state"]), KEYS),
        st.tuples(st.sampled_from(["no message", "no schema"]), KEYS),
    ),
    min_size=1,
    max_size=25,
)
CONFIGS = st.fixed_dictionaries(
    {
        "batch_size_rows": st.integers(1, 5),
        "concurrency": st.sampled_from([1, 3]),
        "on_reject": st.sampled_from(["fail", "continue", "continue"]),
        "max_rejects": st.sampled_from([None, None, 1]),
        "dry_run": st.sampled_from([False, False, True]),
        "write_mode": st.sampled_from(["upsert", "upsert", "update", "create"]),
        "missing_key": st.sampled_from(["reject", "create"]),
        "deletes": st.sampled_from(["ignore", "delete", "archive"]),
        "skip_unchanged": st.booleans(),
    }
)
FAULTS = st.one_of(
    st.none(),
    st.tuples(
        st.sampled_from([401, 403, 400, 500, 503, "reset-after", "reset-before", "cut-body"]),
        st.integers(1, 4),
        st.sampled_from(["bulk", "list", "get", "delete"]),
    ),
)


def line_of(bench, company, kind, key):
    if kind == "no message":
        return b"this is not JSON"
    if kind == "no schema":
        return bench.record("users", sourceId=key)
    if kind == "state":
        return bench.state(key)
    if kind == "objective":
        return bench.record("objectives", sourceId=key, name="n", companyId=company)
    return bench.record(
        **{
            "good": {"sourceId": key, **known(company)},
            "more": {"sourceId": key, "status": "s", "companyIds": [company]},
            "refused": {"sourceId": key, "title": "t", "companyIds": ["0" * 24]},
            "no key": known(company),
            "wrong type": {"sourceId": key, "archived": "perhaps"},
            "deleted": {"sourceId": key, "_sdc_deleted_at": "2026-01-01T00:00:00Z"},
        }[kind]
    )


def run(bench, source, config):
    """Run the target to any end; return its counts and the error that ended it."""
    target = TargetPlanhat(config=bench.config(retry_budget_seconds=0, **config))
    source.stop = lambda: target.run.stop.request(signal.SIGTERM)
    error = None
    try:
        target.listen(source)
    except Exception as caught:  # noqa: BLE001 - whatever it is, the figures hold
        error = caught
    counts = target.run.pipeline.counts
    return {stream: each.as_json() for stream, each in counts.streams.items()}, counts, error


@given(
    messages=MESSAGES,
    config=CONFIGS,
    fault=FAULTS,
    stop_after=st.one_of(st.none(), st.integers(1, 27)),
)
def test_whatever_happens_read_is_the_number_of_records_and_the_sum_of_the_other_counts(
    bench, capsys, messages, config, fault, stop_after
):
    bench.sandbox.reset()
    bench.rejects_path.unlink(missing_ok=True)
    company = bench.company()
    if fault is not None:
        kind, nth, route = fault
        how = {"status": kind} if isinstance(kind, int) else {}
        bench.sandbox.fault("status" if how else kind, route=route, nth=nth, **how)
    lines = [bench.schema("issues"), bench.schema("objectives")]
    lines += [line_of(bench, company, *message) for message in messages]
    source = Source(bench.lines(lines).splitlines(keepends=True), stop_after)
    streams, counts, error = run(bench, source, config)

    given_lines = [line for line in source.given if b'"RECORD"' in line]
    for stream, figures in streams.items():
        name = f'"stream": "{stream}"'.encode()
        assert figures["read"] == sum(name in line for line in given_lines)
        assert figures["read"] == sum(figures[name] for name in (*OUTCOMES, "undecided"))
        assert min(figures.values()) >= 0
    undecided = sum(each["undecided"] for each in streams.values())
    assert counts.total.undecided == undecided
    if error is None:
        assert undecided == 0
    if config["on_reject"] == "continue":
        written = 0 if config["dry_run"] else len(bench.rejects())
        rejected = sum(each["rejected"] for each in streams.values())
        assert written == (0 if config["dry_run"] else rejected)
    if fault is None and config["deletes"] != "delete":
        for stream, figures in streams.items():
            held = len(bench.sandbox.tenant("alpha").records(stream))
            assert held == (0 if config["dry_run"] else figures["created"])


def ended(target, bench, tmp_path, lines, **config):
    """Run a real process; return its summary, which has to add up, and how it ended."""
    ran = target(
        config=bench.config(summary_path="summary.json", **config), stdin=bench.lines(lines)
    )
    return checked(tmp_path), ran


def checked(folder):
    summary = json.loads((folder / "summary.json").read_text())
    for counts in summary["streams"].values():
        assert counts["read"] == sum(count for name, count in counts.items() if name != "read")
    undecided = sum(counts["undecided"] for counts in summary["streams"].values())
    assert summary["undecided"] == undecided
    return summary


def issues(bench, count, company=None):
    company = company or bench.company()
    return [bench.schema()] + [
        bench.record(sourceId=f"s{n}", **known(company)) for n in range(count)
    ]


def test_a_run_that_fails_at_its_first_request_counts_what_was_read(bench, target, tmp_path):
    bench.sandbox.fault("status", route="bulk", status=401)
    summary, ran = ended(target, bench, tmp_path, issues(bench, 596))
    assert ran.code == 1
    counts = summary["streams"]["issues"]
    assert (counts["read"], counts["undecided"], counts["created"]) == (596, 596, 0)
    assert summary["result"] == "failed"
    assert '"read":596' in next(line for line in ran.stderr.splitlines() if "Summary: " in line)


def test_a_run_that_cannot_begin_leaves_no_summary_of_the_run_before(bench, target, tmp_path):
    first, ran = ended(target, bench, tmp_path, issues(bench, 2))
    assert (ran.code, first["result"]) == (0, "done")
    not_rejects = tmp_path / "notes.txt"
    not_rejects.write_text("notes\n")
    summary, ran = ended(target, bench, tmp_path, issues(bench, 2), rejects_path=str(not_rejects))
    assert ran.code == 1
    assert "holds something other than rejects" in ran.last_line
    assert (summary["result"], summary["streams"]) == ("failed", {})
    assert "No records were read. Summary: {" in ran.stderr


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_line_that_is_not_a_message_leaves_nothing_undecided(bench, target, tmp_path, dry_run):
    lines = [*issues(bench, 3), b"no JSON", bench.record(sourceId="z", title="t")]
    summary, ran = ended(target, bench, tmp_path, lines, dry_run=dry_run)
    assert ran.code == 1
    counts = summary["streams"]["issues"]
    assert (counts["read"], counts["created"], counts["undecided"]) == (3, 3, 0)
    assert (summary["result"], summary["dry_run"]) == ("failed", dry_run)


def test_a_run_that_a_reject_ends_counts_what_was_read_by_then(bench, target, tmp_path):
    lines = [*issues(bench, 3), bench.record(title="No key"), *issues(bench, 5)[1:]]
    summary, ran = ended(target, bench, tmp_path, lines)
    assert ran.code == 1
    counts = summary["streams"]["issues"]
    assert (counts["read"], counts["created"], counts["rejected"]) == (4, 3, 1)


def test_a_run_whose_states_nobody_reads_counts_what_was_read(bench, target, tmp_path):
    lines = [bench.schema()]
    for n in range(40):
        lines += [*issues(bench, 1)[1:], bench.state(n)]
    process = target.start(
        config=bench.config(summary_path="summary.json", batch_size_rows=5),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    process.stdout.close()
    process.communicate(bench.lines(lines), timeout=60)
    assert process.returncode == 1
    counts = checked(tmp_path)["streams"]["issues"]
    assert counts["read"] >= 5


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_run_that_a_signal_ends_counts_what_was_read(bench, target, tmp_path, concurrency):
    config = bench.config(summary_path="summary.json", batch_size_rows=10, concurrency=concurrency)
    with answers_held(bench.sandbox, "bulk"):
        process = target.start(config=config, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        process.stdin.write(bench.lines(issues(bench, 15)))
        process.stdin.flush()
        until(lambda: any(request.route == "bulk" for request in bench.sandbox.requests))
        process.send_signal(signal.SIGTERM)
        time.sleep(1)  # the answer that comes then may not overtake the signal
    process.communicate(timeout=60)
    assert process.returncode == 143
    summary = checked(tmp_path)
    counts = summary["streams"]["issues"]
    assert summary["result"] == "interrupted"
    assert (counts["read"], counts["created"], counts["undecided"]) == (15, 10, 5)
