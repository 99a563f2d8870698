"""A real pipeline whose batches are recorded instead of sent, and what it records."""

from __future__ import annotations

import json
import logging

from planhat_sync.errors import PlanhatError
from planhat_sync.writing.pipeline import Pipeline
from planhat_sync.writing.results.counts import RunCounts
from planhat_sync.writing.results.rejects import Rejects
from planhat_sync.writing.sending.dispatcher import Dispatcher
from planhat_sync.writing.stream import Streams


class RecordedPipeline:
    """A pipeline, and what happens in it.

    Args:
        models: The models, by name.
        settings: The user's settings.
        added: The columns that the source adds.
        states: Decides which states may be printed.
        on_reject: Receives each reject as well.

    Attributes:
        pipeline: The pipeline.
        events: Each batch, reject and printed state, in their order, as values that can be
            compared.
    """

    def __init__(self, models, settings, added, states, on_reject=lambda *_: None):
        self.events = []
        counts = RunCounts()
        logger = logging.getLogger("recorded")

        def add_reject(stream, line, raw, why):
            self.events.append(("reject", stream, line, raw, why))
            on_reject(stream, line, raw, why)

        self.pipeline = Pipeline(
            Streams(models, settings, counts, lambda model: model.name, logger, added),
            _Recorder(self.events),
            counts=counts,
            rejects=Rejects(None, logger, continues=True, on_reject=add_reject, are_received=True),
            states=states,
            write=lambda lines: self.events.append(("states", *lines)),
        )

    def run(self, steps):
        """Take each step, then send what waits; return the error that ended the run, None if none.

        Args:
            steps: Calls, each of which gives the pipeline more.
        """
        error = None
        try:
            for step in steps:
                step()
        except PlanhatError as ended:
            error = type(ended), str(ended)
        self.pipeline.flush()
        return error

    @property
    def counts(self):
        """How many records of each stream were read, rejected and skipped, and why."""
        streams = self.pipeline.counts.streams
        return {
            name: (each.read, each.rejected, each.skipped, dict(each.reasons))
            for name, each in streams.items()
        }


class _Recorder(Dispatcher):
    def __init__(self, events):
        super().__init__(concurrency=1)
        self._events = events

    def add(self, writer, batches):
        for batch in batches:
            items = exactly(batch.body)
            payloads = [described(payload) for payload in batch.payloads]
            assert items == [payload["item"] for payload in payloads]
            self._events.append(("batch", writer, batch.kind, payloads))


def described(payload):
    """Return a payload as values that can be compared, with those that it superseded."""
    return {
        "line": payload.line,
        "raw": payload.raw,
        "item": exactly(payload.item),
        "keys": payload.keys,
        "scopes": payload.scopes,
        "operation": payload.operation,
        "rejected_at": payload.rejected_at,
        "earlier": [described(each) for each in payload.earlier_versions()][:1],
    }


def exactly(text):
    """Read JSON as any server would, with numbers as text in a canonical form."""
    value = json.loads(text, parse_float=_canonical, parse_int=_canonical, parse_constant=_refuse)
    json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair has no UTF-8
    return value


def _canonical(text):
    """Return a number in a canonical form with all digits: 1.0 equals 1e0, and 1.01 does not."""
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    power = int(exponent or 0) - len(fraction) + len(digits) - len(digits.rstrip("0"))
    digits = digits.rstrip("0")
    sign = "-" if text.startswith("-") and digits else ""
    return ("number", f"{sign}{digits}e{power}") if digits else ("number", "0")


def _refuse(text):
    raise AssertionError(f"{text} was sent")
