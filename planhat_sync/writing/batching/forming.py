"""A batch that still fills up."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from planhat_sync.writing.records.block import Block

if TYPE_CHECKING:
    from planhat_sync.writing.batching.batch import Kind, Part
    from planhat_sync.writing.records.payload import Payload


class Forming:
    """A batch that still fills up.

    Args:
        number: Its position in the order of batches.
        kind: What Planhat is asked to do.

    Attributes:
        number: As given.
        kind: As given.
        rows: How many payloads it has.
        size: Bytes of the body so far, with its brackets.
        superseded: How many payloads were superseded in it.
        closed: Whether it takes no more payloads, because one did not fit.
    """

    def __init__(self, number: int, kind: Kind) -> None:
        self.number = number
        self.kind = kind
        self.rows = 0
        self.size = 2
        self.superseded = 0
        self.closed = False
        # Blocks, and payloads that follow each other by their sequence numbers: those that came
        # alone, and those of a block that was taken apart.
        self._runs: list[Block | dict[int, Payload]] = []
        self._firsts: list[int] = []  # the sequence number of the first payload of each

    @property
    def parts(self) -> list[Part]:
        """Its payloads and blocks, in their order."""
        parts: list[Part] = []
        for run in self._runs:
            parts += (run,) if isinstance(run, Block) else run.values()
        return parts

    def add(self, payload: Payload, sequence: int) -> None:
        """Add a payload.

        Args:
            payload: It.
            sequence: Its sequence number in the stream, greater than all before it.
        """
        run = self._runs[-1] if self._runs else None
        if isinstance(run, dict):
            run[sequence] = payload
        else:
            self._append({sequence: payload}, sequence)
        self.rows += 1
        self.size += len(payload.item) + 1

    def add_block(self, block: Block, sequence: int) -> None:
        """Add a block.

        Args:
            block: It.
            sequence: The sequence number of its first payload; those of the others follow it.
        """
        self._append(block, sequence)
        self.rows += len(block)
        self.size += len(block.text) + 1

    def find(self, sequence: int) -> Payload:
        """Return a payload that is here.

        Args:
            sequence: Its sequence number.

        Raises:
            KeyError: There is no such payload.
        """
        return self._run_of(sequence)[sequence]

    def remove(self, sequence: int) -> None:
        """Remove a payload that is here.

        Args:
            sequence: Its sequence number.
        """
        payload = self._run_of(sequence).pop(sequence)
        self.rows -= 1
        self.size -= len(payload.item) + 1

    def _append(self, run: Block | dict[int, Payload], first: int) -> None:
        self._runs.append(run)
        self._firsts.append(first)

    def _run_of(self, sequence: int) -> dict[int, Payload]:
        """Return the payloads among which one is; a block in which it is is taken apart."""
        at = bisect_right(self._firsts, sequence) - 1
        run = self._runs[at]
        if isinstance(run, Block):
            run = self._runs[at] = dict(enumerate(run.payloads, self._firsts[at]))
        return run
