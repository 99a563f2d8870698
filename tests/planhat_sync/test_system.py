"""Whoever gives a run a `System` of its own sees everything that the run does outside itself.

The stand-ins here live in September 2001, keep files in another folder and mark their threads: what
goes around them shows another year, another file or another thread.
"""

from __future__ import annotations

import io
import json
import threading

import pytest

from airbyte_planhat.destination.write import write
from airbyte_planhat.source.read import read
from airbyte_planhat.specification import DESTINATION_SCHEMA, SOURCE_SCHEMA
from planhat_sync import Planhat
from planhat_sync.api.http.wire import Wire
from planhat_sync.runtime.clock import Clock
from planhat_sync.runtime.config_errors import checked_settings
from planhat_sync.runtime.files import Files
from planhat_sync.runtime.signals import Stop
from planhat_sync.runtime.threads import Threads
from planhat_sync.system import System
from tap_planhat.tap import TapPlanhat
from target_planhat.target import TargetPlanhat

SEPTEMBER_2001 = 1_000_000_000
MARK = "stand-in: "


class ClockOf2001(Clock):
    def __init__(self, asked):
        self._asked = asked
        self._began = super().now()

    def now(self):
        self._asked.add("now")
        return super().now() - self._began

    def epoch(self):
        return SEPTEMBER_2001 + self.now()

    def wait(self, stop, seconds):
        self._asked.add("wait")
        return super().wait(stop, seconds)


class MarkedThreads(Threads):
    def __init__(self, asked):
        self._asked = asked

    def lock(self):
        self._asked.add("lock")
        return super().lock()

    def condition(self):
        self._asked.add("condition")
        return super().condition()

    def start(self, work, name):
        self._asked.add(name)
        super().start(work, MARK + name)

    def pool(self, count, name):
        self._asked.add(name)
        return super().pool(count, MARK + name)

    def wait(self, futures, seconds=None):
        self._asked.add("wait for work")
        return super().wait(futures, seconds)


class MovedFiles(Files):
    """The files of a run, in another folder than where it writes them."""

    def __init__(self, folder):
        self.folder = folder

    def open(self, path, *, new=False):
        return super().open(self.folder / path.name, new=new)

    def is_open_as(self, descriptor, path):
        return super().is_open_as(descriptor, self.folder / path.name)

    def sync_folder(self, folder):
        super().sync_folder(self.folder)

    def replace(self, path, data):
        super().replace(self.folder / path.name, data)


class MarkedWire(Wire):
    """Sends over HTTP, and fails in a thread that is not marked, unless it made this."""

    def __init__(self, connection, *, width, clock):
        super().__init__(connection, width=width, clock=clock)
        self._maker = threading.current_thread()

    def exchange(self, request):
        thread = threading.current_thread()
        assert thread is self._maker or thread.name.startswith(MARK)
        return super().exchange(request)


class StandIns:
    """A system, and what was asked of it."""

    def __init__(self, folder):
        self.asked = set()
        self.lines = []
        self.wires = []
        self.files = MovedFiles(folder)
        self.system = System(
            clock=ClockOf2001(self.asked),
            threads=MarkedThreads(self.asked),
            files=self.files,
            write=lambda lines: self.lines.extend(b"".join(lines).splitlines()),
            wire=self._wire,
        )

    def _wire(self, connection, *, width, clock):
        self.wires.append(MarkedWire(connection, width=width, clock=clock))
        return self.wires[-1]

    @property
    def messages(self):
        return [json.loads(line) for line in self.lines]

    def of(self, kind):
        return [message for message in self.messages if message["type"] == kind]


@pytest.fixture
def stand_ins(tmp_path, capfd):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    made = StandIns(folder)
    yield made
    assert capfd.readouterr().out == ""
    assert len(made.wires) == 1


@pytest.fixture
def config(sandbox):
    """Settings for the sandbox's first tenant, which has three issues."""
    sandbox.tenant("token-a").insert("companies", {"_id": COMPANY, "name": "c"})
    for number in range(3):
        sandbox.tenant("token-a").insert("issues", {"title": str(number)})
    return {
        "api_token": "token-a",
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "progress": "lines",
        "concurrency": 2,
    }


@pytest.fixture
def writing(config, tmp_path):
    """The same for a run that rejects a record and writes files."""
    return {
        **config,
        "match_on": ["sourceId"],
        "skip_unchanged": True,
        "check_custom_fields": True,
        "on_reject": "continue",
        "rejects_path": str(tmp_path / "rejects.jsonl"),
        "summary_path": str(tmp_path / "summary.json"),
    }


COMPANY = "5f" + 22 * "0"
GOOD = {"title": "a", "sourceId": "1", "companyIds": [COMPANY]}
BAD = {"title": ["not a text"], "sourceId": "2"}
READING = {"now", "wait", "condition", "progress", "planhat-pages"}
WRITING = {*READING, "lock", "wait for work", "writer"}


def are_of_2001(milliseconds):
    """Whether there are times, all within minutes of the beginning."""
    times = [time / 1000 - SEPTEMBER_2001 for time in milliseconds]
    return bool(times) and 0 <= min(times) <= max(times) < 600


