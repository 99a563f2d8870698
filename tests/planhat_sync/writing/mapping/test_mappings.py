"""A stream has the mapping of its name, or else the only glob that fits."""

from __future__ import annotations

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from planhat_sync.writing.mapping.mappings import Mappings

MODELS = load_models()


def mappings_of(*streams):
    return Mappings.from_config(
        [
            {"stream": stream, "model": "issues", "set": {"sourceId": f"'{stream}'"}}
            for stream in streams
        ],
        MODELS,
    )


def source_of(mappings, stream):
    mapping = mappings.of(stream)
    return mapping and mapping.sources["sourceId"].strip("'")


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        *(("issues", "issues"), ("old_issues", "*_issues"), ("x_issues", "x_issues")),
        *(("ISSUES", None), ("users", None), ("", None), ("issues2", None)),
    ],
)
def test_an_exact_name_counts_before_a_glob(stream, expected) -> None:
    assert source_of(mappings_of("*_issues", "issues", "x_issues"), stream) == expected


def test_the_name_of_the_model_and_of_the_sources() -> None:
    mapping = Mappings.from_config(
        [
            {
                "stream": "x",
                "model": "objectives",
                "set": {
                    "externalId": "id",
                    "companyId": {"externalId": "customer.id"},
                    "health": {"from": "score", "map": {"good": 9}},
                    "name": {"value": "Ada"},
                    "custom": {"Notes.all": {"text": "notes"}, "ids": ["a", "b"]},
                },
            }
        ],
        MODELS,
    ).of("x")
    assert mapping is not None
    assert mapping.model == "objectives"
    assert mapping.sources == {
        "externalId": "id",
        "companyId": "customer.id",
        "health": "score",
        "name": '"Ada"',
        "custom.Notes.all": "notes",
        "custom.ids": "a, b",
    }


def test_two_globs_that_fit_are_refused_when_the_stream_comes() -> None:
    streams = mappings_of("jira_*", "*_issues", "jira_bugs")
    assert source_of(streams, "jira_users") == "jira_*"
    assert source_of(streams, "jira_bugs") == "jira_bugs"
    with pytest.raises(ConfigurationError) as raised:
        streams.of("jira_issues")
    assert str(raised.value) == (
        "mappings: jira_* and *_issues both fit the stream jira_issues; name it in a mapping of "
        "its own, or make one of them narrower"
    )
