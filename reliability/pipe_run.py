"""One run of the pipe: what was written, and what is wrong with it whatever the outcome."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, field

import msgspec

from reliability.world import COPY, SOURCE

MESSAGES = {"SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION"}
MOST_PROBLEMS = 5


@dataclass
class PipeRun:
    """How one run of the pipe ended, and what was written.

    Lines are checked when they arrive, so that a run of millions need not keep them.

    Attributes:
        keeps: Whether the lines are kept.
        tap_code: Exit code of the tap.
        target_code: Exit code of the target.
        emitted: How many records the tap emitted.
        fed: Lines that the target was given, if they are kept.
        states: Lines of the target's standard output.
        tap_errors: The tap's standard error.
        target_errors: The target's standard error.
    """

    keeps: bool = True
    tap_code: int = 0
    target_code: int = 0
    emitted: int = 0
    fed: list[bytes] = field(default_factory=list)
    states: list[bytes] = field(default_factory=list)
    tap_errors: str = ""
    target_errors: str = ""
    _odd: list[bytes] = field(default_factory=list)
    _rest: bytes = b""
    _has_token: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether both plugins exited with 0."""
        return self.tap_code == 0 and self.target_code == 0

    def emits(self, line: bytes) -> None:
        """Record a line of the tap's standard output."""
        self._has_token |= _contains_token(line)
        if not line.endswith(b"\n"):
            self._rest = line
            return
        kind = _kind(line)
        self.emitted += kind == "RECORD"
        if kind not in MESSAGES and len(self._odd) < MOST_PROBLEMS:
            self._odd.append(line)

    def feeds(self, line: bytes) -> None:
        """Record a line that the target is given."""
        if self.keeps:
            self.fed.append(line)

    def problems(self) -> list[str]:
        """Return what is wrong with what was written, whatever the outcome of the run."""
        odd = list(self._odd)
        if self._rest and self.tap_code != -signal.SIGKILL:
            odd.append(self._rest)  # a process that is killed like this may end within a line
        found = [f"the tap printed {line[:80]!r}" for line in odd]
        found += [f"the target printed {line[:80]!r}" for line in self.states if not _state(line)]
        said = f"{self.tap_errors}\n{self.target_errors}".encode()
        if self._has_token or _contains_token(b"".join((*self.states, said))):
            found.append("the token was printed")
        if b"Traceback" in said:
            found.append("a traceback was printed")
        for name, code, errors in (
            ("tap", self.tap_code, self.tap_errors),
            ("target", self.target_code, self.target_errors),
        ):
            last = errors.strip().splitlines()[-1:] or [""]
            if code == 1 and not last[0].startswith(f"{name}-planhat: "):
                found.append(f"the {name}'s last line does not say what is wrong: {last[0][:120]}")
        return found


def _contains_token(text: bytes) -> bool:
    return any(token.encode() in text for token in (SOURCE, COPY))


class _Message(msgspec.Struct):
    """The part of a message that is checked; the rest is only read."""

    type: str


_MESSAGE = msgspec.json.Decoder(_Message)


def _kind(line: bytes) -> str:
    try:
        return _MESSAGE.decode(line).type
    except ValueError:
        return ""


def _state(line: bytes) -> bool:
    try:
        value = json.loads(line)
    except ValueError:
        return False
    return line.endswith(b"\n") and isinstance(value, dict) and "bookmarks" in value
