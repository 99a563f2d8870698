"""Minimal Airbyte connectors, correct or with one defect each: `python FILE NAME FOLDER`.

A source has 1,000 records of the stream `things` and none of `others`; with `--state` it goes on
from the number in the state of `things`. A destination stores record number n as a file.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

RECORDS, STATE_EVERY = 1000, 200
PAUSE_SECONDS = 0.002
"""After each record, where a kill is to come before the last one."""


def emit(message: dict[str, object]) -> None:
    """Write one complete line to standard output."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def record(n: int, stream: str = "things") -> None:
    """Emit a record."""
    data = {"id": n, "text": "x" * 100}
    emit({"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1}})


def status(stream: str, value: str) -> None:
    """Emit the status of a stream."""
    of_stream = {"stream_descriptor": {"name": stream}, "status": value}
    trace = {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": of_stream}
    emit({"type": "TRACE", "trace": trace})


def state(stream: str, value: object, count: float) -> None:
    """Emit a state of a stream."""
    of_stream = {"stream_descriptor": {"name": stream}, "stream_state": value}
    stats = {"recordCount": count}
    emit({"type": "STATE", "state": {"type": "STREAM", "stream": of_stream, "sourceStats": stats}})


def start() -> int:
    """Read the state, and return the number of the first record; end the run if it is wrong."""
    if "--state" not in sys.argv:
        return 0
    text = Path(sys.argv[sys.argv.index("--state") + 1]).read_text()
    try:
        states = {each["stream"]["stream_descriptor"]["name"]: each for each in json.loads(text)}
    except ValueError as error:
        wrong = {"message": f"wrong state: {error}", "failure_type": "config_error"}
        emit({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1, "error": wrong}})
        sys.exit(1)
    return int(states["things"]["stream"]["stream_state"]["next"]) if "things" in states else 0


def things(first: int, copies: int = 1) -> None:
    """Emit the records of `things`, each of them `copies` times, and states among them."""
    status("things", "STARTED")
    status("things", "RUNNING")
    for n in range(first, RECORDS):
        for _ in range(copies):
            record(n)
        if (n + 1 - first) % STATE_EVERY == 0 and n + 1 < RECORDS:
            state("things", {"next": n + 1}, float(STATE_EVERY * copies))
    left = (RECORDS - first - 1) % STATE_EVERY + 1 if first < RECORDS else 0
    state("things", {"next": RECORDS}, float(left * copies))
    status("things", "COMPLETE")


def others() -> None:
    """Emit what belongs to a stream without records."""
    status("others", "STARTED")
    state("others", {"empty": True}, 0.0)
    status("others", "COMPLETE")


def correct_source(folder: Path) -> None:
    """Emit each record once, and a state after every 200 of them."""
    first = start()
    emit({"type": "LOG", "log": {"level": "INFO", "message": "hello"}})
    others()
    things(first)


def black_hole_source(folder: Path) -> None:
    """Emit states and statuses, and no records: passes the CDK's standard tests."""
    start()
    others()
    status("things", "STARTED")
    state("things", {"next": RECORDS}, 0.0)
    status("things", "COMPLETE")


def doubling_source(folder: Path) -> None:
    """Emit each record twice."""
    others()
    things(start(), copies=2)


def early_source(folder: Path) -> None:
    """Emit the state before the records that it covers."""
    first = start()
    others()
    status("things", "STARTED")
    status("things", "RUNNING")
    state("things", {"next": RECORDS}, 0.0)
    for n in range(first, RECORDS):
        record(n)
    status("things", "COMPLETE")


def careless_source(folder: Path) -> None:
    """Continue at the number in the state plus one: the first record after a state is lost."""
    first = start()
    others()
    things(first + 1 if first else 0)


def draining_source(folder: Path) -> None:
    """Emit the newest state on SIGTERM, without the records before it."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    others()
    status("things", "STARTED")
    for n in range(start(), RECORDS):
        if ended:
            break
        record(n)
    state("things", {"next": RECORDS}, float(RECORDS))


def hopeful_source(folder: Path) -> None:
    """Print COMPLETE on SIGTERM."""

    def finish(*_: object) -> None:
        emit({"type": "LOG", "log": {"level": "INFO", "message": "ended"}})
        status("things", "COMPLETE")
        os._exit(143)

    signal.signal(signal.SIGTERM, finish)
    correct_source(folder)


def polite_source(folder: Path) -> None:
    """Exit 0 on SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    correct_source(folder)


def swallowing_source(folder: Path) -> None:
    """Treat a broken pipe as the end of the run."""
    try:
        correct_source(folder)
    except BrokenPipeError:
        os._exit(0)


def chatty_source(folder: Path) -> None:
    """Print something for people."""
    sys.stdout.write("hello\n")
    correct_source(folder)


def deaf_source(folder: Path) -> None:
    """Read everything if the state cannot be read."""
    others()
    things(0)


def stateless_source(folder: Path) -> None:
    """Emit no state of a stream that is empty."""
    things(start())
    status("others", "STARTED")
    status("others", "COMPLETE")


def stuttering_source(folder: Path) -> None:
    """Emit the last state twice."""
    correct_source(folder)
    state("things", {"next": RECORDS}, 0.0)


def null_source(folder: Path) -> None:
    """Emit a state that is null."""
    others()
    state("things", None, 0.0)
    things(start())


def totalling_source(folder: Path) -> None:
    """Count in each state the records since the beginning."""
    others()
    status("things", "STARTED")
    status("things", "RUNNING")
    for n in range(RECORDS):
        record(n)
        if (n + 1) % STATE_EVERY == 0:
            state("things", {"next": n + 1}, float(n + 1))
    status("things", "COMPLETE")


def quiet_source(folder: Path) -> None:
    """Emit no COMPLETE."""
    others()
    status("things", "STARTED")
    status("things", "RUNNING")
    for n in range(RECORDS):
        record(n)
    state("things", {"next": RECORDS}, float(RECORDS))


class Destination:
    """A correct destination; each defect is a subclass that overrides a step.

    It stores each record at once and returns each state at once; it rejects what has no id.

    Args:
        folder: Where it stores.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stored: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.numbers: list[int] = []
        self.messages: list[dict[str, object]] = []

    def run(self) -> None:
        """Read messages to the end."""
        for line in sys.stdin:
            message = json.loads(line)
            if message["type"] == "RECORD":
                self.take(message["record"])
            elif message["type"] == "STATE":
                self.acknowledge(message)
        self.end()

    def take(self, message: dict[str, object]) -> None:
        """Store or reject a record."""
        if "id" not in message["data"]:
            self.rejected[message["stream"]] += 1
            return
        self.stored[message["stream"]] += 1
        self.store(message["data"]["id"])

    def store(self, n: int) -> None:
        """Hold a record: the same number is the same record."""
        (self.folder / f"{n}").write_text("")

    def acknowledge(self, message: dict[str, object]) -> None:
        """Return a state with what was counted since the one before it."""
        stream = message["state"]["stream"]["stream_descriptor"]["name"]
        message["state"]["destinationStats"] = self.stats(stream)
        emit(message)

    def stats(self, stream: str) -> dict[str, float]:
        """Count the records of a stream since its last state."""
        return {
            "recordCount": float(self.stored.pop(stream, 0)),
            "rejectedRecordCount": float(self.rejected.pop(stream, 0)),
        }

    def end(self) -> None:
        """Do what is left at the end of the input."""


class BlackHole(Destination):
    """Discard everything and return every state."""

    def store(self, n: int) -> None:
        """Do nothing."""


class Eager(Destination):
    """Return states at once, store at the end."""

    def store(self, n: int) -> None:
        """Keep it in memory."""
        self.numbers.append(n)

    def end(self) -> None:
        """Store what was kept, once whoever reads the states has seen them."""
        time.sleep(1)
        for n in self.numbers:
            super().store(n)
            time.sleep(PAUSE_SECONDS)


class Doubling(Destination):
    """Store each record under a name of its own, and return states at the end.

    A run after a killed one stores them a second time.
    """

    def store(self, n: int) -> None:
        """Hold it once more."""
        (self.folder / f"{n}.{os.getpid()}").write_text("")
        time.sleep(PAUSE_SECONDS)

    def acknowledge(self, message: dict[str, object]) -> None:
        """Keep the state."""
        self.messages.append(message)

    def end(self) -> None:
        """Return the states."""
        for message in self.messages:
            super().acknowledge(message)


class Waiting(Doubling):
    """Store each record once, and return states at the end of the input."""

    def store(self, n: int) -> None:
        """Hold it once."""
        Destination.store(self, n)


class Merging(Waiting):
    """Return only the newest state of each stream, as a Singer target does."""

    def end(self) -> None:
        """Return the newest states."""
        newest = {m["state"]["stream"]["stream_descriptor"]["name"]: m for m in self.messages}
        for message in newest.values():
            Destination.acknowledge(self, message)


class Reversing(Merging):
    """Return all states at the end, the newest first."""

    def end(self) -> None:
        """Return the states, the last one first."""
        for message in reversed(self.messages):
            Destination.acknowledge(self, message)


class Trimming(Destination):
    """Return of a state only what the protocol names."""

    def acknowledge(self, message: dict[str, object]) -> None:
        """Leave out what is not known."""
        del message["state"]["id"]
        super().acknowledge(message)


class Rounding(Destination):
    """Read the numbers of states as floats."""

    def acknowledge(self, message: dict[str, object]) -> None:
        """Round a number."""
        value = message["state"]["stream"]["stream_state"]
        value["large"] = int(float(value["large"]))
        super().acknowledge(message)


class Totalling(Destination):
    """Count the records since the beginning."""

    def stats(self, stream: str) -> dict[str, float]:
        """Count the records of a stream."""
        return {"recordCount": float(self.stored[stream])}


class Integral(Destination):
    """Count without a decimal point."""

    def stats(self, stream: str) -> dict[str, float]:
        """Count the records of a stream in integers."""
        return {name: int(count) for name, count in super().stats(stream).items()}


class Silent(Destination):
    """Count rejected records as stored."""

    def stats(self, stream: str) -> dict[str, float]:
        """Count all records."""
        return {"recordCount": sum(super().stats(stream).values())}


class Polite(Destination):
    """Exit 0 on SIGTERM, as if all were done."""

    def run(self) -> None:
        """Expect SIGTERM."""
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        super().run()


class Chatty(Destination):
    """Print something for people."""

    def run(self) -> None:
        """Greet."""
        sys.stdout.write("hello\n")
        super().run()


if __name__ == "__main__":
    toy, path = globals()[sys.argv[1]], Path(sys.argv[2])
    toy(path).run() if isinstance(toy, type) else toy(path)
