"""Bytes that are not UTF-8 where text should be; found by fuzzing."""

from __future__ import annotations

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.stdin import InputError
from planhat_sync.writing.results.reject_file import RejectFile
from target_planhat.reject_lines import RejectLines


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"\xff"}',
        b'{"type":"SCHEMA","stream":"\xff","schema":{"properties":{}}}',
        b'{"type":"STATE","value":{"a":1},"stream":"\xc3"}',
        b'{"\xff":1}',
        b'{"type":"RECORD","stream":"issues","aside":"\x8b","record":{"title":"no key"}}',
        b'{"type":"RECORD","stream":"issues","record":{"sourceId":"a","aside":"\x8b"}}',
    ],
)
def test_a_message_that_is_not_text_is_an_error_of_one_sentence(bench, line):
    ran = bench.run([bench.schema(), line])
    assert isinstance(ran.error, InputError), repr(ran.error)
    assert "line 2 of the input is not JSON" in str(ran.error)


def test_a_file_that_is_not_text_is_not_taken_for_rejects(tmp_path):
    path = tmp_path / "rejects.jsonl"
    path.write_bytes(b'"\xff\xfe"\n')
    with pytest.raises(ConfigurationError, match="something other than rejects"):
        RejectFile(path, RejectLines({})).check()


def test_half_a_line_that_is_not_text_is_cut_off(bench):
    bench.rejects_path.write_bytes(
        b'{"type":"SCHEMA","stream":"issues"}\n{"type":"RECORD","x":"\xc3'
    )
    ran = bench.run([bench.schema(), bench.record(title="no key")], on_reject="continue")
    assert ran.error is None, repr(ran.error)
    assert [reject["record"] for reject in ran.rejects] == [{"title": "no key"}]
