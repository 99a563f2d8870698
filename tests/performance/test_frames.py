"""The call stack from `main` to the socket is short in the plugins and the Airbyte connectors.

Only frames of our own packages count, not those of the SDK, Click, Requests or Python. Each
runs as a process whose `sitecustomize` records the stacks each time bytes are sent.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from reliability.airbyte import AirbytePair

PROJECT = Path(__file__).parents[2]
OURS = tuple(
    f"{PROJECT / package}/"
    for package in (
        "planhat_sync",
        "planhat_singer",
        "tap_planhat",
        "target_planhat",
        "airbyte_planhat",
    )
)
READER_FRAMES = 20  # two more than while it waits, since it may be seen starting a thread
WORKER_FRAMES = 9
WRITER_FRAMES = 18

# A profile function sees each call of a C function in each thread, so nothing needs to be patched.
SITECUSTOMIZE = """
import atexit, json, os, sys, threading

deepest = {"main": [], "worker": []}
ours = tuple(json.loads(os.environ["OUR_PACKAGES"]))
main = threading.main_thread().ident


def record(role, frame):
    stack = []
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(ours) and code.co_name != "<module>":
            stack.append(f"{code.co_filename}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    if len(stack) > len(deepest[role]):
        deepest[role] = stack[::-1]


def profile(frame, event, function):
    if event == "c_call" and getattr(function, "__name__", "") == "sendall":
        if threading.get_ident() != main:
            record("worker", frame)
            frame = sys._current_frames()[main]
        record("main", frame)


def report():
    with open(os.environ["STACKS_PATH"], "w") as file:
        json.dump(deepest, file)


atexit.register(report)
threading.setprofile(profile)
sys.setprofile(profile)
"""


@pytest.fixture
def stacks(tmp_path):
    """The deepest stacks of the main thread and of any other, while requests are sent."""

    def run(command, stdin=""):
        (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE)
        path = tmp_path / "stacks.json"
        env = {
            "PYTHONPATH": str(tmp_path),
            "OUR_PACKAGES": json.dumps(OURS),
            "STACKS_PATH": str(path),
        }
        ended = subprocess.run(
            command,
            input=stdin,
            text=True,
            env=os.environ | env,
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        deepest = json.loads(path.read_text())
        for role, stack in deepest.items():
            print(f"{role}: {len(stack)} frames of our own", *stack, sep="\n  ")  # noqa: T201
        return deepest["main"], deepest["worker"]

    return run


@pytest.fixture
def config(sandbox):
    return {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}


@pytest.mark.parametrize("bookmark", [None, "2026-01-02T00:00:00.000Z"])
def test_the_tap_waits_for_a_page_in_few_frames(stacks, tap, config, sandbox, tmp_path, bookmark):
    """The main thread waits for a page, or writes one, while a worker thread sends."""
    tenant = sandbox.tenant("token-a")
    for day in range(1, 10):
        tenant.insert("issues", {"title": "t", "updatedAt": f"2026-01-0{day}T00:00:00.000Z"})
        tenant.insert("objectives", {"name": "o"})
    entry = {"replication_key": "updatedAt", "replication_key_value": bookmark}
    state = {"bookmarks": {"issues": entry if bookmark else {}}}
    (tmp_path / "state.json").write_text(json.dumps(state))
    settings = {**config, "page_size": 3}
    main, worker = stacks(tap.command("--state", "state.json", config=settings))
    assert 0 < len(main) <= READER_FRAMES
    assert 0 < len(worker) <= WORKER_FRAMES


def test_the_target_sends_in_few_frames(stacks, target, config, sandbox):
    company = sandbox.tenant("token-a").insert("companies", {"name": "c"})["_id"]
    record = {"title": "t", "companyIds": [company]}
    schema = {"type": "object", "properties": {"sourceId": {"type": "string"}}}
    messages = [
        {"type": "SCHEMA", "stream": "issues", "schema": schema, "key_properties": ["sourceId"]},
        *(
            {"type": "RECORD", "stream": "issues", "record": {**record, "sourceId": f"{n}"}}
            for n in range(5)
        ),
        {"type": "STATE", "value": {"bookmarks": {}}},
    ]
    lines = "".join(json.dumps(message) + "\n" for message in messages)
    main, worker = stacks(target.command(config={**config, "batch_size_rows": 2}), lines)
    assert 0 < len(main) <= WRITER_FRAMES
    assert not worker, "at concurrency 1 the main thread sends"


def test_the_source_waits_for_a_page_in_few_frames(stacks, config, sandbox, tmp_path):
    tenant = sandbox.tenant("token-a")
    for _ in range(9):
        tenant.insert("issues", {"title": "t"})
    command = AirbytePair().reader_command(tmp_path, {**config, "page_size": 3}, None)
    main, worker = stacks(command)
    assert 0 < len(main) <= READER_FRAMES
    assert 0 < len(worker) <= WORKER_FRAMES


def test_the_destination_sends_in_few_frames(stacks, config, sandbox, tmp_path):
    company = sandbox.tenant("token-a").insert("companies", {"name": "c"})["_id"]
    lines = ""
    for n in range(5):
        data = {"title": "t", "companyIds": [company], "sourceId": f"{n}"}
        record = {"stream": "issues", "data": data, "emitted_at": 1}
        lines += json.dumps({"type": "RECORD", "record": record}) + "\n"
    command = AirbytePair().writer_command(tmp_path, {**config, "batch_size_rows": 2})
    main, worker = stacks(command, lines)
    assert 0 < len(main) <= WRITER_FRAMES
    assert not worker, "at concurrency 1 the main thread sends"
