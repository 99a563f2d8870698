"""Planhat → PostgreSQL → Planhat, with the targets and taps that people use for it."""

from __future__ import annotations

import json

import pytest
from strangers import program

# What a reader of Planhat may meet, and a warehouse may change.
ODD = {
    "title": "Semicolon; \"quotes\", back\\slash\nnew line\ttab 'and' é 東京 ✅ \u2028",
    "description": None,
    "companyIds": ["extid-acme-1"],
    "enduserIds": [],
    "sourceId": 'odd, "one" {2}',
    "custom": {
        "Tenth": 0.1,
        "Sum of tenths": 0.30000000000000004,
        "Tiny": 1e-7,
        "Large": 12345678901234567890,
        "Whole": 3.0,
        "Negative": -0.5,
        "When": "2026-03-29T02:30:00.123Z",
        "Day": "2026-03-29",
        "Empty": "",
        "Nothing": None,
        "None of them": [],
        "Some": ["a", "b,c", 'd"e'],
        "Yes": True,
        "Looks like JSON": '{"a": [1]}',
        "Looks like a number": "007",
        "Inside": {"deep": [1, 2.5, {"x": None}]},
    },
}  # fmt: skip


@pytest.fixture
def source(tenants):
    """The full tenant, with a record that is hard to carry."""
    alpha = tenants.tenant("token-a")
    company = alpha.records("companies")[0]
    alpha.insert("issues", {**ODD, "companyIds": [company["_id"]]})
    alpha.insert(
        "objectives",
        {
            "name": "Odd",
            "companyId": company["_id"],
            "sourceId": ODD["sourceId"],
            "health": 7.25,
            "custom": ODD["custom"],
        },
    )
    return alpha


# Names of the warehouse's own, for everything that a target may write.
RENAMED = {
    "issues": {
        "title": "headline",
        "description": "body",
        "companyIds": "account_ids",
        "enduserIds": "contact_ids",
        "sourceId": "ticket_key",
        "source": "system",
        "sourceUrl": "link",
        "priority": "prio",
        "archived": "is_closed",
        "status": "state",
    },
    "objectives": {
        "name": "goal",
        "health": "score",
        "companyId": "account_id",
        "externalId": "own_key",
        "sourceId": "goal_key",
    },
}


def export(postgres, model, custom):
    """Make a table with names of its own, and `custom` as one column or as one for each field."""
    columns = [f'"{name}" as {column}' for name, column in RENAMED[model].items()]
    origin = f"planhat.{model}"
    if custom == "jsonb":
        columns.append("custom as extra")
    else:
        labels = postgres.run("select distinct jsonb_object_keys(custom) from " + origin)
        columns += [f"custom->'{label}' as \"custom__{label}\"" for (label,) in sorted(labels)]
    postgres.run("create schema if not exists warehouse")
    postgres.run(
        f"create table warehouse.{model}_export as " + f"select {', '.join(columns)} from {origin}"
    )


def back(model, custom):
    """The stream map that undoes those names."""
    renamed = {"__alias__": model, "__key_properties__": ["sourceId"], **RENAMED[model]}
    if custom == "jsonb":
        return renamed | {"custom": "extra", "__else__": None}
    # With columns of unknown names nothing may be dropped but what was renamed.
    return renamed | dict.fromkeys(RENAMED[model].values())


def selected(catalog):
    """Choose every stream: tap-postgres reads nothing that is not selected."""
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = True
    return catalog


@pytest.mark.parametrize(
    "custom",
    [
        {"issues": "jsonb", "objectives": "columns"},
        pytest.param({"issues": "columns", "objectives": "jsonb"}, marks=pytest.mark.slow),
    ],
    ids=["issues as jsonb, objectives as columns", "issues as columns, objectives as jsonb"],
)
def test_a_tenant_comes_back_equal_from_a_warehouse_that_renamed_everything(
    source, postgres, pipe, written, connection, assert_equal_tenants, custom
):
    pipe(
        [program("tap-planhat"), "--config", written("tap", **connection("token-a"))],
        [
            program("target-postgres", "postgres-loader"),
            *("--config", written("loader", **postgres.config, default_target_schema="planhat")),
        ],
    )
    for model, shape in custom.items():
        export(postgres, model, shape)
    extractor = [
        program("tap-postgres", "postgres-extractor"),
        *("--config", written("extractor", **postgres.config, filter_schemas=["warehouse"])),
    ]
    catalog = written("catalog", **selected(json.loads(pipe([*extractor, "--discover"]).stdout)))
    maps = {f"warehouse-{model}_export": back(model, shape) for model, shape in custom.items()}
    config = {**connection("token-b"), "match_on": ["sourceId"], "stream_maps": maps}
    pipe(
        [*extractor, "--catalog", catalog],
        [program("target-planhat"), "--config", written("target", **config)],
    )
    assert_equal_tenants()
