"""Standard output of both plugins, as real processes in which other code prints as well."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import textwrap

import pytest

from planhat_sync.runtime import stdout

# What prints before the plugin's own code runs, and what prints while it runs. Python imports a
# `sitecustomize` that it finds on PYTHONPATH by itself; its audit hook prints when the plugin is
# imported, and again at each connection to Planhat, in whichever thread that is.
NOISE = """
    import atexit, ctypes, faulthandler, logging, os, subprocess, sys, threading

    libc = ctypes.CDLL(None)
    early_stdout = sys.stdout

    def handler_on(name, stream):
        logger = logging.getLogger(name)
        logger.addHandler(logging.StreamHandler(stream))
        logger.propagate = False
        return logger

    early_handlers = [
        handler_on("early sys.stdout", sys.stdout),
        handler_on("early sys.__stdout__", sys.__stdout__),
    ]
    print("stray: printed before the start")
    libc.printf(b"stray: printed by C before the start\\n")
    atexit.register(print, "stray: printed at exit")
    atexit.register(os.write, 1, b"stray: written at exit\\n")

    def stray_traceback():
        faulthandler.dump_traceback(file=sys.stdout, all_threads=False)
        faulthandler.dump_traceback(file=early_stdout, all_threads=False)

    def fork(work):
        child = os.fork()
        if child == 0:
            work()
            os._exit(0)
        os.waitpid(child, 0)

    def print_strays():
        from planhat_sync.runtime.stdout import print_text

        late_handlers = [
            handler_on("late sys.stdout", sys.stdout),
            handler_on("late sys.__stdout__", sys.__stdout__),
        ]
        for logger in early_handlers + late_handlers:
            logger.error("stray: handler on %s", logger.name)
        logging.getLogger().warning("stray: handler of the configured root")
        print("stray: printed")
        print("stray: printed to __stdout__", file=sys.__stdout__)
        print("stray: printed to an early reference", file=early_stdout)
        sys.stdout.buffer.write(b"stray: written to the buffer\\n")
        os.write(1, b"stray: written to the descriptor\\n")
        libc.printf(b"stray: printed by C\\n")
        subprocess.run(["/bin/echo", "stray: printed by a child"], check=True)
        os.system("echo stray: printed by a shell")
        thread = threading.Thread(target=print, args=("stray: printed by a thread",))
        thread.start()
        thread.join()
        fork(lambda: os.write(1, b"stray: written by a fork\\n"))
        fork(lambda: print_text("stray: message of a fork"))
        stray_traceback()

    def hook(event, args):
        starts = event == "import" and args[0] == "planhat_singer.command_line"
        if starts or event == "socket.connect":
            print_strays()

    sys.addaudithook(hook)
