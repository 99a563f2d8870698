"""What a person at a terminal sees of a run, and what a log collector gets of the same run."""

from __future__ import annotations

import json
import os
import pty
import subprocess

import pytest

COMPANY = "61006bc89a3e0b702ed8ea49"


@pytest.fixture
def tenant(sandbox):
    tenant = sandbox.tenant("token-b")
    tenant.insert("companies", {"_id": COMPANY, "name": "Tenet"})
    held = {"title": "old", "status": "Open", "companyIds": [COMPANY], "sourceId": "s-1"}
    tenant.insert("issues", held)
    return tenant


def messages() -> bytes:
    """One record that is there, and one that is new."""
    lines = [{"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}}]
    for n in (1, 2):
        record = {"sourceId": f"s-{n}", "title": "old", "status": "Done", "companyIds": [COMPANY]}
        lines.append({"type": "RECORD", "stream": "issues", "record": record})
    lines[0]["key_properties"] = []
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def seen_on_a_terminal(target, config, **env) -> tuple[str, int]:
    """Run the target with a terminal as its standard error."""
    master, slave = pty.openpty()
    process = target.start(
        config=config, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=slave
    )
    os.close(slave)
    process.stdin.write(messages())
    process.stdin.close()
    seen = b""
    try:
        while piece := os.read(master, 65_536):
            seen += piece
    except OSError:  # how Linux says that a terminal has been let go of
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
