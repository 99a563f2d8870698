"""The command planhat-sandbox as a real process."""

from __future__ import annotations

import errno
import os
import pty
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from importlib import metadata

import pytest
import requests
from last_line import last_line

from planhat_sandbox.__main__ import _start as start
from planhat_sandbox.options import read_options
from planhat_sandbox.server.addresses import explain_listen_error

COMMAND = [sys.executable, "-m", "planhat_sandbox"]
BEARER = {"Authorization": "Bearer token-a"}


@contextmanager
def running(*arguments):
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_only_its_url_and_exits_with_0_on_a_signal(number):
    with running() as (process, url):
        assert requests.get(f"{url}/issues", headers=BEARER, timeout=30).json() == []
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "", "")


def test_tenants_data_faults_behaviours_and_models_on_the_command_line():
    with running(
        "--tenant",
        "token-a=alpha",
        "--tenant",
        "token-b",
        "--seed",
        "issues=7,objectives=0",
        "--seed",
        "tenant-2:issues=0,objectives=3,seed=5",
        "--behave",
        "alpha:default_limit=5",
        "--fault",
        "status,status=429,retry_after=1,nth=2,route=list",
        "--model",
        "forms:surveys",
    ) as (_, url):
        answers = [requests.get(f"{url}/issues", headers=BEARER, timeout=30) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 429, 200]
        assert len(answers[0].json()) == 5
        assert requests.get(f"{url}/surveys", headers=BEARER, timeout=30).json() == []
        other = {"Authorization": "Bearer token-b"}
        assert len(requests.get(f"{url}/objectives", headers=other, timeout=30).json()) == 3
        assert requests.get(f"{url}/gadgets", headers=other, timeout=30).status_code == 404


def test_any_model_can_be_served():
    with running("--any-model") as (_, url):
        item = {"whatever": [1], "sourceId": 5}
        created = requests.post(f"{url}/gizmos", json=item, headers=BEARER, timeout=30).json()
        assert (created["whatever"], created["sourceId"]) == ([1], "5")
        assert requests.get(f"{url}/gizmos", headers=BEARER, timeout=30).json() == [created]


def error_of(arguments):
    """Return why a sandbox with this command line cannot start."""
    with pytest.raises((ValueError, LookupError)) as caught:
        start(read_options(arguments.split())).close()
    return str(caught.value)


def fail(*arguments, **how):
    """Run a command that cannot start; return its one line on stderr, without the command name."""
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=60, **how
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("planhat-sandbox: ")
    return last_line(done.stderr).removeprefix("planhat-sandbox: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--host 0.0.0.0", "loopback only, and '0.0.0.0' is not a loopback address: use 127.0.0.1"),
        ("--host example.com", "loopback only"),
        ("--host=", "loopback only, and '' is"),
        ("--port 70000", "port 70000 does not exist: use one up to 65535, or 0"),
        ("--port -1", "port -1 does not exist"),
        ("--port http", "--port: 'http' is not a whole number"),
        ("--port 80.5", "--port: '80.5' is not a whole number"),
        ("--port=", "--port: '' is not a whole number"),
        ("--port", "argument --port: expected one argument: see planhat-sandbox --help"),
        ("--random-seed x", "--random-seed: 'x' is not a whole number"),
        ("8765", "unrecognized arguments: 8765: see planhat-sandbox --help"),
        ("--prot 8765", "unrecognized arguments: --prot 8765"),
        ("--tenant=", "--tenant: a tenant needs a token"),
        ("--tenant =alpha", "--tenant: a tenant needs a token"),
        ("--tenant a=x --tenant a=y", "--tenant: two tenants share a token or an alias"),
        ("--tenant a=x --tenant b=x", "--tenant: two tenants share a token or an alias"),
        ("--tenant a=x --tenant x", "--tenant: two tenants share a token or an alias"),
        ("--fault earthquake", "no fault is called 'earthquake'"),
        ("--fault=", "no fault is called ''"),
        ("--fault slow,seconds=long", "seconds must be a number"),
        ("--fault slow,seconds=nan", "seconds must be a number from 0 on, not 'nan'"),
        ("--fault slow,seconds=-1", "seconds must be a number from 0 on, not '-1'"),
        ("--fault slow,seconds", "--fault: expected NAME=VALUE, not 'seconds'"),
        ("--fault slow,", "--fault: expected NAME=VALUE, not ''"),
        ("--fault status,status=99", "status must be a number of three digits, not '99'"),
        ("--fault status-after,status=1000", "status must be a number of three digits"),
        ("--fault slow,weight=1", "the fault 'slow' has no option 'weight'; it has seconds"),
        ("--fault slow,options=1", "--fault: a fault has no option 'options'"),
        ("--fault slow,name=status", "--fault: a fault has no option 'name'"),
        ("--fault slow,every=0", "--fault: every must be 1 or more, not 0"),
        ("--fault slow,nth=-1", "--fault: nth must be 1 or more, not -1"),
        ("--fault slow,probability=2", "--fault: probability must be between 0 and 1, not 2.0"),
        ("--fault slow,probability=nan", "--fault: probability must be between 0 and 1"),
        ("--fault slow,route=lists", "--fault: route takes one of list,"),
        ("--fault slow,method=get", "--fault: method takes one of GET, POST, PUT, DELETE"),
        ("--fault slow,model=cows", "no model is called 'cows'; there are issues, objectives"),
        ("--fault slow,tenant=nobody", "there is no such tenant; there are alpha: name one"),
        ("--behave weather=fine", "no behaviour is called 'weather'"),
        ("--behave gzip", "--behave: expected NAME=VALUE, not 'gzip'"),
        ("--behave custom=odd", "custom takes one of merge, replace, not 'odd'"),
        ("--behave default_limit=-5", "default_limit must be 0 or more, not -5"),
        ("--behave nobody:gzip=on", "there is no such tenant"),
        ("--seed nobody:issues=1", "there is no such tenant; there are alpha: name one of these"),
        ("--seed issues=many", "--seed: issues must be a number, not 'many'"),
        ("--seed issues=1.5", "--seed: issues must be a number, not '1.5'"),
        ("--seed issues=-1", "--seed: issues must be 0 or more, not -1"),
        ("--seed issues", "--seed: expected NAME=VALUE, not 'issues'"),
        ("--seed=", "--seed: expected NAME=VALUE, not ''"),
        ("--seed alpha:", "--seed: expected NAME=VALUE, not ''"),
        ("--seed issues=1,issues=2", "--seed: 'issues=1,issues=2' has the same name twice"),
        (
            "--seed cows=3",
            "timesheets, customfields, not cows",
        ),
        ("--model=", "--model: a model is NAME or NAME:PATH"),
        ("--model a/b", "hyphens and underscores, not 'a/b'"),
        ("--model forms:_sandbox", "--model: a model is NAME or NAME:PATH"),
        ("--model issues", "--model: the model issues exists already"),
        ("--model forms:issues", "--model: the model issues exists already"),
        ("--model forms --model forms", "--model: the model forms exists already"),
    ],
)
def test_an_invalid_option_is_explained_in_one_sentence(arguments, message):
    sentence = error_of(arguments)
    assert message in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "arguments", ["--host 0.0.0.0", "--port 70000", "--prot 1", "--seed nobody:issues=1"]
)
def test_an_error_is_one_line_on_standard_error(arguments):
    assert fail(*arguments.split()) == error_of(arguments)


