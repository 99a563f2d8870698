"""Lines of both protocols become the same messages, and what is not a message is found."""

from __future__ import annotations

import pytest

from simulation.oracles.messages import Line, Message, read_airbyte, read_singer


def test_the_messages_of_a_tap_are_read() -> None:
    lines = [
        b'{"type":"SCHEMA","stream":"issues","schema":{},"key_properties":["_id"]}\n',
        b'{"type":"RECORD","stream":"issues","record":{"_id":"a","n":1},"version":3}\n',
        b'{"type":"RECORD","stream":"issues","record":{"_id":"b","_sdc_deleted_at":"2025"}}\n',
        b'{"type":"ACTIVATE_VERSION","stream":"issues","version":3}\n',
        b'{"type":"STATE","value":{"bookmarks":{"issues":{"rows":1}}}}\n',
    ]
    messages, wrong = read_singer([Line(n, each) for n, each in enumerate(lines)])
    assert wrong == []
    assert [each.kind for each in messages] == [
        "schema",
        "record",
        "deletion",
        "activation",
        "state",
    ]
    assert messages[1] == Message(1, "record", "issues", "a", {"_id": "a", "n": 1}, 3)
    assert messages[4].states == {"issues": {"rows": 1}}


def test_the_messages_of_a_source_are_read() -> None:
    lines = [
        b'{"type":"TRACE","trace":{"type":"STREAM_STATUS"}}\n',
        b'{"type":"RECORD","record":{"stream":"issues","data":{"_id":"a"},"emitted_at":1}}\n',
        (
            b'{"type":"STATE","state":{"stream":{"stream_descriptor":{"name":"issues"},'
            b'"stream_state":{"rows":1}},"sourceStats":{"recordCount":1.0}}}\n'
        ),
    ]
    messages, wrong = read_airbyte([Line(n, each) for n, each in enumerate(lines)])
    assert wrong == []
    assert [each.kind for each in messages] == ["status", "record", "state"]
    assert (messages[2].states, messages[2].records) == ({"issues": {"rows": 1}}, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"not JSON\n",
        b'{"type":"RECORD","stream":"issues","record":{"_id":"a"}}',
        b'{"type":"STATE",\n"value":{}}\n',
        b'{"type":"LOG","log":{}}\n',
        b'{"type":"RECORD","stream":"issues","record":{}}\n',
        b"[]\n",
    ],
)
def test_a_line_that_is_not_a_whole_message_is_found(content: bytes) -> None:
    messages, (wrong,) = read_singer([Line(7, content)])
    assert messages == []
    assert wrong.startswith("event 7: ")
