"""The file given as --catalog."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airbyte_planhat.configured_catalog import read_catalog
from planhat_sync.errors import ConfigurationError


def configured(name="issues", **how):
    """A configured stream, as a platform writes it."""
    stream = {"name": name, "json_schema": {"properties": {"title": {}}}}
    return {
        "stream": {**stream, "supported_sync_modes": ["full_refresh"]},
        "sync_mode": "full_refresh",
        "destination_sync_mode": "append",
        **how,
    }


def read(*streams):
    return read_catalog(json.dumps({"streams": streams}).encode())


def test_a_configured_stream_is_read_with_all_that_is_said_about_it():
    given_stream = configured(
        sync_mode="incremental",
        destination_sync_mode="append_dedup",
        cursor_field=["updatedAt"],
        primary_key=[["_id"], ["a", "b"]],
        generation_id=3,
        minimum_generation_id=0,
        sync_id=9,
        include_files=False,
        unheard_of={"a": 1},
    )
    given_stream["stream"]["namespace"] = "space"
    (stream,) = read(given_stream)
    assert (stream.key, stream.name) == (("space", "issues"), "issues")
    assert stream.properties == {"title": {}}
    assert (stream.sync_mode, stream.cursor_field) == ("incremental", ("updatedAt",))
    assert stream.destination_sync_mode == "append_dedup"
    assert stream.primary_key == (("_id",), ("a", "b"))
    assert stream.destination_object_name is None
    assert (stream.minimum_generation_id, stream.sync_id) == (0, 9)


def test_what_is_null_is_not_set():
    nulls = dict.fromkeys(
        (
            *("sync_mode", "destination_sync_mode", "cursor_field", "primary_key"),
            *("destination_object_name", "generation_id", "minimum_generation_id", "sync_id"),
        )
    )
    stream = {"name": "issues", "namespace": None, "json_schema": None}
    (found,) = read({"stream": stream, **nulls})
    assert (found,) == read({"stream": {"name": "issues"}})
    assert (found.key, found.properties) == ((None, "issues"), {})


def test_streams_keep_the_order_of_the_file():
    names = ["users", "issues", "companies"]
    assert [stream.name for stream in read(*map(configured, names))] == names


def test_one_name_in_two_namespaces_is_two_streams():
    other = configured()
    other["stream"]["namespace"] = "other"
    assert len(read(configured(), other)) == 2
    with pytest.raises(ConfigurationError, match="names the stream issues twice: remove one"):
        read(configured(), configured())


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"streams": [{}]}, r"\$.streams[0]"),
        ({"streams": [{"stream": {}}]}, r"\$.streams[0].stream"),
        ({"streams": [configured(), configured(7)]}, r"\$.streams[1].stream.name"),
        ({"streams": [configured(sync_mode="secret")]}, r"\$.streams[0].sync_mode"),
        ({"streams": [configured(primary_key=["a"])]}, r"\$.streams[0].primary_key[0]"),
        ({"streams": {}}, r"\$.streams"),
        ({}, r"\$:"),
        ([], r"\$:"),
        (None, r"\$:"),
    ],
    ids=str,
)
def test_the_place_of_a_mistake_is_named_and_its_value_is_not(content, place):
    with pytest.raises(ConfigurationError) as error:
        read_catalog(json.dumps(content).encode())
    assert f"not a configured Airbyte catalog, at {place.lstrip(chr(92))}" in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"streams: []", b'{"a":' * 100_000], ids=len)
def test_what_is_not_json_is_refused(content):
    with pytest.raises(ConfigurationError, match="the file given as --catalog is not JSON, or"):
        read_catalog(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["streams", "stream", "name", "sync_mode", "json_schema", "properties"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=3) | JSON)
def test_whatever_a_catalog_holds_it_is_read_or_refused_with_a_sentence(value):
    for content in (value, {"streams": value}, {"streams": [{"stream": value}]}):
        try:
            streams = read_catalog(json.dumps(content).encode())
        except ConfigurationError:
            continue
        assert all(isinstance(stream.name, str) for stream in streams)


@given(st.binary(max_size=30))
def test_whatever_bytes_a_catalog_is_they_are_refused_with_a_sentence(content):
    with pytest.raises(ConfigurationError, match="--catalog"):
        read_catalog(content)