@pytest.mark.parametrize(
    "arguments", ["--tenant s3cr3t=a --tenant s3cr3t=b", "--seed s3cr3t:issues=1"]
)
def test_an_error_never_shows_a_possible_token(arguments):
    assert "s3cr3t" not in error_of(arguments)


def test_a_taken_port_is_named_with_a_remedy(sandbox):
    port = sandbox.url.rpartition(":")[2]
    message = fail("--port", port)
    assert message.startswith(f"port {port} is taken")
    assert "--port 0" in message


def test_a_port_that_is_bound_but_not_listening_is_taken_too():
    """Another program has bound it, on every address, and does not listen yet."""
    with socket.socket() as other:
        other.bind(("", 0))
        port = other.getsockname()[1]
        assert fail("--port", str(port)).startswith(f"port {port} is taken")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (errno.EACCES, "this user is not allowed to listen on port 80: choose one from 1024 on"),
        (errno.EADDRINUSE, "port 80 is taken"),
        (errno.EADDRNOTAVAIL, "this machine has no address 127.0.0.9: use 127.0.0.1"),
        (errno.EAFNOSUPPORT, "this machine has no address 127.0.0.9: use 127.0.0.1"),
        (errno.EMFILE, "cannot listen on port 80 of 127.0.0.9: Too many open files"),
    ],
)
def test_each_reason_why_a_port_cannot_be_used_has_its_sentence(error, message):
    assert explain_listen_error(OSError(error, os.strerror(error)), "127.0.0.9", 80).startswith(
        message
    )


def test_an_ipv6_address_can_be_in_brackets():
    with running("--host", "[::1]") as (_, url):
        assert requests.get(f"{url}/issues", headers=BEARER, timeout=5).json() == []


def test_a_url_that_cannot_be_printed_is_an_error():
    how = {"env": {**os.environ, "PYTHONUNBUFFERED": ""}, "text": True, "timeout": 20}
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a path of ours
        done = subprocess.run(COMMAND, stdout=full, stderr=subprocess.PIPE, check=False, **how)
    assert done.returncode == 1
    assert done.stderr == (
        "planhat-sandbox: cannot print the URL: No space left on device "
        '(see "The sandbox" in docs/troubleshooting.md)\n'
    )


def test_the_version_is_printed_and_nothing_is_served():
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (
        f"planhat-sandbox v{metadata.version('planhat-sync')}\n",
        "",
    )


def test_the_help_is_printed_on_a_terminal_without_unicode():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*COMMAND, "--help"], capture_output=True, text=True, check=True, env=environment
    )
    assert "--fault NAME[,OPTION=VALUE?]" in done.stdout


def test_the_help_fits_a_terminal():
    environment = {**os.environ, "COLUMNS": "80"}
    done = subprocess.run(
        [*COMMAND, "--help"], capture_output=True, text=True, check=True, env=environment
    )
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("variables", "is_red"), [({"TERM": "xterm"}, True), ({"NO_COLOR": "1"}, False)]
)
def test_why_it_cannot_start_is_red_on_a_terminal(variables, is_red):
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", **variables}
    subprocess.run([*COMMAND, "--port", "x"], stderr=slave, check=False, env=environment)
    os.close(slave)
    seen = os.read(master, 4096).decode().strip()
    os.close(master)
    assert seen.startswith("\x1b[31mplanhat-sandbox: " if is_red else "planhat-sandbox: ")
    assert ("\x1b" in seen) is is_red
