"""One run of the pipe: what was written, and what is wrong with it whatever the outcome."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reliability.pair import kind_of
from reliability.world import COPY, SOURCE

if TYPE_CHECKING:
    from reliability.pair import Pair

MOST_PROBLEMS = 5


@dataclass
class PipeRun:
    """How one run of the pipe ended, and what was written.

    Lines are checked when they arrive, so that a run of millions need not keep them.

    Attributes:
        pair: The connectors.
        keeps: Whether the lines are kept.
        reader_code: Exit code of the reader.
        writer_code: Exit code of the writer.
        emitted: How many records the reader emitted.
        fed: Lines that the writer was given, if they are kept.
        states: The states that the writer printed.
        reader_errors: The reader's standard error.
        writer_errors: The writer's standard error.
    """

    pair: Pair
    keeps: bool = True
    reader_code: int = 0
    writer_code: int = 0
    emitted: int = 0
    fed: list[bytes] = field(default_factory=list)
    states: list[bytes] = field(default_factory=list)
    reader_errors: str = ""
    writer_errors: str = ""
    _reader_said: list[bytes] = field(default_factory=list)
    _writer_said: list[bytes] = field(default_factory=list)
    _odd: list[bytes] = field(default_factory=list)
    _rest: bytes = b""
    _has_token: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether both connectors exited with 0."""
        return self.reader_code == 0 and self.writer_code == 0

    @property
    def why(self) -> str:
        """The last line of the one that failed."""
        failed = self.reader_errors if self.reader_code else self.writer_errors
        return (failed.strip().splitlines() or ["nothing on standard error"])[-1][:200]

    def emits(self, line: bytes) -> None:
        """Record a line of the reader's standard output."""
        self._has_token |= _contains_token(line)
        if not line.endswith(b"\n"):
            self._rest = line
            return
        kind = kind_of(line)
        self.emitted += kind == "RECORD"
        if kind == "TRACE":
            self._reader_said.append(line)
        if kind not in self.pair.reader_prints and len(self._odd) < MOST_PROBLEMS:
            self._odd.append(line)

    def feeds(self, line: bytes) -> None:
        """Record a line that the writer is given."""
        if self.keeps:
            self.fed.append(line)

    def prints(self, line: bytes) -> None:
        """Record a line of the writer's standard output."""
        (self.states if self.pair.is_state(line) else self._writer_said).append(line)

    def problems(self) -> list[str]:
        """Return what is wrong with what was written, whatever the outcome of the run."""
        reader, writer = self.pair.reader, self.pair.writer
        odd = list(self._odd)
        if self._rest and self.reader_code != -signal.SIGKILL:
            odd.append(self._rest)  # a process that is killed like this may end within a line
        found = [f"the {reader} printed {line[:80]!r}" for line in odd]
        found += [
            f"the {writer} printed {line[:80]!r}"
            for line in self._writer_said
            if not self.pair.may_print(line)
        ]
        said = f"{self.reader_errors}\n{self.writer_errors}".encode()
        if self._has_token or _contains_token(b"".join((*self.states, *self._writer_said, said))):
            found.append("the token was printed")
        if b"Traceback" in said:
            found.append("a traceback was printed")
        for name, code, errors, printed in (
            (reader, self.reader_code, self.reader_errors, self._reader_said),
            (writer, self.writer_code, self.writer_errors, self._writer_said),
        ):
            last = errors.strip().splitlines()[-1:] or [""]
            if code == 1 and not last[0].startswith(f"{name}-planhat: "):
                found.append(f"the {name}'s last line does not say what is wrong: {last[0][:120]}")
            found += self.pair.failures(name, code, printed)
        return found


def _contains_token(text: bytes) -> bool:
    return any(token.encode() in text for token in (SOURCE, COPY))
