"""Inputs that fuzzing starts from: shortened vendor examples, and difficult cases from tests."""

from __future__ import annotations

import json

_ISSUE = {
    "_id": "61fd0576b3b3a5ba2e1e6a2e",
    "companyIds": ["61fbae0fbcb08d6ff5c8b7f6"],
    "enduserIds": [],
    "title": "Login fails",
    "priority": "P0",
    "sourceId": "ZD-7",
    "externalId": "e-7",
    "createdAt": "2022-02-04T10:51:34.149Z",
    "updatedAt": "2022-02-04T10:51:34.149Z",
    "archived": False,
    "custom": {"ARR": 0.1, "Team member": "x"},
}
_OBJECTIVE = {
    "_id": "61d8b8f5c5bd5f4cd9a5b6f1",
    "name": "Adopt it",
    "health": 8,
    "companyId": "61fbae0fbcb08d6ff5c8b7f6",
    "sourceId": "o-1",
    "externalId": "e-1",
    "custom": {},
}
_ANSWER = {
    "created": 1,
    "createdErrors": [],
    "insertsKeys": [{"_id": "61fd0576b3b3a5ba2e1e6a2e", "sourceId": "a"}],
    "updated": 1,
    "updatedErrors": [{"index": 2, "error": "title is required"}],
    "updatesKeys": [{"sourceId": "b"}],
    "nonupdates": 0,
    "modified": ["61fd0576b3b3a5ba2e1e6a2f"],
    "upsertedIds": ["61fd0576b3b3a5ba2e1e6a2e"],
    "permissionErrors": [],
}
_CATALOG = {
    "streams": [
        {
            "tap_stream_id": "issues",
            "stream": "issues",
            "key_properties": ["_id"],
            "replication_key": "updatedAt",
            "replication_method": "INCREMENTAL",
            "schema": {
                "type": "object",
                "properties": {
                    "_id": {"type": "string"},
                    "updatedAt": {"type": ["string", "null"], "format": "date-time"},
                    "custom": {"type": "object", "properties": {"A": {"type": "number"}}},
                },
            },
            "metadata": [
                {"breadcrumb": [], "metadata": {"inclusion": "available", "selected": True}},
                {"breadcrumb": ["properties", "custom"], "metadata": {"selected": True}},
            ],
        }
    ]
}
_BOOKMARK = {"replication_key": "updatedAt", "replication_key_value": "2026-01-01T00:00:00.000Z"}
_STATE = {"bookmarks": {"issues": {**_BOOKMARK, "sorts_by_replication_key": True}}}
_CONFIGS = (
    {"api_token": "t", "api_url": "https://api.planhat.com", "page_size": 2000},
    {"start_date": "2026-01-01T00:00:00Z", "company_ids": ["61fbae0fbcb08d6ff5c8b7f6"]},
    {"match_on": ["sourceId"], "on_reject": "continue", "rejects_path": "r.jsonl"},
    {"write_mode": "update", "deletes": "archive", "batch_size_rows": 5000, "max_rejects": 3},
    {"stream_maps": {"issues": {"title": "title"}}, "flattening_enabled": True},
    {"mappings": [{"stream": "*", "model": "issues", "set": {"sourceId": "key"}}]},
    {"requests_per_minute": 200, "request_timeout_seconds": 30, "retry_budget_seconds": 300},
)


_MAPPING = {
    "stream": "issues",
    "model": "issues",
    "when": "fields.customer",
    "nulls": "omit",
    "set": {
        "sourceId": "key",
        "source": {"value": "Jira"},
        "title": "fields.summary || not_null(a, 'b')",
        "description": {"text": "fields.description"},
        "priority": {"from": "fields.priority.name", "map": {"High": "P1"}, "else": "P4"},
        "archived": "fields.status.key == `0.10`",
        "companyIds": [{"externalId": "fields.customer"}, {"sourceId": "a.b"}],
        "custom": {"Labels": "sort(fields.labels)", "Sum": "sum(fields.n[*])"},
    },
}
_MAPPED = {
    "key": "SUP-1",
    "fields": {
        "customer": "acme",
        "summary": None,
        "description": {"type": "doc", "content": [{"type": "text", "text": "x"}]},
        "priority": {"name": "High"},
        "labels": ["b", "a"],
        "n": [1, 0.10],
    },
}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _record(stream: str, record: object) -> bytes:
    return _json({"type": "RECORD", "stream": stream, "record": record})


SEEDS: dict[str, tuple[bytes, ...]] = {
    "lines": (
        _record("issues", _ISSUE) + b"\n" + _record("objectives", _OBJECTIVE),
        _record("issues", {"sourceId": "a", "custom": None}) + b"\n" + _json({"type": "STATE"}),
        _json({"type": "SCHEMA", "stream": "issues", "schema": {"properties": {"title": {}}}}),
        _json({"type": "BATCH", "stream": "issues", "encoding": {"format": "jsonl"}}),
        b'{"type":"RECORD","stream":"issues","record":{"sourceId":NaN,"title":"\\ud800"}}',
        b'{"type":"RECORD","stream":"issues","record":{"sourceId":1e999,"priority":0.10}}',
    ),
    "catalog": (_json(_CATALOG),),
    "state": (_json(_STATE), _json({"type": "STATE", "value": _STATE}), b'{"bookmarks":{}}'),
    "pages": (
        b"|||".join(map(_json, ([_ISSUE], [_ISSUE, {**_ISSUE, "_id": "62fd"}], [], []))),
        b'[{"_id":"a","updatedAt":"9999-12-31T23:59:59-23:59","custom":{"x":1e999}}]',
        b'[{"_id":"a","updatedAt":"0001-01-01T00:00:00Z"}]',
        b'[{"_id":"b"}]|||[{"_id":"a"},{"_id":"b"}]|||[]',
        b'[{"_id":"a\\ud800b",\n"title":"\\u2028"}]',
        b'[{"updatedAt":"2026-02-01T00:00:00Z"}]|||[{"_id":"a","updatedAt":"2026-02-01"}]|||[]',
    ),
    "answer": tuple(
        bytes([status]) + _json(body)
        for status, body in enumerate(
            (_ANSWER, {"created": 3}, {"message": "no", "error": {"code": 1}}, {"createdErrors": 1})
        )
    ),
    "entry": (
        _json({"index": 1, "message": "sourceId b is taken"}),
        _json({"item": {"sourceId": "c"}, "error": "x"}),
        b"\"sourceId 'a' was not found\"",
    ),
    "config": tuple(map(_json, _CONFIGS)),
    "fields": (
        _json([{"_id": "1", "name": "ARR", "type": "number", "parent": "issue"}]),
        _json([{"_id": "2", "name": "x", "type": "team member", "parent": "Objective"}]),
    ),
    "mapping": (
        _json([_MAPPING, _MAPPED]),
        _json([_MAPPING, {"key": "a", "_sdc_deleted_at": "2026-01-01T00:00:00Z"}]),
        b'[{"stream":"*","model":"issues","set":{"sourceId":"max(a)"}},{"a":[1e99999999999,0.10]}]',
    ),
    "header": (
        b"120",
        b"Wed, 21 Oct 2026 07:28:00 GMT",
        b"2026-01-31T00:00:00+02:00",
        b"-5",
        b"0001-01-01T00:00:00+23:59",
    ),
}
