"""The summary of a run: one JSON object, in the log and in a file.

It is written however the run ends. `streams` counts what was decided; `undecided` are the records
that were read and neither written nor rejected when the run was stopped or failed: they are not
acknowledged by any state and come again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from planhat_api.errors import StopError
from planhat_console.style import table

if TYPE_CHECKING:
    from pathlib import Path

    from planhat_console.style import Style
    from target_planhat.ledger import Ledger

logger = logging.getLogger("target-planhat")

Result = Literal["done", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did.

    Attributes:
        ledger: The counts by stream.
        result: How it ended.
        requests: Requests that were sent.
        retries: How many of them were repeats.
        seconds: How long it took.
        rejects_path: Where its rejects are, None if it had nowhere to put them.
        version: Version of target-planhat.
    """

    ledger: Ledger
    result: Result
    requests: int
    retries: int
    seconds: float
    rejects_path: str | None
    version: str

    def as_json(self) -> dict[str, Any]:
        """Give it as users see it."""
        return {
            "streams": {
                stream: account.as_json() for stream, account in self.ledger.accounts.items()
            },
            "result": self.result,
            "undecided": self.ledger.undecided,
            "requests": self.requests,
            "retries": self.retries,
            "seconds": round(self.seconds, 3),
            "rejects_path": self.rejects_path,
            "version": self.version,
        }

    def as_table(self, style: Style) -> str:
        """Give it as a table, for a person at a terminal.

        Args:
            style: How it looks.
        """
        accounts = {s: account.as_json() for s, account in self.ledger.accounts.items()}
        names = list(next(iter(accounts.values()), {}))
        rows = [["stream", *names]]
        rows += [[s, *(f"{a[name]:,}" for name in names)] for s, a in accounts.items()]
        undecided = f", {self.ledger.undecided:,} undecided" if self.ledger.undecided else ""
        retries = f", {self.retries:,} of them repeats" if self.retries else ""
        end = style.faint(
            f"{self.result} after {self.seconds:,.1f} s and {self.requests:,} requests"
            f"{retries}{undecided}"
        )
        return f"\n{table(rows, style)}\n{end}" if accounts else end

    def as_line(self) -> str:
        """Give it as one line of JSON, for the log."""
        return msgspec.json.encode(self.as_json()).decode()

    def tell(self, style: Style, path: Path | None) -> None:
        """Show it, and write it to its file.

        Args:
            style: How standard error looks: a table for a person at a terminal, else a log line.
            path: The setting `summary_path`.

        Raises:
            StopError: It cannot be written, and nothing worse ended the run.
        """
        if style.is_terminal:
            sys.stderr.write(self.as_table(style) + "\n")
        else:
            logger.info("Summary: %s", self.as_line())
        if path is None:
            return
        try:
            _write(path, self)
        except StopError as error:
            if self.result == "done":
                raise
            logger.error("%s", error)  # noqa: TRY400 - no traceback; a worse error follows


def _write(path: Path, summary: Summary) -> None:
    """Put a summary in the place of the last one, whole or not at all, for its owner's eyes."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    data = msgspec.json.format(msgspec.json.encode(summary.as_json()), indent=2) + b"\n"
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, for its mode
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
    except OSError as error:
        raise StopError(
            f"the summary cannot be written to {path} ({error.strerror}); "
            "what was printed on stdout holds all the same"
        ) from error
