"""A batch whose writing raises, which is a defect, does not take the others with it."""

from __future__ import annotations

import threading
from itertools import chain

import pytest

from planhat_sync.writing.batching.batch import Batch
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.sending.batch_result import BatchResult
from planhat_sync.writing.sending.dispatcher import Dispatcher


def batch(line):
    return Batch("upsert", [Payload(line, b"{}", b"{}", (None, f"s{line}"))])


class Writer:
    """Raises for the batch of line 1, once both batches are under way."""

    def __init__(self):
        self.together = threading.Barrier(2)

    def write(self, batch):
        self.together.wait(timeout=60)
        if batch.payloads[0].line == 1:
            raise RuntimeError("a defect")
        return BatchResult("issues", batch)


def test_the_results_of_other_batches_are_returned_after_a_defect():
    dispatcher = Dispatcher(2)
    dispatcher.add(Writer(), [batch(1), batch(2)])
    results = []
    with pytest.raises(RuntimeError, match="a defect"):
        results.extend(chain(dispatcher.send(), dispatcher.wait()))
    results.extend(dispatcher.wait())  # unless it came before the defect
    assert [result.batch.payloads[0].line for result in results] == [2]
    assert dispatcher.in_flight == 0
    assert dispatcher.oldest_line == 1, "no state may cover the batch without a result"
    dispatcher.close()


def test_a_batch_that_waits_for_one_without_a_result_is_not_waited_for():
    dispatcher = Dispatcher(2)
    writer = Writer()
    dispatcher.add(writer, [batch(1), batch(2), batch(1)])
    with pytest.raises(RuntimeError, match="a defect"):
        list(dispatcher.send())
    list(chain(dispatcher.wait(), dispatcher.send()))
    assert dispatcher.oldest_line == 1
    dispatcher.close()
