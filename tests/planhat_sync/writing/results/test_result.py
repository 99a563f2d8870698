"""What a write has done, before it has done anything."""

from __future__ import annotations

from dataclasses import fields

from planhat_sync.writing.results.result import Result


def test_a_result_counts_nothing_that_was_not_counted():
    nothing = Result()
    assert not any(getattr(nothing, each.name) for each in fields(nothing))
