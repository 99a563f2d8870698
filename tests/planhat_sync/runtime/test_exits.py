"""How a run ends, seen from outside: real processes, their last line and their exit code."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from checkout import bare_environment

from planhat_sync.errors import Section
from planhat_sync.runtime.troubleshooting import reference

TOKEN = "s3cr3t-t0k3n-0123456789"  # noqa: S105 - made up
BASIC = base64.b64encode(f"{TOKEN}:".encode()).decode()


NETWORK = reference(Section.NETWORK)


@pytest.fixture
def start(tmp_path):
    """Start a little plugin: ``body`` is the source of its run, with ``log`` at hand."""

    def starting(body: str, *arguments: str, level: str = "INFO", env=None, **how):
        script = tmp_path / "plugin.py"
        script.write_text(
            "import logging, os, signal, sys, time\n"
            "from planhat_sync import errors\n"
            "from planhat_sync.runtime import exits\n"
            "from planhat_sync.runtime.stdout import print_text, write\n"
            "log = logging.getLogger('plug-planhat')\n"
            "def body():\n"
            f"    logging.basicConfig(level='{level}', stream=sys.stderr)\n"
            + textwrap.indent(textwrap.dedent(body), "    ")
            + "\nsys.exit(exits.run('plug-planhat', body))\n"
        )
        command = [sys.executable, str(script), *arguments]
        return subprocess.Popen(
            command,
            stdout=how.pop("stdout", subprocess.PIPE),
            stderr=how.pop("stderr", subprocess.PIPE),
            text=True,
            env={
                **bare_environment(),
                "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
                **(env or {}),
            },
            **how,
        )

    return starting


@pytest.fixture
def run(start):
    """Run it to its end: exit code, stdout, lines of stderr."""

    def running(*args, **kwargs):
        process = start(*args, **kwargs)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err.splitlines()

    return running


def test_a_run_that_is_done_says_nothing_and_exits_with_0(run):
    assert run("print_text('{}')") == (0, "{}\n", [])


def test_what_else_is_printed_goes_to_standard_error_and_is_shown_at_once(run):
    body = """
        print('x')
        os.write(1, b'y\\n')
        print_text('{}')
        exits.guard()
        print_text('[]')
        print('z')
    """
    assert run(body) == (0, "{}\n[]\n", ["x", "y", "z"])


def test_what_was_printed_before_the_start_comes_before_the_last_line(run, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("print('early')")
    code, out, err = run("raise errors.StopError('why')", env={"PYTHONPATH": str(tmp_path)})
    assert (code, out, err) == (1, "", ["early", f"plug-planhat: why {NETWORK}"])


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("raise errors.ConfigurationError('api_token is not set')", "api_token is not set"),
        ("raise errors.GaveUpError('it kept\\nfailing')", "it kept failing"),
        ("sys.exit('plain words')", "plain words"),
        ("sys.exit('of \\x1b[31ma\\x7f file')", "of \\u001b[31ma\\u007f file"),
        ("raise errors.Interrupted('x')", "stopped while it waited: run again"),
        (
            "raise OSError(28, 'No space left on device', 'out.jsonl')",
            "out.jsonl: No space left on device",
        ),
        ("raise ValueError('odd\\nlines')", "unexpected ValueError: odd lines;"),
        ("raise ValueError", "unexpected ValueError; run"),
        ("raise MemoryError", "unexpected MemoryError"),
        ("[[] for _ in iter(int, 1) if recurse()]", "unexpected NameError"),
        ("def f(): f()\nf()", "unexpected RecursionError"),
    ],
)
def test_a_failure_is_one_last_line_and_exit_code_1(run, body, sentence):
    code, out, err = run(body)
    assert (code, out) == (1, "")
    assert len(err) == 1
    assert err[0].startswith(f"plug-planhat: {sentence}")


def test_a_traceback_comes_at_log_level_debug_and_before_the_last_line(run):
    code, _, err = run("raise errors.StopError('why')", level="DEBUG")
    assert code == 1
    assert err[0] == "Traceback (most recent call last):"
    assert err[-1] == f"plug-planhat: why {NETWORK}"


@pytest.mark.parametrize(("asked", "code"), [("", 0), ("0", 0), ("3", 3), ("None", 0)])
def test_a_code_that_the_body_exits_with_is_the_code(run, asked, code):
    assert run(f"print_text('x')\nsys.exit({asked})") == (code, "x\n", [])


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_run_stopped_by_a_signal_says_so_and_exits_with_its_number(run, name, code):
    body = f"raise exits.StoppedBySignal(signal.{name}, 'state is true; run again')"
    line = f"plug-planhat: stopped by {name}: state is true; run again"
    assert run(body) == (code, "", [f"{line} {reference(Section.OUTPUT)}"])


def test_an_interrupt_from_the_keyboard_exits_with_130_and_no_traceback(start):
    # What runs in the background of a shell begins with SIGINT ignored, these tests too.
    heard = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    process = start(f"{heard}print_text('ready')\ntime.sleep(30)")
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.startswith("plug-planhat: stopped by SIGINT")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("how", ["print_text('y' * 100)", "write([b'y' * 100])"])
@pytest.mark.parametrize("count", ["1", "10_000_000"])
def test_a_reader_that_goes_away_is_named_and_nothing_else_is_said(start, how, count):
    body = f"os.read(0, 1)\nfor _ in range({count}):\n    {how}\n"
    process = start(body, stdin=subprocess.PIPE)
    process.stdout.close()
    process.stdin.write("x")
    process.stdin.close()
    err = process.stderr.read().splitlines()
    process.stderr.close()
    assert process.wait(30) == 1
    assert len(err) == 1
    assert err[0].startswith("plug-planhat: the program that reads standard output exited early")


def test_a_full_disk_under_stdout_is_a_failure(run, tmp_path):
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a path of ours
        code, _, err = run("print_text('x')", stdout=full)
    assert code == 1
    assert len(err) == 1
    assert "No space left" in err[0]


def test_a_reader_of_stderr_that_goes_away_changes_no_exit_code(start):
    process = start("time.sleep(0.5)\nlog.info('x')\nraise errors.StopError('x')")
    process.stderr.close()
    assert process.wait(30) == 1
    process.stdout.close()


@pytest.mark.parametrize(
    ("closed", "body", "code", "said"),
    [
        ("1", "print_text('x')", 1, "plug-planhat: standard output is closed"),
        ("2", "log.info('x')\nprint('y', file=sys.stderr)", 0, ""),
        ("2", "print('y')\nos.write(1, b'y')\nassert os.system('echo y; echo y >&2') == 0", 0, ""),
        ("2", "raise errors.StopError('x')", 1, ""),
        ("1 2", "print_text('x')", 1, ""),
        ("0 1 2", "print_text('x')", 1, ""),
    ],
)
def test_a_standard_stream_that_is_closed_is_reported_if_it_can_be(
    run, tmp_path, closed, body, code, said
):
    """No file that is opened later gets its number, and what is printed with it."""
    other = tmp_path / "other.txt"
    opened = f"log.addHandler(logging.FileHandler({str(other)!r}))\nos.write(2, b'')\n"
    closing = {int(number) for number in closed.split()}

    def close():
        for number in closing:
            os.close(number)

    ended, out, err = run(opened + body, preexec_fn=close)
    assert (ended, out) == (code, "")
    assert " ".join(err).startswith(said)
    assert "Traceback" not in " ".join(err)
    assert not other.exists() or "y" not in other.read_text()


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
@pytest.mark.parametrize("where", ["config", "config=", "environment"])
def test_the_token_is_in_nothing_that_is_shown(run, tmp_path, where, level):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"api_token": TOKEN}))
    log = tmp_path / "log.txt"
    body = f"""
        logging.getLogger().addHandler(logging.FileHandler({str(log)!r}))
        for secret in ({TOKEN!r}, {BASIC!r}):
            log.warning('it is %s', secret)
            log.warning(secret)
            log.warning('%(a)s', {{'a': secret}})
            log.warning('bad format %s %s', secret)
            logging.getLogger('urllib3').error('Authorization: Basic ' + secret)
            print('printed', secret, file=sys.stderr)
            print('also printed', secret)
            sys.stderr.writelines(['written ', secret])
            try:
                raise ValueError(secret)
            except ValueError:
                log.exception('a traceback of %s', secret)
            class Noisy:
                def __del__(self): raise ValueError(secret)
            Noisy()
        raise RuntimeError({TOKEN!r} + ' ' + {BASIC!r})
    """
    arguments = {"config": ["--config", str(config)], "config=": [f"--config={config}"]}
    env = {"TAP_PLANHAT_API_TOKEN": TOKEN} if where == "environment" else {}
    code, out, err = run(body, *arguments.get(where, []), level=level, env=env)
    shown = "\n".join([out, *err, log.read_text()])
    assert code == 1
    assert err[-1].startswith("plug-planhat: unexpected RuntimeError: *** ***")
    for secret in (TOKEN, BASIC):
        assert secret not in shown
    assert "it is ***" in shown
    assert "a traceback of ***" in log.read_text()
    assert "ValueError: ***" in log.read_text()


@pytest.mark.parametrize(
    "config", ["", "[", "[]", '{"api_token": 5}', '{"api_token": null}', "[" * 100_000, "\xff\xfe"]
)
def test_a_config_that_is_none_is_left_to_the_plugin_to_complain_about(run, tmp_path, config):
    path = tmp_path / "config.json"
    path.write_text(config, encoding="latin-1")
    assert run("raise errors.StopError('mine')", "--config", str(path))[2] == [
        f"plug-planhat: mine {NETWORK}"
    ]


def test_a_config_from_a_pipe_is_not_read_twice(run, tmp_path):
    body = "assert open(sys.argv[2]).read() == '{}'\nprint_text('ok')"
    process = subprocess.Popen(["/bin/echo", "-n", "{}"], stdout=subprocess.PIPE)
    with process.stdout as pipe:
        path = f"/dev/fd/{pipe.fileno()}"
        assert run(body, "--config", path, pass_fds=[pipe.fileno()]) == (0, "ok\n", [])
    process.wait(60)


def test_the_end_is_not_slowed_down_by_keeping_secrets(run):
    began = time.monotonic()
    body = "for n in range(20_000):\n    log.debug('number %d', n)"
    assert run(body)[0] == 0
    assert time.monotonic() - began < 60
