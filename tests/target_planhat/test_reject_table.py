"""`target-planhat --rejects FILE`: what it prints of a reject file, and what it refuses."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.models import load_models
from planhat_sync.runtime.terminal import TextStyle
from target_planhat.reject_table import RejectTable

MODELS = load_models()
SCHEMA = {"type": "SCHEMA", "stream": "issues", "key_properties": ["key"], "schema": {}}


def reject(line=3, stream="issues", record=None, **more):
    """A line of a reject file; the record holds something personal."""
    why = {"code": "wrong_type", "message": "it is text", "property": "archived", "line": line}
    why = {**why, "rejected_at": "2026-11-28T12:00:59.987Z", **more}
    record = {"sourceId": "HELP-2", "title": "personal", **(record or {})}
    return {"type": "RECORD", "stream": stream, "record": record, "reject": why}


def content(*messages):
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


@pytest.fixture
def show(target, tmp_path):
    """Print a file that holds some bytes, without a configuration."""

    def run(data, name="rejects.jsonl"):
        (tmp_path / name).write_bytes(data)
        # A shell may export the width of its terminal, but what is read here is a pipe.
        return target("--rejects", name, env={"COLUMNS": "80"})

    return run


def test_the_rejects_of_a_run_are_printed_with_their_keys_and_how_many_have_which_code(bench, show):
    bad = {"title": "personal", "companyIds": ["0" * 24]}
    lines = [
        bench.schema(title={"description": "noise" * 10_000}),
        bench.record(sourceId="a", **bad),
        bench.record(sourceId="b", **bad),
        bench.record(title="personal"),
    ]
    assert bench.run(lines, on_reject="continue").error is None
    run = show(bench.rejects_path.read_bytes(), "rejects.jsonl.replayed-1")
    assert run.code == 0
    printed = run.stdout.decode()
    assert "personal" not in printed
    assert "noise" not in printed
    head, *rows, empty, counts = printed.splitlines()
    assert head.split() == [
        *("line", "stream", "code", "property", "rejected", "at", "key", "message")
    ]
    assert [row.split()[:3] for row in rows] == [
        ["2", "issues", "refused"],
        ["3", "issues", "refused"],
        ["4", "issues", "missing_key"],
    ]
    assert "sourceId a  no company" in rows[0]
    assert empty == ""
    assert counts == "3 rejects: 2 refused, 1 missing_key"


def test_on_a_terminal_no_line_is_longer_than_it_is_wide(target, tmp_path):
    long = "a reason of some length, " * 10
    (tmp_path / "rejects.jsonl").write_bytes(content(reject(message=long, line=1_000_000)))
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    # A terminal replaces each line end, which is not what is looked at here.
    settings = termios.tcgetattr(slave)
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    process = target.start(
        "--rejects", "rejects.jsonl", stdout=slave, stderr=subprocess.PIPE, env={"NO_COLOR": "1"}
    )
    os.close(slave)
    assert process.wait(60) == 0, process.stderr.read()
    process.stderr.close()
    lines = os.read(master, 65_536).decode().splitlines()
    os.close(master)
    assert lines[0].startswith("   line  stream  code")
    assert lines[2].startswith("         sourceId HELP-2: a reason of some length, a reason")
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "1 reject: 1 wrong_type"


TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
VALUES = st.none() | st.booleans() | st.integers() | TEXTS | st.lists(TEXTS, max_size=2)
REJECTS = VALUES | st.dictionaries(
    st.sampled_from(["code", "message", "property", "line", "rejected_at"]), VALUES
)


@given(
    rejects=st.lists(st.tuples(TEXTS, VALUES, REJECTS), min_size=1, max_size=5),
    width=st.integers(80, 200),
    cut=st.integers(0, 200),
)
def test_whatever_a_reject_holds_is_printed_in_lines_of_the_terminal(tmp_path, rejects, width, cut):
    messages = [
        {"type": "RECORD", "stream": stream, "record": record, "reject": why}
        for stream, record, why in rejects
    ]
    whole, half = content(*messages), content(reject())[: min(cut, 150)].rstrip(b"\n")
    path = tmp_path / "rejects.jsonl"
    path.write_bytes(whole + half)
    table = RejectTable(MODELS)
    table.read(str(path))
    for limit in (width, None):
        text = table.as_text(TextStyle(), limit)
        assert all(character.isprintable() or character == "\n" for character in text)
        assert text.count(f"{len(rejects)} reject") == 1
        assert ("1 line that is not complete" in text) is bool(half)
        if limit is not None:
            assert max(map(len, text.splitlines()[: -2 if half else -1])) <= width


def test_rejects_of_the_version_before_and_of_other_systems_are_printed(show):
    old = reject(record={"_id": "6" * 24})
    del old["reject"]["rejected_at"]
    foreign = reject(stream="jira", record={"key": "T-7"})
    schema = {**SCHEMA, "stream": "jira"}
    printed = show(content(old, schema, foreign)).stdout.decode().splitlines()
    assert f"_id {'6' * 24}  it is text" in printed[1]
    assert "2026-11-28 12:00Z  key T-7" in printed[2]
    assert printed[-1] == "2 rejects: 2 wrong_type"


def test_all_key_properties_of_a_row_are_shown(show):
    schema = {**SCHEMA, "stream": "scores", "key_properties": ["Customer No", "Objective No"]}
    row = reject(stream="scores", record={"Customer No": "acme-2", "Objective No": 17, "H": "n/a"})
    printed = show(content(schema, row)).stdout.decode().splitlines()
    assert "Customer No acme-2, Objective No 17  it is text" in printed[1]


def test_what_is_not_a_text_is_shown_as_json(show):
    schema = {**SCHEMA, "stream": "scores"}
    number = int("9" * 30)
    first = reject(stream="scores", record={"key": True}, line=number)
    second = reject(stream="scores", line=False, code=["x"], message={"a": None})
    printed = show(content(schema, first, second)).stdout.decode().splitlines()
    assert printed[1].split()[0] == str(number)
    assert printed[1].endswith("key true  it is text")
    assert printed[2].split()[:3] == ["false", "scores", '["x"]']
    assert printed[2].endswith('  {"a":null}')


def test_half_a_line_and_a_record_without_its_reject_are_counted(show):
    edited = reject()
    del edited["reject"]
    run = show(content(SCHEMA, reject(), edited) + content(reject())[:60])
    assert run.code == 0
    assert run.stdout.decode().splitlines()[-3:] == [
        "1 reject: 1 wrong_type",
        "1 record without a reject object",
        "1 line that is not complete",
    ]


@pytest.mark.parametrize("data", [b"", content(SCHEMA)])
def test_a_reject_file_may_be_empty(show, data):
    run = show(data)
    assert (run.code, run.stdout) == (0, b"0 rejects\n")


@pytest.mark.parametrize(
    "data",
    [
        b"root:x:0:0:root:/root:/bin/bash\n",
        b'{"api_token": "secret"}\n',
        b"[1, 2]\n",
        content(SCHEMA, {"type": "RECORD", "stream": "issues", "record": {"title": "personal"}}),
    ],
)
def test_another_file_is_refused_in_a_sentence_that_repeats_none_of_it(show, data):
    run = show(data)
    assert (run.code, run.stdout) == (1, b"")
    assert len(run.stderr.splitlines()) == 1
    assert run.last_line == (
        "target-planhat: the file rejects.jsonl given as --rejects holds no rejects: give the file "
        "that rejects_path names, or one that a replay has renamed"
    )


@pytest.mark.parametrize(("path", "reason"), [("nothing.jsonl", "does not exist"), (".", "folder")])
def test_a_file_that_cannot_be_read_is_an_error_of_one_sentence(target, path, reason):
    run = target("--rejects", path)
    assert (run.code, run.stdout) == (1, b"")
    assert run.stderr.count("\n") == 1
    assert reason in run.stderr
