"""What the tap emits of each model is what Planhat sent, fits its SCHEMA, and can be written.

The records are those of the example answers in `examples/`, and for models without a page one made
of the properties of the model's file.
"""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import jsonschema
import pytest

from planhat_sandbox import Sandbox
from planhat_sync.models import load_models
from tap_planhat.tap import TapPlanhat
from target_planhat.target import TargetPlanhat

MODELS = load_models()
READ = [name for name, model in MODELS.items() if model.is_read]
COPIED = [name for name in READ if MODELS[name].is_written]
LEFT_OUT = {"__v", "apiTokens"}
"""What answers have and no model reads: the database's own count, and what may hold secrets."""
SHOW_RECORDS = {"create", "update", "get", "list"}
TIMES = {"model_times": "present"}
"""So that records without a page have all properties of their files."""
EXAMPLES = Path(__file__).parent / "examples"


def answers(name):
    """The records of the example answers; each has an `_id` of its own."""
    file = EXAMPLES / f"{name}.json"
    calls = json.loads(file.read_text("utf-8"))["calls"] if file.exists() else []
    found = {}
    for call in calls:
        if call["call"] not in SHOW_RECORDS:
            continue
        answer = call.get("answer")
        rows = answer if isinstance(answer, list) else filter(None, [answer])
        for record in call.get("before", rows):
            identifier = record["_id"]
            if identifier in found:
                identifier = f"{identifier[:-4]}{len(found):04x}"
            found[identifier] = {**record, "_id": identifier}
    return list(found.values())


COMPANY = {"_id": "6100772b3c19a7e4f0b1d2a1", "name": "Company 1", "externalId": "company-1"}
TYPES = {"number": 3, "integer": 3, "boolean": True, "array": [], "object": {"Field 1": "text"}}


def sample(schema, name):
    """A value for a property of which no page shows one."""
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if "string" not in types:
        return next(TYPES[each] for each in types if each != "null")
    is_time = schema.get("format") == "date-time" or name.endswith(("Date", "At"))
    return "2021-09-04T00:00:00.000Z" if is_time else f"{name} 1"


def made_record(name):
    """A record with every property of the model's file."""
    model = MODELS[name]
    record = {key: sample(schema, key) for key, schema in model.properties.items()}
    if model.company_reference is not None:
        is_list = isinstance(record[model.company_reference], list)
        record[model.company_reference] = [COMPANY["_id"]] if is_list else COMPANY["_id"]
    return {**record, "_id": "6100772b3c19a7e4f0b1d2ff"}


def records_of(name):
    return answers(name) or [made_record(name)]


