"""Harness of stdin: every record that is taken in is accounted for, and leaves as whole JSON."""

from __future__ import annotations

import io
import json
import tempfile
from collections import Counter
from typing import TYPE_CHECKING, Any

from planhat_sync.errors import PlanhatError
from planhat_sync.runtime.stdin import read_lines
from planhat_sync.writing.pipeline import Run
from planhat_sync.writing.results.reject_file import reject_line
from planhat_sync.writing.results.rejects import Rejects
from target_planhat.router import Router
from target_planhat.stream_maps import StreamMaps
from target_planhat.target import TargetPlanhat

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.results.reject_file import RejectedRecord
    from planhat_sync.writing.sending.batch_writer import BatchWriter

SCHEMAS = b"".join(
    b'{"type":"SCHEMA","stream":"%b","schema":{"properties":{}}}\n' % stream
    for stream in (b"issues", b"objectives")
)


class Paper:
    """A reject file that is not written, only read again."""

    path: Path | str = "nowhere"

    def write(self, records: Sequence[RejectedRecord]) -> None:
        """Check that each reject is one line, and JSON where its record was."""
        for record in records:
            line = reject_line(record)
            assert line.endswith(b"\n"), "a reject has no end"
            assert line.count(b"\n") == 1, "a reject is more than a line"
            assert json.loads(line)["reject"]["line"] == record.line, "a reject is not readable"

    def close(self) -> None:
        """Let go of nothing."""


class PaperRun(Run):
    """A run that reads what would leave, and sends nothing."""

    def __init__(self) -> None:
        paper: Any = Paper()
        super().__init__(output=None, rejections=Rejects(paper, allowed=None), concurrency=1)
        self.left: Counter[int] = Counter()

    def send(self, _: BatchWriter, batches: Iterable[Batch]) -> None:
        """Count the payloads, those that were superseded with them."""
        for batch in batches:
            items = json.loads(batch.body)
            assert len(items) == len(batch.payloads), "items and payloads differ in number"
            assert all(isinstance(item, dict) for item in items), "an item is no object"
            for payload in batch.payloads:
                self.left.update(each.line for each in (payload, *payload.earlier_versions()))


class Stdin:
    """Takes bytes for the lines of a run."""

    def __init__(self) -> None:
        self._target = TargetPlanhat(
            config={
                "api_token": "t",
                "match_on": ["sourceId", "externalId"],
                "missing_key": "create",
                "on_reject": "continue",
                "rejects_path": f"{tempfile.gettempdir()}/never-written.jsonl",
            }
        )

    def __call__(self, data: bytes) -> None:
        """Take the lines, and close the books."""
        target, run = self._target, PaperRun()
        target._sinks_active.clear()  # noqa: SLF001 - a new run in the same process
        target.conduct._run = run  # noqa: SLF001 - same
        intake = Router(run, StreamMaps(target.mapper), target.sink_of)
        try:
            for lines in read_lines(io.BytesIO(SCHEMAS + data), target.conduct.stop, 1.0):
                intake.take(lines)
        except PlanhatError:
            pass
        for sink in target._sinks_active.values():  # noqa: SLF001 - same
            sink.drain()  # type: ignore[attr-defined]  # all of them are ours
        run.rejections.keep()
        books = run.ledger.total
        assert max(run.left.values(), default=1) == 1, "a record leaves twice"
        assert books.taken == books.rejected + books.skipped + len(run.left), "a record is lost"
        run.close()
