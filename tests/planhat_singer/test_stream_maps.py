"""Checks of stream maps that need no stream."""

from __future__ import annotations

import pytest

from planhat_singer.stream_maps import stream_map_errors, unknown_streams

STREAMS = ("issues", "objectives")


@pytest.mark.parametrize(
    "maps",
    [
        {"issues": {"title": "'x'"}},
        {"*": {"title": "'x'"}},
        {"object*": None},
        {"copy": {"__source__": "issue?"}},
        {"__else__": None},
        None,
    ],
)
def test_a_map_of_a_stream_or_of_a_pattern_that_fits_one_is_not_warned_of(maps):
    assert list(unknown_streams(maps, STREAMS)) == []


@pytest.mark.parametrize("maps", [{"users*": None}, {"copy": {"__source__": "users*"}}])
def test_a_pattern_that_fits_no_stream_is_warned_of(maps):
    assert list(unknown_streams(maps, STREAMS)) == [
        "stream_maps: the map of users* has no effect, because there is no such stream"
    ]


@pytest.mark.parametrize("around", ["", "\n"])
def test_an_expression_that_is_nested_too_deeply_is_an_error_of_its_property(around):
    expression = f"{around}{'-' * 100_000}1"
    assert list(stream_map_errors({"issues": {"title": expression}})) == [
        'stream_maps: title of issues must be an expression, or "__NULL__", which leaves it out'
    ]
