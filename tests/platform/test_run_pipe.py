"""``examples/pipe/run_pipe.py``: two processes, one state file, and no record is lost by a kill.

The taps and targets here are a few lines of Python each, so that every way to die can be staged.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from under_way import until

RUN_PIPE = Path(__file__).parents[2] / "examples" / "pipe" / "run_pipe.py"

COPYING_TARGET = """
    import sys, json
    seen = 0
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "STATE":
            print(json.dumps(message["value"]), flush=True)
"""
COUNTING_TAP = """
    import json, pathlib, sys, time
    start = 0
    if "--state" in sys.argv:
        start = json.loads(pathlib.Path(sys.argv[sys.argv.index("--state") + 1]).read_text())["n"]
    for n in range(start + 1, start + 4):
        print(json.dumps({"type": "STATE", "value": {"n": n}}), flush=True)
"""
ENDLESS_TAP = """
    import json, signal, sys, time
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    n = 0
    while True:
        n += 1
        print(json.dumps({"type": "STATE", "value": {"n": n}}), flush=True)
        time.sleep(0.02)
"""


class Scripts:
    """Writes programs into a folder and runs the pipe with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state.json"

    def command(self, name: str, source: str) -> str:
        path = self.folder / f"{name}.py"
        path.write_text(textwrap.dedent(source))
        return f"{sys.executable} {path}"

    def argv(self, tap: str, target: str, *more: str) -> list[str]:
        return [
            *(sys.executable, str(RUN_PIPE), "--state", str(self.state)),
            *("--tap", self.command("tap", tap), "--target", self.command("target", target)),
            *more,
        ]

    def run(self, tap: str, target: str, *more: str) -> subprocess.CompletedProcess[str]:
        argv = self.argv(tap, target, *more)
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    def start(self, tap: str, target: str, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(tap, target, *more), stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def saved(self) -> dict[str, int]:
        return json.loads(self.state.read_text())


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    return Scripts(tmp_path)


def ended_with_its_last_line(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, stderr = process.communicate(timeout=60)
    return process.returncode, stderr.rstrip().rpartition("\n")[2]


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_a_run_goes_on_from_the_state_of_the_one_before(scripts: Scripts):
    assert scripts.run(COUNTING_TAP, COPYING_TARGET).returncode == 0
    assert scripts.saved() == {"n": 3}
    assert scripts.run(COUNTING_TAP, COPYING_TARGET).returncode == 0
    assert scripts.saved() == {"n": 6}
    assert scripts.state.stat().st_mode & 0o777 == 0o600


def test_a_tap_that_fails_fails_the_run_though_the_target_ends_well(scripts: Scripts):
    failing = (
        COUNTING_TAP
        + """
    sys.exit("out of records: ask for more")
    """
    )
    run = scripts.run(failing, COPYING_TARGET)
    assert run.returncode == 1
    last = run.stderr.rstrip().rpartition("\n")[2]
    assert last.startswith("the tap ended with exit code 1: out of records: ask for more")
    assert scripts.saved() == {"n": 3}, "what the target made durable before counts"


def test_a_target_that_fails_stops_the_tap_and_is_named_first(scripts: Scripts):
    failing = """
    import sys
    sys.exit("the disk is full")
    """
    run = scripts.run(ENDLESS_TAP, failing)
    assert run.returncode == 1
    last = run.stderr.rstrip().rpartition("\n")[2]
    assert last.startswith("the target ended with exit code 1: the disk is full; the ")
    assert not scripts.state.exists()


def test_each_state_is_on_disk_as_soon_as_it_is_printed(scripts: Scripts):
    process = scripts.start(ENDLESS_TAP, COPYING_TARGET)
    try:
        until(scripts.state.exists)
        first = scripts.saved()["n"]
        until(lambda: scripts.saved()["n"] > first)
    finally:
        process.send_signal(signal.SIGTERM)
        assert ended_with_its_last_line(process)[0] == 143


SAYS_GOODBYE = """
    import signal, sys
    def goodbye(*_):
        print('{"n": 1000}', flush=True)
        sys.exit(143)
    signal.signal(signal.SIGTERM, goodbye)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print('{"n": 1}', flush=True)
    while True:
        signal.pause()
"""


def test_a_state_that_the_target_prints_on_its_way_out_is_kept(scripts: Scripts):
    process = scripts.start(ENDLESS_TAP, SAYS_GOODBYE)
    until(scripts.state.exists)
    process.send_signal(signal.SIGTERM)
    code, last = ended_with_its_last_line(process)
    assert code == 143
    assert last.startswith("stopped by SIGTERM; the next run continues from")
    assert scripts.saved() == {"n": 1000}


def test_a_signal_to_the_group_reaches_both_sides_once(scripts: Scripts):
    counting = """
    import pathlib, signal, sys, time
    signals = []
    signal.signal(signal.SIGTERM, lambda *_: signals.append(1))
    print('{"n": 1}', flush=True)
    while not signals:
        time.sleep(0.01)
    time.sleep(0.3)
    print('{"n": %d}' % len(signals), flush=True)
    """
    process = scripts.start(ENDLESS_TAP, counting)
    until(scripts.state.exists)
    os.killpg(process.pid, signal.SIGTERM)
    assert ended_with_its_last_line(process)[0] == 143
    assert scripts.saved() == {"n": 1}


def test_sides_that_ignore_the_signal_are_killed_after_the_grace(scripts: Scripts):
    deaf = """
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print('{"n": 1}', flush=True)
    while True:
        signal.pause()
    """
    process = scripts.start(deaf, deaf, "--grace-seconds", "0.3")
    until(scripts.state.exists)
    process.send_signal(signal.SIGTERM)
    assert ended_with_its_last_line(process)[0] == 143


def test_a_state_line_that_a_kill_cut_short_is_not_kept(scripts: Scripts):
    cut = """
    import os, signal, sys
    print('{"n": 1}', flush=True)
    sys.stdout.write('{"n": 2}')
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
    """
    run = scripts.run(COUNTING_TAP, cut)
    assert run.returncode == 1
    assert "the target ended with exit code 137" in run.stderr
    assert scripts.saved() == {"n": 1}


def test_an_empty_state_does_not_replace_a_true_one(scripts: Scripts):
    forgetful = """
    print('{"n": 7}')
    print("{}")
    """
    assert scripts.run("", forgetful).returncode == 0
    assert scripts.saved() == {"n": 7}


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is util-linux's")
def test_no_orphan_writes_on_when_the_run_is_killed_outright(scripts: Scripts):
    tap = """
    import os, pathlib, signal
    pathlib.Path("PID.tmp").write_text(str(os.getpid()))
    pathlib.Path("PID.tmp").rename("PID")
    signal.pause()
    """.replace("PID", str(scripts.folder / "tap.pid"))
    target = tap.replace("tap.pid", "target.pid")
    process = scripts.start(tap, target)
    files = [scripts.folder / "tap.pid", scripts.folder / "target.pid"]
    until(lambda: all(file.exists() for file in files))
    pids = [int(file.read_text()) for file in files]
    process.kill()
    process.communicate()
    until(lambda: not any(alive(pid) for pid in pids))


def test_a_second_run_beside_the_first_does_nothing(scripts: Scripts):
    process = scripts.start(ENDLESS_TAP, COPYING_TARGET)
    until(scripts.state.exists)
    second = scripts.run(COUNTING_TAP, COPYING_TARGET)
    assert (second.returncode, second.stderr.count("\n")) == (75, 1)
    process.send_signal(signal.SIGINT)
    assert ended_with_its_last_line(process)[0] == 130


def test_a_program_that_is_not_there_is_said_in_one_line(scripts: Scripts):
    argv = scripts.argv("", "")
    argv[argv.index("--target") + 1] = "no-such-target --config x"
    run = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert "no-such-target" in run.stderr
    assert "Traceback" not in run.stderr


def test_every_run_gets_a_reject_file_of_its_own(scripts: Scripts):
    target = """
    import os
    open(os.environ["TARGET_PLANHAT_REJECTS_PATH"], "x").close()
    """
    folder = scripts.folder / "rejects"
    for _ in range(2):
        assert scripts.run("", target, "--rejects", str(folder)).returncode == 0
    assert len(list(folder.iterdir())) == 2


@pytest.mark.skipif(
    subprocess.run(
        ["unshare", "--pid", "--fork", "true"], capture_output=True, check=False
    ).returncode
    if shutil.which("unshare")
    else True,
    reason="a process namespace cannot be made here",
)
def test_it_handles_signals_as_process_number_one(scripts: Scripts):
    argv = ["unshare", "--pid", "--fork", *scripts.argv(ENDLESS_TAP, SAYS_GOODBYE)]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        until(scripts.state.exists)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        code, last = ended_with_its_last_line(process)
    assert (code, last.startswith("stopped by SIGTERM")) == (143, True)
    assert scripts.saved() == {"n": 1000}
