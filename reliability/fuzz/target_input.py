"""Harness of stdin: every record that is read is accounted for, and is sent as valid JSON."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import tempfile
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from planhat_sync.errors import PlanhatError
from planhat_sync.runtime.stdin import read_lines
from planhat_sync.writing.pipeline import Pipeline
from planhat_sync.writing.record_input import RecordInput
from planhat_sync.writing.records.added_columns import SDC_COLUMNS
from planhat_sync.writing.results.counts import RunCounts
from planhat_sync.writing.results.reject_message import reject_line
from planhat_sync.writing.results.rejects import Rejects
from planhat_sync.writing.results.states import Watermark
from planhat_sync.writing.sending.dispatcher import Dispatcher
from planhat_sync.writing.stream import Streams
from target_planhat.final_state import FinalState
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
        """Do nothing."""


class PaperDispatcher(Dispatcher):
    """Reads what would be sent, and sends nothing."""

    def __init__(self) -> None:
        super().__init__(concurrency=1)
        self.sent: Counter[int] = Counter()

    def add(self, _: BatchWriter, batches: Iterable[Batch]) -> None:
        """Count the payloads, those that they superseded included."""
        for batch in batches:
            items = json.loads(batch.body)
            assert len(items) == len(batch.payloads), "items and payloads differ in number"
            assert all(isinstance(item, dict) for item in items), "an item is not an object"
            for payload in batch.payloads:
                self.sent.update(each.line for each in (payload, *payload.earlier_versions()))


class Stdin:
    """Uses bytes as the lines of a run."""

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
        """Read the lines, and check the counts."""
        target, counts, dispatcher, paper = self._target, RunCounts(), PaperDispatcher(), Paper()
        stop, logger = target.run.stop, logging.getLogger("fuzz")
        rejects = Rejects(cast("Any", paper), logger, continues=True)
        no_writer = cast("Any", lambda model: model.name)
        streams = Streams(target.models, target.settings, counts, no_writer, logger, SDC_COLUMNS)
        pipeline = Pipeline(
            streams, dispatcher, counts=counts, rejects=rejects, states=Watermark(), write=None
        )
        maps = StreamMaps(target.mapper)
        record_input = RecordInput(pipeline, maps, "--input")
        router = Router(pipeline, record_input, maps, {}, FinalState())
        with contextlib.suppress(PlanhatError):
            for lines in read_lines(io.BytesIO(SCHEMAS + data), stop, 1.0):
                router.handle(lines)
        pipeline.flush()
        total = counts.total
        assert max(dispatcher.sent.values(), default=1) == 1, "a record is sent twice"
        assert total.read == total.rejected + total.skipped + len(dispatcher.sent), (
            "a record is lost"
        )
        pipeline.close()
