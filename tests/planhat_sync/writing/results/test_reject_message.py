"""Which lines of a file hold rejects."""

from __future__ import annotations

import pytest

from planhat_sync.writing.results.reject_message import begins_file, is_reject


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b'{"type":"RECORD","record":{},"reject":{}}\n', True),
        (b'{"type":"RECORD","record":{}}\n', False),
        (b'{"type":"SCHEMA","reject":{}}\n', None),
        (b'["RECORD"]\n', None),
        (b'{"type":"RECORD","rec', None),
    ],
)
def test_a_reject_is_a_record_that_says_so(line, answer):
    assert is_reject(line) is answer


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b'{"type":"RECORD"}\n', True),
        (b'{"type":"STATE"}\n', False),
        (b'["RECORD"]\n', False),
        (b'{"type":"REC', True),  # cut off
        (b'{ "ty', True),
        (b'{"stream":"', False),
        (b'{"type":"REC\n', False),
    ],
)
def test_a_file_of_messages_begins_with_one_perhaps_cut_off(line, answer):
    assert begins_file(line, {"RECORD", "SCHEMA"}, ["type"]) is answer