"""
STRAYS = (
    "printed before the start",
    "printed by C before the start",
    "printed at exit",
    "written at exit",
    "handler on early sys.stdout",
    "handler on early sys.__stdout__",
    "handler on late sys.stdout",
    "handler on late sys.__stdout__",
    "printed",
    "printed to __stdout__",
    "printed to an early reference",
    "written to the buffer",
    "written to the descriptor",
    "printed by C",
    "printed by a child",
    "printed by a shell",
    "printed by a thread",
    "written by a fork",
    "message of a fork",
)
LOGGING = """
    version: 1
    disable_existing_loggers: false
    formatters:
      marked: {format: "logged: %(message)s"}
    handlers:
      stdout: {class: logging.StreamHandler, stream: ext://sys.stdout, formatter: marked}
      original: {class: logging.StreamHandler, stream: ext://sys.__stdout__, formatter: marked}
      device: {class: logging.FileHandler, filename: /dev/stdout, formatter: marked}
    root: {level: DEBUG, handlers: [stdout, original, device]}
"""
COMMANDS = {
    "tap": [
        ["--version"],
        ["--help"],
        ["--about"],
        ["--about", "--format", "json"],
        ["--about", "--format", "markdown"],
        ["--discover"],
        ["--test=schema"],
    ],
    "target": [
        ["--version"],
        ["--help"],
        ["--about"],
        ["--about", "--format", "json"],
        ["--about", "--format", "markdown"],
        ["--check"],
    ],
}
CHILDREN = """
    import os, subprocess, sys, time

    started = False

    def fork():
        child = os.fork()
        if child == 0:
            time.sleep(120)
            os._exit(0)
        return child

    def hook(event, args):
        global started
        if event == "socket.connect" and not started:
            started = True
            children = [subprocess.Popen(["sleep", "120"], close_fds=False).pid, fork()]
            with open("children", "w") as file:
                print(*children, file=file)

    sys.addaudithook(hook)
"""


@pytest.fixture
def noisy(tmp_path):
    """The environment of a process in which everything prints that can."""
    folder = tmp_path / "noise"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(textwrap.dedent(NOISE))
    (folder / "logging.yaml").write_text(textwrap.dedent(LOGGING))
    return {
        "PYTHONPATH": str(folder),
        "PYTHONUNBUFFERED": "",  # what is printed before the start waits in a buffer
        "SINGER_SDK_LOG_CONFIG": str(folder / "logging.yaml"),
    }


@pytest.fixture
def config(sandbox):
    return {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}


@pytest.fixture(params=["tap", "target"])
def name(request):
    return request.param


@pytest.fixture
def plugin(request, name):
    return request.getfixturevalue(name)


@pytest.fixture
def stdin(name, sandbox):
    """What a run reads: the tap three issues of Planhat's, the target these messages."""
    tenant = sandbox.tenant("token-a")
    for number in range(3):
        tenant.insert("issues", {"title": f"issue {number}"})
    company = tenant.insert("companies", {"name": "A company"})["_id"]
    record = {"sourceId": "a", "title": "t", "companyIds": [company]}
    messages = [
        {"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}},
        {"type": "RECORD", "stream": "issues", "record": record},
        {"type": "STATE", "value": {"bookmarks": {"at": 1}}},
    ]
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def assert_only_messages(name, output):
    assert b"stray" not in output
    messages = [json.loads(line) for line in output.splitlines()]
    if name == "target":
        assert messages == [{"bookmarks": {"at": 1}}]
    else:
        assert {message["type"] for message in messages} == {"SCHEMA", "RECORD", "STATE"}
        assert sum(message["type"] == "RECORD" for message in messages) == 3


def assert_every_stray_in(text):
    lines = text.splitlines()
    assert not [stray for stray in STRAYS if f"stray: {stray}" not in lines]
    assert text.count("logged: stray: handler of the configured root") >= 3
    assert text.count("in stray_traceback") >= 2


def test_whatever_prints_during_a_run_prints_to_standard_error(plugin, name, config, stdin, noisy):
    run = plugin(config=config, stdin=stdin, env=noisy)
    assert run.code == 0, run.stderr
    assert_only_messages(name, run.stdout)
    assert_every_stray_in(run.stderr)


def test_whatever_prints_is_lost_if_standard_error_is_closed(plugin, name, config, stdin, noisy):
    """It neither enters the messages nor stops the run."""
    pipes = dict.fromkeys(["stdin", "stdout"], subprocess.PIPE)
    process = plugin.start(config=config, env=noisy, preexec_fn=lambda: os.close(2), **pipes)
    output, _ = process.communicate(stdin, timeout=60)
    assert process.returncode == 0
    assert_only_messages(name, output)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [(name, arguments) for name, commands in COMMANDS.items() for arguments in commands],
)
def test_a_command_prints_what_it_was_asked_for_and_nothing_else(
    plugin, name, arguments, config, noisy
):
    quiet = plugin(*arguments, config=config)
    loud = plugin(*arguments, config=config, env=noisy)
    assert quiet.stdout
    assert (loud.code, loud.stdout) == (quiet.code, quiet.stdout)
    assert "stray: printed by C" in loud.stderr.splitlines()


def test_the_records_of_a_connection_test_are_messages_alone(tap, config, stdin, noisy):
    run = tap("--test", config=config, env=noisy)
    assert run.code == 0
    assert "RECORD" in {message["type"] for message in run.messages}
    assert_every_stray_in(run.stderr)


@pytest.mark.parametrize("arguments", [["--discover"], ["--help"], ["--version"], ["--about"]])
def test_an_answer_that_cannot_be_written_is_a_failure(tap, target, arguments):
    for plugin in (tap, target) if arguments != ["--discover"] else (tap,):
        with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device, not a path of ours
            process = plugin.start(*arguments, stdout=full, stderr=subprocess.PIPE)
            stderr = process.communicate(timeout=60)[1].decode()
        assert process.returncode == 1
        assert "No space left" in stderr.splitlines()[-1]
        assert "Traceback" not in stderr


def test_no_child_process_keeps_the_pipe_open(plugin, name, config, stdin, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(textwrap.dedent(CHILDREN))
    env = {"PYTHONPATH": str(tmp_path)}
    pipes = dict.fromkeys(["stdin", "stdout"], subprocess.PIPE)
    with (tmp_path / "stderr").open("wb") as stderr:  # the children keep it open
        process = plugin.start(config=config, env=env, stderr=stderr, **pipes)
        output, _ = process.communicate(stdin, timeout=60)
    children = [int(pid) for pid in (tmp_path / "children").read_text().split()]
    assert process.returncode == 0, (tmp_path / "stderr").read_text()
    assert_only_messages(name, output)
    assert len(children) == 2
    for child in children:
        os.kill(child, signal.SIGKILL)  # each is still alive


@pytest.mark.parametrize("stand_in", [io.StringIO, lambda: io.TextIOWrapper(io.BytesIO(), "utf-8")])
def test_without_a_guard_lines_go_to_whatever_stands_in_for_standard_output(stand_in):
    with contextlib.redirect_stdout(stand_in()) as output:
        assert stdout.fileno() is None
        stdout.write([b"\xc3\xa9", memoryview(b"\n")])
        stdout.print_text("next")
    output.seek(0)
    assert output.read() == "é\nnext\n"


def test_without_a_guard_lines_go_to_the_descriptor_of_standard_output(capfd):
    stdout.write([b"one\n", b"two\n"])
    assert capfd.readouterr().out == "one\ntwo\n"
