"""What a run shows on a terminal, and what it logs when standard error is not a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

COMPANY = "61006bc89a3e0b702ed8ea49"


@pytest.fixture
def tenant(sandbox):
    tenant = sandbox.tenant("token-b")
    tenant.insert("companies", {"_id": COMPANY, "name": "Tenet"})
    held = {"title": "old", "status": "Open", "companyIds": [COMPANY], "sourceId": "s-1"}
    tenant.insert("issues", held)
    return tenant


def messages(**more) -> bytes:
    """Return an existing record and a new one, and a third one of other properties if given."""
    lines = [{"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}}]
    for n in (1, 2):
        record = {"sourceId": f"s-{n}", "title": "old", "status": "Done", "companyIds": [COMPANY]}
        lines.append({"type": "RECORD", "stream": "issues", "record": record})
    if more:
        lines.append({"type": "RECORD", "stream": "issues", "record": more})
    lines[0]["key_properties"] = []
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def seen_on_a_terminal(target, config, lines=None, columns=0, **env) -> tuple[str, int]:
    """Run the target with a terminal as its standard error."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = target.start(
        config=config, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=slave
    )
    os.close(slave)
    process.stdin.write(messages() if lines is None else lines)
    process.stdin.close()
    seen = b""
    try:
        while piece := os.read(master, 65_536):
            seen += piece
    except OSError:  # Linux raises this when the other end of a terminal is closed
        pass
    os.close(master)
    return seen.decode(), process.wait(30)


def test_the_run_ends_with_a_table(target, sandbox, tenant):
    config = {"api_token": "token-b", "api_url": sandbox.url, "match_on": ["sourceId"]}
    seen, code = seen_on_a_terminal(target, config, NO_COLOR="1")
    assert code == 0, seen
    plain = seen.replace("\r", "").replace("\x1b[2K", "")
    assert "stream  read  created  updated" in plain
    assert "issues     2        1        1" in plain
    assert "METRIC" not in plain
    assert "Summary:" not in plain


@pytest.mark.parametrize("columns", [40, 60, 80])
@pytest.mark.parametrize("dry_run", [True, False])
def test_the_end_fits_the_terminal_and_tells_a_dry_run_from_a_real_one(
    target, sandbox, tenant, tmp_path, columns, dry_run
):
    config = {
        "api_token": "token-b",
        "api_url": sandbox.url,
        "match_on": ["sourceId"],
        "dry_run": dry_run,
        "on_reject": "continue",
        "rejects_path": str(tmp_path / "rejects.jsonl"),
    }
    seen, code = seen_on_a_terminal(target, config, messages(title="No key"), columns, TERM="xterm")
    assert code == 0, seen
    coloured = seen.replace("\r", "").replace("\x1b[2K", "")
    assert re.search(r"\x1b\[31m *1\x1b\[0m", coloured), "rejected is red"
    lines = re.sub(r"\x1b\[\d+m", "", coloured).splitlines()
    start = next(n for n, line in enumerate(lines) if line == "issues" or line[:6] == "stream")
    figures = lines[start:]
    assert max(map(len, figures)) <= columns
    assert ("Dry run: nothing was written" in lines) is dry_run
    assert lines[-1].startswith("dry run done after " if dry_run else "done after ")
    words = " ".join(figures)
    for count in ("create", "update", "reject"):
        assert (f"would {count}" if dry_run else f"{count}") in words
    assert ("would" in words) is dry_run
    assert lines[start].startswith("stream" if columns > 40 or not dry_run else "issues")


def test_a_run_that_fails_says_so_in_red_and_ends_with_the_reason(target, sandbox, tenant):
    config = {"api_token": "wrong", "api_url": sandbox.url, "match_on": ["sourceId"]}
    seen, code = seen_on_a_terminal(target, config, TERM="xterm")
    assert code == 1
    *_, failed, undecided, last = seen.replace("\r", "").strip().splitlines()
    assert failed.startswith("\x1b[31mfailed after ")
    assert failed.endswith(" s and 1 request\x1b[0m")
    assert "2 records undecided: read, but without an outcome" in undecided
    assert last.startswith("\x1b[31mtarget-planhat: ")
    assert last.endswith('(see "Token and rights" in docs/troubleshooting.md)\x1b[0m')
    assert "wrong" not in last


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_log_begins_with_one_line_that_marks_a_dry_run(target, sandbox, tenant, dry_run):
    config = {"api_token": "token-b", "api_url": sandbox.url, "match_on": ["sourceId"]}
    lines = messages(sourceId="s-3", titel="t")
    seen, code = seen_on_a_terminal(target, {**config, "dry_run": dry_run}, lines, NO_COLOR="1")
    assert code == 1  # an issue without a title
    log = [line for line in seen.replace("\r", "").replace("\x1b[2K", "").splitlines() if line]
    first, second = log[:2]
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d target-planhat v\S+, Meltano SDK v[\d.]+"
        + (", dry run: nothing is written" if dry_run else ""),
        first,
    )
    assert "Skipping parse" not in seen
    if not dry_run:
        assert re.fullmatch(
            r"\d\d:\d\d:\d\d target-planhat: WARNING ignoring a property that issues does not "
            r"have: titel \(did you mean title\?\)",
            second,
        )
    assert log[-1].startswith(
        "target-planhat: dry run: " if dry_run else "target-planhat: 1 record"
    )


def test_a_dumb_terminal_gets_the_table_without_any_command(target, sandbox, tenant):
    config = {"api_token": "token-b", "api_url": sandbox.url, "match_on": ["sourceId"]}
    seen, code = seen_on_a_terminal(target, config, TERM="dumb")
    assert code == 0, seen
    assert "stream  read  created  updated\r\n" in seen
    assert "\x1b" not in seen


def test_a_run_that_reads_nothing_says_so(target, sandbox, tenant):
    config = {"api_token": "token-b", "api_url": sandbox.url}
    nothing = messages().splitlines(keepends=True)[0]
    for lines, table in ((nothing, "stream  read\r\nissues     0\r\n"), (b"", "")):
        seen, code = seen_on_a_terminal(target, config, lines, NO_COLOR="1")
        assert code == 0, seen
        assert f"No records were read\r\n{table}done after" in seen


def test_a_dry_run_shows_old_and_new_in_colour(target, sandbox, tenant):
    config = {"api_token": "token-b", "api_url": sandbox.url, "match_on": ["sourceId"]}
    seen, code = seen_on_a_terminal(target, {**config, "dry_run": True}, TERM="xterm")
    assert code == 0, seen
    assert "would update issues, line 2" in seen
    assert "\n    status: \x1b[31mOpen\x1b[0m -> \x1b[32mDone\x1b[0m" in seen.replace("\r", "")
    assert "would create issues, line 3" in seen
    assert [record["status"] for record in tenant.records("issues")] == ["Open"]


def test_without_a_terminal_each_change_is_one_line_and_the_summary_is_json(
    target, sandbox, tenant
):
    config = {"api_token": "token-b", "api_url": sandbox.url, "match_on": ["sourceId"]}
    run = target(config={**config, "dry_run": True}, stdin=messages())
    assert run.code == 0, run.stderr
    assert "would update issues, line 2: status: Open -> Done" in run.stderr
    assert "\x1b" not in run.stderr
    summary = next(line for line in run.stderr.splitlines() if "Summary: " in line)
    counts = json.loads(summary.partition("Summary: ")[2])["streams"]["issues"]
    assert (counts["read"], counts["created"], counts["updated"]) == (2, 1, 1)
