"""The command planhat-sandbox as a real process."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests

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
def test_it_prints_its_url_and_nothing_else_and_ends_well_on_a_signal(number):
    with running() as (process, url):
        assert requests.get(f"{url}/issues", headers=BEARER, timeout=5).json() == []
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")


def test_tenants_data_faults_behaviours_and_models_come_by_command_line():
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
        "nps:surveys",
    ) as (_, url):
        answers = [requests.get(f"{url}/issues", headers=BEARER, timeout=5) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 429, 200]
        assert len(answers[0].json()) == 5
        assert requests.get(f"{url}/surveys", headers=BEARER, timeout=5).json() == []
        other = {"Authorization": "Bearer token-b"}
        assert len(requests.get(f"{url}/objectives", headers=other, timeout=5).json()) == 3
        assert requests.get(f"{url}/projects", headers=other, timeout=5).status_code == 404


def test_any_model_may_be_served():
    with running("--any-model") as (_, url):
        item = {"whatever": [1], "sourceId": 5}
        created = requests.post(f"{url}/gizmos", json=item, headers=BEARER, timeout=5).json()
        assert (created["whatever"], created["sourceId"]) == ([1], "5")
        assert requests.get(f"{url}/gizmos", headers=BEARER, timeout=5).json() == [created]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "loopback"),  # noqa: S104 - it is refused
        (["--fault", "earthquake"], "no fault is called 'earthquake'"),
        (["--fault", "slow,seconds=long"], "seconds is a number"),
        (["--behave", "weather=fine"], "no behaviour is called 'weather'"),
        (["--behave", "nobody:gzip=on"], "there is no such tenant"),
        (["--seed", "nobody:issues=1"], "there is no such tenant"),
        (["--seed", "issues=many"], "issues is a number, not 'many'"),
        (["--seed", "cows=3"], "cows"),
    ],
)
def test_what_it_cannot_do_it_says_in_a_sentence(arguments, said):
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=20
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("planhat-sandbox: ")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_said(sandbox):
    port = sandbox.url.rpartition(":")[2]
    done = subprocess.run(
        [*COMMAND, "--port", port], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 1
    assert "in use" in done.stderr