def as_text(value):
    """A JSON value as text, in which 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


def served_by(name):
    return MODELS[name].path.strip("/")


def put(tenant, name, record):
    """Store a record exactly as it is."""
    with tenant.lock:
        tenant.store.collection(served_by(name)).put(dict(record))


def fill_given(tenant, names):
    """Store what the records of these models refer to."""
    put(tenant, "companies", COMPANY)
    for name in names:
        file = EXAMPLES / f"{name}.json"
        given = json.loads(file.read_text("utf-8"))["given"] if file.exists() else {}
        for other, records in given.items():
            for record in records:
                put(tenant, other, record)


def catalog_of(*streams):
    catalog = TapPlanhat(config={}, validate_config=False).catalog_dict
    wanted = [entry for entry in catalog["streams"] if entry["tap_stream_id"] in streams]
    for entry in wanted:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = True
    return {"streams": wanted}


def emitted(sandbox, token, streams, **config):
    """The SCHEMA and the RECORDs that the tap prints for each stream."""
    config |= {"api_token": token, "api_url": sandbox.url, "requests_per_minute": 0}
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(stdout):
        TapPlanhat(config=config, catalog=catalog_of(*streams)).run()
    stdout.seek(0)
    schemas, records = {}, {name: [] for name in streams}
    for message in map(json.loads, stdout):
        if message["type"] == "SCHEMA":
            schemas[message["stream"]] = message["schema"]
        elif message["type"] == "RECORD":
            records[message["stream"]].append(message["record"])
    return schemas, records


@pytest.fixture(scope="module")
def sandbox(request):
    if request.config.getoption("--live"):
        pytest.skip("not checked live: the records of the examples must be in the tenant")
    with Sandbox({"token-a": "alpha", "token-b": "beta"}) as sandbox:
        yield sandbox


@pytest.fixture(scope="module", params=[{}, {"stream_maps": {"*": {}}}], ids=["fast", "sdk"])
def run(request, sandbox):
    """One run over all models."""
    sandbox.reset()
    sandbox.behave(**TIMES)
    fill_given(sandbox.tenant("alpha"), READ)
    for name in READ:
        for record in records_of(name):
            put(sandbox.tenant("alpha"), name, record)
    return emitted(sandbox, "token-a", READ, **request.param)


@pytest.mark.parametrize("name", READ)
class TestEveryModelThatIsRead:
    def test_its_records_fit_the_schema_that_the_tap_emits(self, run, name):
        schemas, records = run
        validator = jsonschema.Draft202012Validator(
            schemas[name], format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        for record in records[name]:
            validator.validate(record)

    def test_its_records_arrive_as_planhat_sent_them(self, run, name):
        _, records = run
        arrived = {record["_id"]: record for record in records[name]}
        for sent in records_of(name):
            expected = {key: value for key, value in sent.items() if key not in LEFT_OUT}
            assert as_text(arrived[sent["_id"]]) == as_text(expected)
        assert len(records[name]) == len(arrived)


@pytest.fixture
def tenants(sandbox):
    """Two tenants with the records that others refer to."""
    sandbox.reset()
    sandbox.behave(**TIMES)
    return sandbox.tenant("alpha"), sandbox.tenant("beta")


def usable_keyable(model):
    """The strongest property by which a record of another tenant can be matched."""
    return next((name for name in model.keyables if name != "_id"), None)


def completed(name, record, number):
    """A record with all that Planhat needs for a create, where the example shows only some of it.

    And with keys of its own, as whoever copies a tenant has to choose them.
    """
    model, made = MODELS[name], made_record(name)
    needed = {*model.required, *model.bulk_required, *filter(None, [model.company_reference])}
    filled = {key: record.get(key) or made[key] for key in needed}
    return {**record, **filled, **keys_of(model, number)}


def keys_of(model, number):
    return {
        key: f"{number}@example.com" if key == "email" else f"key-{number}"
        for key in model.keyables
        if key != "_id"
    }


def write(sandbox, name, records, **config):
    """Write records into the second tenant, and return the writes that Planhat made of them."""
    tenant = sandbox.tenant("beta")
    before = len(tenant.writes)
    schema = {"type": "SCHEMA", "stream": name, "schema": {"properties": {}}}
    rows = [{"type": "RECORD", "stream": name, "record": record} for record in records]
    lines = b"".join(json.dumps(line).encode() + b"\n" for line in [schema, *rows])
    config |= {"api_token": "token-b", "api_url": sandbox.url, "requests_per_minute": 0}
    TargetPlanhat(config={"skip_unchanged": True, "progress": "none", **config}).listen(
        io.BytesIO(lines)
    )
    return tenant.writes[before:]


def written_part(name, record):
    """The properties of a record that the target writes."""
    model = MODELS[name]
    properties = model.properties.keys() - model.read_only - {"_id"}
    return {key: value for key, value in record.items() if key in properties}


@pytest.mark.parametrize("name", COPIED)
def test_its_records_are_copied_to_another_tenant_once(sandbox, tenants, name):
    alpha, _ = tenants
    for tenant in tenants:
        fill_given(tenant, [name])
    records = [completed(name, each, number) for number, each in enumerate(records_of(name))]
    for record in records:
        put(alpha, name, record)
    ids = {record["_id"] for record in records}
    rows = [row for row in emitted(sandbox, "token-a", [name])[1][name] if row["_id"] in ids]
    keyable = usable_keyable(MODELS[name])
    how = {"match_on": [keyable]} if keyable else {"match_on": ["_id"], "missing_key": "create"}
    if keyable in MODELS[name].returned_as:  # so the tap does not emit it
        rows = [{**row, **keys_of(MODELS[name], at)} for at, row in enumerate(rows)]
    if keyable is None:
        rows = [{key: value for key, value in row.items() if key != "_id"} for row in rows]
    made = write(sandbox, name, rows, **how)
    assert [each.action for each in made] == ["create"] * len(rows)

    copies = emitted(sandbox, "token-b", [name])[1][name]
    by_id = {copy["_id"]: copy for copy in copies}
    for row, each in zip(rows, made, strict=True):
        sent, held = written_part(name, row), by_id[each.identifier]
        names = MODELS[name].returned_as
        assert {key: held.get(names.get(key, key)) for key in sent} == sent

    again = rows if keyable else [by_id[each.identifier] for each in made]
    assert write(sandbox, name, again, **how) == []