def check_files(stand_ins, tmp_path):
    """Check that the files of a run that rejects one record are all where they were moved to."""
    assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]
    lines = (stand_ins.files.folder / "rejects.jsonl").read_bytes().splitlines()
    [reject] = [line["reject"] for line in map(json.loads, lines) if "reject" in line]
    assert reject["rejected_at"].startswith("2001-09-09T01:46")
    summary = json.loads((stand_ins.files.folder / "summary.json").read_bytes())
    assert summary["result"] == "done"


def test_the_target_uses_its_system_alone(stand_ins, writing, tmp_path):
    messages = [
        {"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}},
        *({"type": "RECORD", "stream": "issues", "record": record} for record in (GOOD, BAD)),
        {"type": "STATE", "value": {"bookmarks": {}}},
    ]
    source = io.BytesIO(b"".join(json.dumps(each).encode() + b"\n" for each in messages))
    TargetPlanhat(config=writing, system=stand_ins.system).listen(source)
    assert stand_ins.messages == [{"bookmarks": {}}]
    check_files(stand_ins, tmp_path)
    assert stand_ins.asked == WRITING


@pytest.mark.parametrize("maps", [None, {"objectives": {"copied": "_id"}}])
def test_the_tap_uses_its_system_alone(stand_ins, config, sandbox, maps):
    sandbox.tenant("token-a").insert("objectives", {"name": "o"})
    config |= {"emit_activate_version_messages": True, "page_size": 2}
    config |= {"stream_maps": maps} if maps else {}
    TapPlanhat(config=config, system=stand_ins.system).run()
    records = stand_ins.of("RECORD")
    assert len(records) == 4
    assert all(each["time_extracted"].startswith("2001-09-09T01:46") for each in records)
    versions = [each["version"] for each in stand_ins.of("ACTIVATE_VERSION")]
    assert are_of_2001(version * 1000 for version in versions)
    assert stand_ins.asked == READING


def test_deletions_are_detected_by_the_clock_of_the_system(stand_ins, config, sandbox):
    tap = TapPlanhat(config={**config, "detect_deletes": True}, system=stand_ins.system)
    tap.run()
    assert '"2001-09-09T01:46' in json.dumps(stand_ins.of("STATE")[-1])
    assert len(sandbox.tenant("token-a").records("issues")) == 3


def configured(*columns):
    """The content of a catalog of issues."""
    stream = {"name": "issues", "json_schema": {"properties": {column: {} for column in columns}}}
    modes = {"sync_mode": "full_refresh", "destination_sync_mode": "append_dedup"}
    return json.dumps({"streams": [{"stream": stream, **modes}]}).encode()


def test_the_source_uses_its_system_alone(stand_ins, config):
    checked, _ = checked_settings(SOURCE_SCHEMA, config)
    read(checked, Stop("source-planhat"), configured("title"), b"", stand_ins.system)
    records, traces = stand_ins.of("RECORD"), stand_ins.of("TRACE")
    assert len(records) == 3
    assert are_of_2001(each["record"]["emitted_at"] for each in records)
    assert are_of_2001(each["trace"]["emitted_at"] for each in traces)
    assert stand_ins.asked == READING


def test_the_failure_of_a_stream_is_written_to_the_system(stand_ins, config, sandbox):
    sandbox.fault("status", status=403)
    checked, _ = checked_settings(SOURCE_SCHEMA, config)
    with pytest.raises(Exception, match="not read to the end"):
        read(checked, Stop("source-planhat"), configured("title"), b"", stand_ins.system)
    errors = [each["trace"] for each in stand_ins.of("TRACE") if "error" in each["trace"]]
    assert are_of_2001(each["emitted_at"] for each in errors)


def test_the_destination_uses_its_system_alone(stand_ins, writing, tmp_path):
    state = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "issues"}}}
    messages = [
        *({"type": "RECORD", "record": {"stream": "issues", "data": each}} for each in (GOOD, BAD)),
        {"type": "STATE", "state": state},
    ]
    source = io.BytesIO(b"".join(json.dumps(each).encode() + b"\n" for each in messages))
    checked, _ = checked_settings(DESTINATION_SCHEMA, writing)
    stop = Stop("destination-planhat")
    write(checked, stop, configured(*GOOD), source, stand_ins.system)
    assert len(stand_ins.of("STATE")) == 1
    check_files(stand_ins, tmp_path)
    assert stand_ins.asked == WRITING


def test_the_python_class_uses_its_system_alone(stand_ins, config):
    class PlanhatOf2001(Planhat):
        _system = stand_ins.system

    with PlanhatOf2001("token-a", api_url=config["api_url"], requests_per_minute=0) as planhat:
        assert len(list(planhat.read("issues"))) == 3
        result = planhat.write("issues", [GOOD], concurrency=2, skip_unchanged=True)
        assert result.created == 1
        deleted = planhat.delete("issues", [{"sourceId": "1"}])
        assert deleted.deleted == 1
    assert stand_ins.asked == {*WRITING, "planhat-write"} - {"progress"}
