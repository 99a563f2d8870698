"""Watches the lives of a reader, and checks them when the run is over.

Profiles that read have the same `observer` and the same `check`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from simulation.exchange import TOKEN
from simulation.oracles.airbyte import check_sync
from simulation.oracles.emissions import Emissions, check_last
from simulation.oracles.history import History
from simulation.oracles.messages import Line, read_airbyte, read_singer
from simulation.oracles.passes import check_changes, check_passes
from simulation.oracles.reads import reads_of
from simulation.plan import SOURCE, TAP
from simulation.reading.streams import streams_of
from simulation.story import WELL, Observer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.oracles.messages import Message
    from simulation.oracles.reads import Stream
    from simulation.plan import Plan
    from simulation.story import Life, Story

READ = {TAP: read_singer, SOURCE: read_airbyte}


def observer(plan: Plan) -> Observer:
    """Return what checks the lives of the reader of a plan.

    Args:
        plan: The plan.
    """
    return ReaderObserver(streams_of(plan))


def check(story: Story) -> list[str]:
    """Return a sentence for each step that has not ended well, and for each life with a token.

    If Planhat ignores `sort`, a read has to fail: it would lose records.

    Args:
        story: The run.
    """
    wrong = []
    for step, planned in enumerate(story.plan.steps if must_end_well(story.plan) else ()):
        for side in range(len(planned.sides)):
            lives = story.lives_of(step, side)
            if not lives or lives[-1].ended != WELL:
                how = f"{lives[-1].ended}: {lives[-1].error}" if lives else "it did not begin"
                wrong.append(f"step {step}, side {side} has not ended well ({how})")
    secret = TOKEN.encode()
    return wrong + [
        f"life {life.number} shows its token"
        for life in story.lives
        if any(secret in text for text in (life.error.encode(), life.torn, *life.printed))
    ]


def must_end_well(plan: Plan) -> bool:
    """Return whether each step of a plan has to end well.

    Args:
        plan: The plan.
    """
    return all(each.behaviours.get("honours_sort", True) for each in plan.tenants.values())


class ReaderObserver(Observer):
    """Keeps when each line was printed, and checks all lives of the reader at the end.

    Args:
        streams: The streams, as the plan reads them.
    """

    def __init__(self, streams: Sequence[Stream]) -> None:
        super().__init__()
        self._streams = streams
        self._lines: dict[int, list[Line]] = defaultdict(list)

    def printed(self, line: bytes, story: Story) -> None:
        """Keep a line with its event.

        Args:
            line: The line with its line end.
            story: The run so far.
        """
        self._lines[story.lives[-1].number].append(Line(story.events[-1].number, line))

    def ended(self, story: Story) -> None:
        """Check what was printed.

        Args:
            story: The run.
        """
        lives = [life for life in story.lives if life.plugin in READ]
        messages: dict[int, list[Message]] = {}
        for life in lives:
            messages[life.number], wrong = READ[life.plugin](self._lines[life.number])
            self.violations += wrong
            if life.plugin == SOURCE:
                synced = check_sync(messages[life.number], is_complete=life.ended == WELL)
                self.violations += [f"life {life.number}: {each}" for each in synced]
        for stream in self._streams:
            self.violations += _violations(story, lives, messages, stream)


def _violations(
    story: Story, lives: Sequence[Life], messages: dict[int, list[Message]], stream: Stream
) -> list[str]:
    """Return what is wrong with what the lives printed of one stream."""
    history = History.of(story.tenants[lives[0].tenant], stream.name)
    reads = reads_of(story, lives, messages, stream.lag)
    emissions = Emissions(history, stream)
    for read in reads:
        emissions.follow(read)
    return [
        *emissions.violations,
        *check_passes(reads, history, stream),
        *check_changes(reads, history, stream),
        *(check_last(emissions, reads[-1], history, stream) if must_end_well(story.plan) else ()),
    ]
