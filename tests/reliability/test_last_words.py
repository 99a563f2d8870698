"""What a process says at the very end, when somebody is impatient with it."""

from __future__ import annotations

import json
import signal
import subprocess
import time


def test_an_impatient_second_signal_cuts_no_line_of_the_tap(tap, sandbox):
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
