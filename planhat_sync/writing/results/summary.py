"""The summary of a run: one JSON object, in the log and in a file; a table on a terminal.

It is written however the run ends. `read` counts the records that were read. In a run that
succeeds it is the sum of the outcomes; in one that fails or is stopped the difference is
`undecided`: records without an outcome, which no state covers, so that the next run reads them
again.
"""

from __future__ import annotations

import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from planhat_sync.errors import Section, StopError
from planhat_sync.runtime.files import Files
from planhat_sync.runtime.plural import counted
from planhat_sync.runtime.terminal import USUAL_COLUMNS, columns, table
from planhat_sync.writing.results.counts import OUTCOMES

if TYPE_CHECKING:
    import logging
    from pathlib import Path

    from planhat_sync.runtime.terminal import TextStyle
    from planhat_sync.writing.results.counts import RunCounts

Result = Literal["done", "failed", "interrupted"]

_WOULD = {
    "created": "would create",
    "updated": "would update",
    "merged": "would merge",
    "skipped": "would skip",
    "deleted": "would delete",
    "removed": "would remove",
    "rejected": "would reject",
}
"""What the table of a dry run calls the counts."""


class SummaryError(StopError):
    """The summary cannot be written to its file."""

    section = Section.OUTPUT


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did.

    Attributes:
        counts: The counts of the run.
        result: How it ended.
        final_state: Whether its input ended with a state behind all records; None if that is not
            known.
        dry_run: Whether it only counted what a real run would do.
        requests: Requests that were sent.
        retries: How many of them were repeats.
        seconds: How long it took.
        rejects_path: Where its rejects are, None if they were not written.
        version: Version of the program.
    """

    counts: RunCounts
    result: Result
    final_state: bool | None
    dry_run: bool
    requests: int
    retries: int
    seconds: float
    rejects_path: str | None
    version: str

    def as_json(self) -> dict[str, Any]:
        """Return the JSON that users see."""
        return {
            "streams": self._streams(),
            "result": self.result,
            "final_state": self.final_state,
            "dry_run": self.dry_run,
            "undecided": self.counts.total.undecided,
            "requests": self.requests,
            "retries": self.retries,
            "seconds": round(self.seconds, 3),
            "rejects_path": self.rejects_path,
            "version": self.version,
        }

    def as_table(self, style: TextStyle, width: int = USUAL_COLUMNS) -> str:
        """Return the summary as a table, for a terminal.

        Counts that are zero in every stream are left out.

        Args:
            style: How it looks.
            width: Columns of the terminal.
        """
        remarks = [style.heading(remark) for remark in self._remarks()]
        counts = self._streams()
        names = (*OUTCOMES, "undecided", "removed")
        shown = [name for name in names if any(c.get(name) for c in counts.values())]
        labels = [_WOULD.get(name, name) if self.dry_run else name for name in shown]
        rows = [["stream", "read", *labels]]
        rows += [
            [s, *(f"{c.get(name) or 0:,}" for name in ("read", *shown))] for s, c in counts.items()
        ]
        drawn = table(rows, style, width=width, bad=("rejected", "would reject"))
        end = [textwrap.fill(line, width) for line in self._end()]
        colour = style.dim if self.result == "done" else style.error
        return "\n".join(["", *remarks, *([drawn] if counts else []), *map(colour, end)])

    def as_line(self) -> str:
        """Return the summary as one line, for the log."""
        remarks = "".join(f"{remark}. " for remark in self._remarks())
        return f"{remarks}Summary: {msgspec.json.encode(self.as_json()).decode()}"

    def _streams(self) -> dict[str, dict[str, int | None]]:
        """Return the counts of each stream, with `removed` if the run has a mirror."""
        removed = self.counts.removed
        streams: dict[str, dict[str, int | None]] = {}
        for stream, counts in self.counts.streams.items():
            streams[stream] = {**counts.as_json()}
            if removed is not None:
                streams[stream]["removed"] = removed.get(stream)
        return streams

    def _remarks(self) -> list[str]:
        """Return what changes the meaning of all counts."""
        remarks = ["Dry run: nothing was written"] if self.dry_run else []
        return remarks if self.counts.total.read else [*remarks, "No records were read"]

    def _end(self) -> list[str]:
        """Return how the run ended, for people, in lines of any length."""
        repeats = f"{self.retries:,} of them {'a repeat' if self.retries == 1 else 'repeats'}"
        end = (
            f"{'dry run ' if self.dry_run else ''}{self.result} after {self.seconds:,.1f} s and "
            f"{counted(self.requests, 'request')}{f', {repeats}' if self.retries else ''}"
        )
        undecided = self.counts.total.undecided
        if undecided <= 0:
            return [end]
        records = counted(undecided, "record")
        return [end, f"{records} undecided: read, but without an outcome when the run ended"]

    def report(
        self,
        logger: logging.Logger,
        style: TextStyle,
        path: Path | None,
        files: Files | None = None,
    ) -> None:
        """Show the summary on standard error, and write it to its file.

        Args:
            logger: Shows it as one line, unless standard error is a terminal.
            style: How standard error looks: a person at a terminal is shown a table.
            path: The setting `summary_path`.
            files: The file system.

        Raises:
            SummaryError: It cannot be written, and no earlier error ended the run.
        """
        if style.is_terminal:
            sys.stderr.write(self.as_table(style, columns(sys.stderr)) + "\n")
        else:
            logger.info("%s", self.as_line())
        if path is None:
            return
        try:
            _write(path, self, files or Files())
        except SummaryError as error:
            if self.result == "done":
                raise
            logger.error("%s", error)  # noqa: TRY400 - no traceback; a worse error follows


def _write(path: Path, summary: Summary, files: Files) -> None:
    """Replace the last summary with this one."""
    data = msgspec.json.format(msgspec.json.encode(summary.as_json()), indent=2) + b"\n"
    try:
        files.replace(path, data)
    except OSError as error:
        raise SummaryError(
            f"the summary cannot be written to {path} ({error.strerror}); "
            "the printed states are still valid"
        ) from error
