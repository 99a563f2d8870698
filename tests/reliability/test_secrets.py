"""No plugin or connector shows or stores the token, or sends it to another host."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
import time

import pytest
from raw_server import http, raw_server

from reliability.airbyte import AirbytePair

TOKEN = "s3cr3t-t0k3n/with+signs=0123"  # noqa: S105 - made up
FORMS = (TOKEN, base64.b64encode(f"{TOKEN}:".encode()).decode())
INPUT = b"".join(
    json.dumps(message).encode() + b"\n"
    for message in (
        {"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}},
        {"type": "RECORD", "stream": "issues", "record": {"sourceId": "a", "title": "a"}},
        {"type": "RECORD", "stream": "issues", "record": {"title": "no key"}},
        {"type": "STATE", "value": {"bookmarks": {"issues": 1}}},
    )
)
AIRBYTE_INPUT = b"".join(
    json.dumps(
        {"type": "RECORD", "record": {"stream": "issues", "data": data, "emitted_at": 1}}
    ).encode()
    + b"\n"
    for data in ({"sourceId": "a", "title": "a"}, {"title": "no key"})
)
AIRBYTE = AirbytePair()


@pytest.fixture
def servers():
    with raw_server() as planhat, raw_server() as elsewhere:
        elsewhere.answer_with(then=http(b"[]"))
        yield planhat, elsewhere


def answer(kind, elsewhere) -> bytes:
    echo = json.dumps({"message": f"bad token {TOKEN} or {FORMS[1]}", "error": TOKEN}).encode()
    return {
        "401": http(echo, "401 X"),
        "400": http(echo, "400 X"),
        "403": http(echo, "403 X"),
        "503": http(echo, "503 X", retry_after=TOKEN),
        "redirect": http(echo, "307 X", location=f"{elsewhere.url}/issues?token={TOKEN}"),
        "header": http(echo, "418 X", set_cookie=TOKEN, www_authenticate=FORMS[1]),
        "not json": http(f"<html>{TOKEN} {FORMS[1]}</html>".encode()),
    }[kind]


def assert_no_secret(text: str) -> None:
    for form in FORMS:
        assert form not in text


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("401", "environment"),
        *((k, "config") for k in ("400", "403", "503", "redirect", "header", "not json")),
    ],
)
@pytest.mark.parametrize("plugin", ["tap", "target"])
def test_an_answer_that_echoes_the_token_makes_nobody_show_it(
    request, servers, tmp_path, plugin, kind, where
):
    planhat, elsewhere = servers
    planhat.answer_with(then=answer(kind, elsewhere))
    config = {"api_url": planhat.url, "requests_per_minute": 0, "retry_budget_seconds": 1}
    if plugin == "target":
        config |= {
            "on_reject": "continue",
            "rejects_path": str(tmp_path / "rejects.jsonl"),
            "summary_path": str(tmp_path / "summary.json"),
        }
    env = {"LOGLEVEL": "DEBUG", f"{plugin.upper()}_PLANHAT_LOGLEVEL": "DEBUG"}
    arguments = []
    if where == "config":
        config["api_token"] = TOKEN
    else:
        env[f"{plugin.upper()}_PLANHAT_API_TOKEN"] = TOKEN
        arguments = ["--config", "ENV"]
    ran = request.getfixturevalue(plugin)(
        *arguments, config=config, env=env, stdin=INPUT if plugin == "target" else b""
    )
    assert planhat.requests
    assert not elsewhere.connections, "a redirect is never followed"
    assert_no_secret(ran.stderr + ran.stdout.decode())
    for message in ran.messages:  # pure at log level DEBUG too
        assert "bookmarks" in message or message["type"] in ("SCHEMA", "RECORD", "STATE")
    for file in ("rejects.jsonl", "summary.json"):
        path = tmp_path / file
        if path.exists():
            assert_no_secret(path.read_text())
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    if plugin == "target":
        assert (tmp_path / "summary.json").exists()


@pytest.mark.parametrize("role", ["source", "destination"])
@pytest.mark.parametrize(
    "kind",
    [
        "400",
        *(
            pytest.param(kind, marks=pytest.mark.slow)
            for kind in ("401", "403", "503", "redirect", "header", "not json")
        ),
    ],
)
def test_an_answer_that_echoes_the_token_makes_no_airbyte_connector_show_it(
    servers, tmp_path, role, kind
):
    planhat, elsewhere = servers
    planhat.answer_with(then=answer(kind, elsewhere))
    settings = {"api_url": planhat.url, "requests_per_minute": 0, "retry_budget_seconds": 1}
    settings["api_token"] = TOKEN
    if role == "source":
        command = AIRBYTE.reader_command(tmp_path, settings, None)
    else:
        rejects = {"on_reject": "continue", "rejects_path": str(tmp_path / "rejects.jsonl")}
        command = AIRBYTE.writer_command(tmp_path, settings | rejects)
    ran = subprocess.run(
        [*command, "--debug"], input=AIRBYTE_INPUT, capture_output=True, timeout=60, check=False
    )
    assert planhat.requests
    assert not elsewhere.connections, "a redirect is never followed"
    assert_no_secret((ran.stderr + ran.stdout).decode())
    for line in ran.stdout.splitlines():  # pure at log level DEBUG too
        assert json.loads(line)["type"] in ("LOG", "STATE", "TRACE")
    if (tmp_path / "rejects.jsonl").exists():
        assert_no_secret((tmp_path / "rejects.jsonl").read_text())


@pytest.mark.parametrize("plugin", ["tap", "target"])
@pytest.mark.parametrize("how", ["json", "markdown"])
def test_about_tells_no_token(request, plugin, how):
    env = {f"{plugin.upper()}_PLANHAT_API_TOKEN": TOKEN}
    ran = request.getfixturevalue(plugin)(
        "--about", "--format", how, config={"api_token": TOKEN}, env=env
    )
    assert ran.code == 0
    assert_no_secret(ran.stderr + ran.stdout.decode())


@pytest.mark.parametrize("plugin", ["tap", "target"])
def test_the_title_of_the_process_tells_no_token(request, servers, plugin):
    planhat, _ = servers
    planhat.answer_with(then=lambda _: time.sleep(5))
    config = {"api_url": planhat.url, "api_token": TOKEN}
    process = request.getfixturevalue(plugin).start(
        config=config,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.stdin.write(INPUT)
        process.stdin.close()
        for _ in range(600):
            if planhat.requests:
                break
            time.sleep(0.05)
        with open(f"/proc/{process.pid}/cmdline") as file:  # noqa: PTH123 - not a file for paths
            assert_no_secret(file.read())
    finally:
        process.kill()
        process.wait()
