"""The last line of a process, also when a second signal ends it."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest


def test_a_second_signal_cuts_no_line_of_the_tap(tap, sandbox):
    alpha = sandbox.tenant("alpha")
    for number in range(60):
        alpha.insert("issues", {"title": f"{number}", "description": "x" * 300_000})
    config = {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}
    process = tap.start(config=config, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    head = process.stdout.readline()  # it is writing, and cannot go on
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.7)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 143
    assert stdout.endswith(b"\n")
    for line in (head + stdout).splitlines():
        assert json.loads(line)["type"] in ("SCHEMA", "RECORD", "STATE")
    assert b"tap-planhat: stopped" in stderr.splitlines()[-1]


@pytest.mark.parametrize("plugin", ["tap", "target"])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--nope",), "No such option"),
        (("--about", "--format", "x"), "Invalid value for --format"),
        (("--config", "nowhere.json"), "nowhere.json"),
    ],
)
def test_a_wrong_command_line_is_one_last_line_and_exit_code_1(request, plugin, arguments, says):
    ran = request.getfixturevalue(plugin)(*arguments)
    assert ran.code == 1
    assert ran.stdout == b""
    assert ran.last_line.startswith(f"{plugin}-planhat: ")
    assert says in ran.last_line
    assert "Traceback" not in ran.stderr
