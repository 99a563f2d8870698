"""What Planhat has and what follows, over real HTTP: ids, modes, deletes, comparison, dry run."""

import json
import threading
from collections import Counter
from decimal import Decimal
from itertools import count
from logging import getLogger

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.transport import Transport
from planhat_sync.models import load_models
from planhat_sync.writing.batching.batcher import Batcher
from planhat_sync.writing.matching.companies import Companies
from planhat_sync.writing.matching.finder import MAX_LOOKUPS
from planhat_sync.writing.matching.matcher import Matcher
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.payload import Payload, RejectCode
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()
FOREIGN = [f"{number:024x}" for number in range(1, 40)]
MANY = 2 * MAX_LOOKUPS


class Flow:
    """Sends records through converter, batcher and matcher into a sandbox, without a target."""

    def __init__(self, sandbox, model="issues", **settings):
        connection = Connection.from_config(
            {
                "api_token": "token-a",
                "api_url": sandbox.url,
                "requests_per_minute": 0,
                "retry_budget_seconds": 0,
            }
        )
        self.sandbox = sandbox
        self.tenant = sandbox.tenant("token-a")
        self.model = MODELS[model]
        self.settings = WriteSettings(**settings)
        self.client = PlanhatClient(Transport(connection))
        companies = Companies(self.client, getLogger("test"))
        self.matcher = Matcher(self.client, self.model, self.settings, companies)
        self.outcomes = {}
        self.answered = Counter()
        self.lines = count(1)

    def batches(self, records):
        converter = Converter(self.model, self.settings)
        batches = Batcher(self.model, self.settings)
        for record in records:
            line = next(self.lines)
            made = converter.convert(record, line=line)
            if isinstance(made, Payload):
                yield from batches.add(made)
            else:
                self.outcomes[line] = getattr(made, "code", "skipped")
        yield from batches.drain()

    def write(self, *records):
        """Write records; return the outcome of each line."""
        for batch in self.batches(records):
            if batch.kind == "delete":
                for payload in batch.payloads:
                    done = self.matcher.delete(payload)
                    self.outcomes[payload.line] = getattr(
                        done, "code", "deleted" if done is True else "skipped"
                    )
                continue
            for partition in self.partitions(batch):
                if partition.batch is not None:
                    self.send(partition.batch)
        return self.outcomes

    def partitions(self, batch):
        while batch is not None:
            partition = self.matcher.partition(batch)
            self.settle_unsent(partition)
            yield partition
            batch = partition.later

    def send(self, batch):
        answer = self.client.bulk_upsert(self.model, batch.body, repeatable=True)
        assert answer.status == 200, answer.body
        reply = json.loads(answer.body)
        self.answered += Counter(created=reply["created"], updated=reply["updated"])
        self.matcher.add_created_ids(answer)
        self.matcher.update_index(batch.payloads)
        for payload in batch.payloads:
            self.settle(payload, "sent")

    def predict(self, *records):
        """Return what would become of each line."""
        for batch in self.batches(records):
            if batch.kind == "delete":
                for payload in batch.payloads:
                    found = self.matcher.delete(payload)
                    self.settle(payload, "deleted" if found else "skipped")
                continue
            for partition in self.partitions(batch):
                for payload, found in zip(
                    partition.batch.payloads if partition.batch else (),
                    partition.existing,
                    strict=True,
                ):
                    self.settle(payload, "updated" if found else "created")
                    self.matcher.update_index([payload])
        return self.outcomes

    def settle_unsent(self, partition):
        for payload in partition.unchanged:
            self.settle(payload, "unchanged")
        for payload, _ in partition.skipped:
            self.settle(payload, "skipped")
        for payload, reject in partition.rejects:
            self.settle(payload, reject.code)

    def settle(self, payload, outcome):
        assert payload.line not in self.outcomes
        self.outcomes[payload.line] = outcome
        if payload.earlier is not None:
            self.settle(payload.earlier, "skipped" if outcome == "skipped" else "merged")

    def requests(self, method):
        return [request for request in self.sandbox.requests if request.method == method]

    def titles(self):
        return sorted(record.get("title") for record in self.tenant.records(self.model.name))


@pytest.fixture
def company(sandbox):
    return sandbox.tenant("token-a").insert("companies", {"name": "Acme", "externalId": "acme"})[
        "_id"
    ]


def copies(number, company, **more):
    return [
        {
            "_id": FOREIGN[at],
            "sourceId": f"s{at}",
            "title": f"t{at}",
            "companyIds": [company],
            **more,
        }
        for at in range(number)
    ]


@pytest.mark.parametrize("unknown_id", ["create", "create-with-id", "refuse", "fall-through"])
@pytest.mark.parametrize("number", [2, MANY])
def test_a_tenants_output_written_twice_into_another_creates_nothing_twice(
    sandbox, company, unknown_id, number
):
    sandbox.behave(unknown_id=unknown_id)
    for _ in range(2):
        flow = Flow(sandbox)
        assert set(flow.write(*copies(number, company)).values()) == {"sent"}
    assert len(flow.tenant.records("issues")) == number
    for request in flow.requests("PUT"):
        assert all("_id" not in item for item in json.loads(request.body))


@pytest.mark.parametrize("number", [2, MANY])
def test_an_id_that_planhat_does_not_have_means_no_record(sandbox, company, number):
    records = [{"_id": FOREIGN[at], "title": "x", "companyIds": [company]} for at in range(number)]
    flow = Flow(sandbox)
    assert set(flow.write(*records).values()) == {RejectCode.UNKNOWN_ID}
    assert flow.requests("PUT") == []


def test_only_a_few_ids_are_looked_up_one_by_one(sandbox, company):
    few = Flow(sandbox)
    few.write(*copies(MAX_LOOKUPS, company))
    assert [request.route for request in few.requests("GET")] == ["get"] * MAX_LOOKUPS
    few.write(*copies(1, company))
    lists = [request for request in few.requests("GET") if request.route == "list"]
    assert lists
    assert {request.query.get("select") for request in lists} == {"_id"}
    asked = len(few.requests("GET"))
    few.write(*copies(MANY, company))
    assert len(few.requests("GET")) == asked


def test_an_id_that_planhat_has_is_sent_in_either_case(sandbox, company):
    flow = Flow(sandbox)
    existing = flow.tenant.insert("issues", {"title": "a"})["_id"]
    flow.write({"_id": existing.upper(), "title": "b"})
    assert flow.titles() == ["b"]


def test_an_id_that_was_assigned_in_this_run_is_known_in_this_run(sandbox, company):
    flow = Flow(sandbox)
    flow.write(*copies(MANY, company))
    new = flow.tenant.records("issues")[0]["_id"]
    assert flow.write({"_id": new, "title": "again"})[MANY + 1] == "sent"
    assert len(flow.tenant.records("issues")) == MANY
    assert "again" in flow.titles()


@pytest.mark.parametrize("deletes", ["ignore", "delete"])
@pytest.mark.parametrize("number", [1, MANY])
def test_an_id_that_is_another_keyable_in_a_path_means_no_record(
    sandbox, companies, number, deletes
):
    tenant = sandbox.tenant("token-a")
    tenant.insert("objectives", objective(companies[0], sourceId="s"))
    flow = Flow(sandbox, "objectives", deletes=deletes)
    deleted = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"} if deletes == "delete" else {}
    outcomes = flow.write(
        *({"_id": "srcid-s", "name": str(at), **deleted} for at in range(number)),
    )
    assert set(outcomes.values()) - {"merged"} == {"skipped" if deleted else RejectCode.UNKNOWN_ID}
    assert [each["name"] for each in tenant.records("objectives")] == ["n"]
    assert flow.requests("DELETE") == []


def test_records_without_ids_need_no_lookup(sandbox, company):
    flow = Flow(sandbox, match_on=("sourceId",))
    flow.write(*copies(MANY, company))
    assert flow.requests("GET") == []


def existing_records(sandbox, number, company):
    tenant = sandbox.tenant("token-a")
    return [
        tenant.insert(
            "issues",
            {
                "title": f"t{at}",
                "sourceId": f"s{at}",
                "companyIds": [company],
                "archived": False,
                "custom": {"a": 0.10, "b": [1, {"c": None}]},
            },
        )
        for at in range(number)
    ]


@pytest.mark.parametrize("number", [1, MANY])
def test_values_that_planhat_has_already_are_not_sent(sandbox, company, number):
    records = existing_records(sandbox, number, company)
    flow = Flow(sandbox, skip_unchanged=True)
    assert set(flow.write(*records).values()) == {"unchanged"}
    assert flow.requests("PUT") == []


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"title": "other"}, True),
        ({"status": None}, False),
        ({"status": ""}, True),
        ({"custom": {"b": [1, {"c": None}], "a": "0.1"}}, True),
        ({"custom": {"b": [1.0, {"c": None}], "a": 0.1}}, False),
        ({"custom": {"a": 0.1}}, True),
        ({"companyIds": ["extid-acme"]}, False),
        ({"companyIds": []}, True),
        ({"archived": 0}, None),
        ({"updatedAt": "2001-01-01T00:00:00Z", "_sdc_sequence": 5}, False),
    ],
)
@pytest.mark.parametrize("number", [1, MANY])
def test_values_are_compared_with_those_in_planhat(sandbox, company, change, differs, number):
    records = [record | change for record in existing_records(sandbox, number, company)]
    flow = Flow(sandbox, skip_unchanged=True)
    expected = {True: "sent", False: "unchanged", None: RejectCode.WRONG_TYPE}[differs]
    assert set(flow.write(*records).values()) == {expected}


def custom_mapping(*labels, model="issues"):
    """Return the part of a mapping that says which custom fields records may have."""
    return {"model": model, "set": {"custom": dict.fromkeys(labels, "field")}}


MAPPINGS = [
    custom_mapping("a", "b"),
    custom_mapping("b", "c"),
    custom_mapping("d", model="objectives"),
    {"model": "issues", "set": {"title": "field"}},
]


@pytest.mark.parametrize("behaviour", ["merge", "replace"])
@pytest.mark.parametrize(
    ("custom", "differs"),
    [
        ({"a": 0.1}, False),
        ({"b": [1, {"c": None}], "a": 0.1}, False),
        ({"a": 0.1, "c": None}, False),
        ({}, False),
        ({"a": 0.2}, True),
        ({"a": None}, True),
        ({"a": 0.1, "c": ""}, True),
        ({"a": 0.1, "d": None}, True),  # no mapping of issues sets d
        (None, True),
    ],
)
@pytest.mark.parametrize("number", [1, MANY])
def test_custom_fields_of_mappings_are_compared_one_by_one(
    sandbox, company, custom, differs, number, behaviour
):
    sandbox.behave(custom=behaviour)
    records = [record | {"custom": custom} for record in existing_records(sandbox, number, company)]
    dry = Flow(sandbox, mappings=MAPPINGS, dry_run=True).predict(*records)
    assert set(dry.values()) == {"updated" if differs else "unchanged"}
    flow = Flow(sandbox, mappings=MAPPINGS, skip_unchanged=True)
    assert set(flow.write(*records).values()) == {"sent" if differs else "unchanged"}
    again = flow.write(*records)
    if custom is not None and custom.keys() <= set("abc"):
        assert set(list(again.values())[number:]) == {"unchanged"}


def custom_fields(labels):
    return st.dictionaries(st.sampled_from(labels), st.sampled_from([None, 0, "x"]))


@pytest.mark.parametrize("behaviour", ["merge", "replace"])
@given(
    st.lists(
        st.tuples(custom_fields("abcd"), custom_fields("abc")), min_size=1, max_size=MAX_LOOKUPS + 2
    )
)
def test_a_record_is_skipped_if_and_only_if_planhat_has_each_custom_field_of_it(
    sandbox, behaviour, fields
):
    sandbox.reset()
    sandbox.behave(custom=behaviour)
    tenant = sandbox.tenant("token-a")
    before = [
        tenant.insert("issues", {"title": "t", "sourceId": f"s{at}", "custom": custom})
        for at, (custom, _) in enumerate(fields)
    ]
    flow = Flow(sandbox, mappings=MAPPINGS, skip_unchanged=True)
    outcomes = flow.write(
        *({"sourceId": f"s{at}", "custom": custom} for at, (_, custom) in enumerate(fields))
    )
    for line, (old, new) in enumerate(zip(before, tenant.records("issues"), strict=True), start=1):
        custom = fields[line - 1][1]
        has_all = all(old["custom"].get(label) == custom[label] for label in custom)
        assert outcomes[line] == ("unchanged" if has_all else "sent")
        assert (new == old) == has_all
        assert all(new["custom"].get(label) == custom[label] for label in custom)


@pytest.mark.parametrize("number", [1, MANY])
def test_decimals_with_the_same_float_are_compared_exactly(sandbox, company, number):
    exact, close = Decimal("0.1000000000000000055511151231257827"), Decimal("0.1")
    assert float(exact) == float(close)
    tenant = sandbox.tenant("token-a")
    for at in range(number):
        tenant.insert(
            "issues",
            {"title": "t", "sourceId": f"s{at}", "companyIds": [company], "custom": {"a": exact}},
        )
    for value, outcome in ((exact, "unchanged"), (close, "sent"), (close, "unchanged")):
        flow = Flow(sandbox, skip_unchanged=True)
        records = [{"sourceId": f"s{at}", "custom": {"a": value}} for at in range(number)]
        assert set(flow.write(*records).values()) == {outcome}


@pytest.mark.parametrize("number", [1, MANY])
@pytest.mark.parametrize("value", [None, ""])
def test_a_value_that_an_update_left_alone_can_be_emptied_after_it(sandbox, company, number, value):
    records = existing_records(sandbox, number, company)
    for record in records:
        sandbox.tenant("token-a").update("issues", record["_id"], {"status": "open"})
    flow = Flow(sandbox, skip_unchanged=True)
    flow.write(*({"sourceId": record["sourceId"], "title": "x"} for record in records))
    flow.write(*({"sourceId": record["sourceId"], "status": value} for record in records))
    assert list(flow.outcomes.values()) == ["sent"] * 2 * number
    existing = [(each["title"], each["status"]) for each in flow.tenant.records("issues")]
    assert existing == [("x", value)] * number


def test_what_was_written_in_this_run_is_compared(sandbox, company):
    flow = Flow(sandbox, skip_unchanged=True, match_on=("sourceId",))
    flow.write(*copies(MANY, company))
    assert set(Flow.write(flow, *copies(MANY, company)).values()) == {"sent", "unchanged"}
    assert flow.write(*copies(1, company, title="new"))[2 * MANY + 1] == "sent"
    assert flow.write(*copies(1, company))[2 * MANY + 2] == "sent"
    assert len(flow.requests("PUT")) == 3


@pytest.mark.parametrize("number", [1, MANY])
def test_a_run_that_only_updates_skips_what_does_not_exist(sandbox, company, number):
    existing_records(sandbox, 1, company)
    flow = Flow(sandbox, write_mode="update")
    records = copies(number, company, title="new")
    outcomes = flow.write(*records)
    assert outcomes[1] == "sent"
    assert set(outcomes.values()) <= {"sent", "skipped"}
    assert list(outcomes.values()).count("skipped") == number - 1
    assert flow.titles() == ["new"]


@pytest.mark.parametrize("number", [1, MANY])
def test_a_run_that_only_creates_skips_what_exists(sandbox, company, number):
    existing_records(sandbox, 1, company)
    flow = Flow(sandbox, write_mode="create")
    outcomes = flow.write(*copies(number, company, title="new"), *copies(number, company))
    assert outcomes[1] == "skipped"
    assert flow.titles() == sorted(["t0", *["new"] * (number - 1)])
    assert list(outcomes.values()).count("sent") == number - 1


@pytest.mark.parametrize("modes", [{"write_mode": "update"}, {"skip_unchanged": True}])
@pytest.mark.parametrize("number", [1, MANY])
def test_two_names_of_one_record_are_written_in_turn(sandbox, company, modes, number):
    existing = existing_records(sandbox, number, company)
    flow = Flow(sandbox, **modes)
    # By its _id the record gets another title, by its sourceId its old one.
    stream = [{"_id": record["_id"], "title": "other"} for record in existing]
    stream += [{"sourceId": record["sourceId"], "title": record["title"]} for record in existing]
    assert set(flow.write(*stream).values()) == {"sent"}
    assert flow.titles() == sorted(record["title"] for record in existing)
    for request in flow.requests("PUT"):
        names = [item.get("_id") or item["sourceId"] for item in json.loads(request.body)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("number", [1, MANY])
@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("write_mode", "match_on", "named", "expected"),
    [
        ("update", (), ("_id",), "skipped"),
        ("update", ("_id",), ("_id",), "skipped"),
        ("update", ("_id",), ("_id", "sourceId"), "skipped"),
        ("update", (), ("_id", "sourceId"), "skipped"),
        ("update", (), ("sourceId",), "skipped"),
        ("upsert", (), ("_id",), RejectCode.UNKNOWN_ID),
        ("create", (), ("_id",), RejectCode.UNKNOWN_ID),
        ("upsert", ("_id",), ("_id", "sourceId"), RejectCode.UNKNOWN_ID),
    ],
)
def test_a_run_that_only_updates_skips_what_does_not_exist_whatever_its_keyables(
    sandbox, company, write_mode, match_on, named, expected, dry_run, number
):
    records = [
        {name: record[name] for name in (*named, "title", "companyIds")}
        for record in copies(number, company)
    ]
    flow = Flow(sandbox, write_mode=write_mode, match_on=match_on, dry_run=dry_run)
    outcomes = (flow.predict if dry_run else flow.write)(*records)
    assert list(outcomes.values()) == [expected] * number
    assert flow.requests("PUT") == []


UNREADABLE = ["42", "an id of another system", "..", "a/b", "x" * 2_000, "é"]
"""Not ids of Planhat; a path with one would be refused, or lead elsewhere."""


@pytest.mark.parametrize("number", [1, MANY])
@pytest.mark.parametrize("identifier", UNREADABLE)
def test_an_id_that_planhat_cannot_read_means_no_record(sandbox, company, identifier, number):
    ids = [identifier + str(at) if at else identifier for at in range(number)]
    records = [
        {"_id": each, "sourceId": f"s{at}", "title": "t", "companyIds": [company]}
        for at, each in enumerate(ids)
    ]
    flow = Flow(sandbox)
    assert set(flow.write(*records).values()) == {"sent"}
    assert set(Flow(sandbox).write(*({"_id": each, "title": "x"} for each in ids)).values()) == {
        RejectCode.UNKNOWN_ID
    }
    assert set(Flow(sandbox, write_mode="update").write(*records).values()) == {"sent"}
    assert len(flow.tenant.records("issues")) == number
    gone = [
        {"_id": r["_id"], "sourceId": r["sourceId"], "_sdc_deleted_at": "2024-01-31"}
        for r in records
    ]
    assert set(Flow(sandbox, deletes="archive").write(*gone).values()) == {"sent"}
    assert set(Flow(sandbox, deletes="delete").write(*gone).values()) == {"deleted"}
    assert flow.tenant.records("issues") == []


@pytest.mark.parametrize("key", ["a/../b", "é" * 300])
def test_a_source_id_that_does_not_fit_into_a_path_does_not_end_the_run(sandbox, company, key):
    record = {"sourceId": key, "title": "t", "companyIds": [company]}
    flow = Flow(sandbox, skip_unchanged=True)
    assert flow.write(record) == {1: "sent"}
    for write_mode in ("update", "create"):
        flow = Flow(sandbox, write_mode=write_mode)
        assert flow.write(record) == {1: RejectCode.AMBIGUOUS_KEY}
    gone = {"sourceId": key, "_sdc_deleted_at": "2026-01-01"}
    for deletes in ("archive", "delete"):
        assert Flow(sandbox, deletes=deletes).write(gone) == {1: RejectCode.AMBIGUOUS_KEY}
    assert [each["title"] for each in flow.tenant.records("issues")] == ["t"]


@pytest.fixture
def companies(sandbox):
    tenant = sandbox.tenant("token-a")
    return [
        tenant.insert("companies", {"name": name, "externalId": name})["_id"] for name in ("x", "y")
    ]


def objective(company, **more):
    return {"name": "n", "externalId": "e", "companyId": company, **more}


@pytest.mark.parametrize("padding", [0, MANY])
@pytest.mark.parametrize("unmatched_key", ["next", "create"])
def test_a_record_found_by_its_second_keyable_is_updated_and_never_created(
    sandbox, companies, padding, unmatched_key
):
    sandbox.behave(unmatched_key=unmatched_key)
    tenant = sandbox.tenant("token-a")
    existing = tenant.insert("objectives", objective(companies[0], name="old"))
    flow = Flow(sandbox, "objectives", write_mode="update")
    others = [{"sourceId": f"none {at}", "name": "no"} for at in range(padding)]
    outcomes = flow.write(objective(companies[0], sourceId="new", name="changed"), *others)
    assert outcomes[1] == "sent"
    [record] = tenant.records("objectives")
    assert (record["_id"], record["name"], record["sourceId"]) == (
        existing["_id"],
        "changed",
        "new",
    )


def test_a_stale_list_is_read_again_even_for_a_few_records(sandbox, companies):
    one, other = companies
    flow = Flow(sandbox, "objectives", write_mode="update")
    for at in range(MANY):
        flow.tenant.insert(
            "objectives",
            {"name": "o", "companyId": one, "sourceId": f"s{at}", "externalId": f"e{at}"},
        )
    flow.write(*({"sourceId": f"s{at}", "companyId": other} for at in range(MANY)))
    flow.write({"externalId": "e0", "companyId": other, "name": "moved"})
    assert flow.outcomes[MANY + 1] == "sent"
    assert [each["name"] for each in flow.tenant.records("objectives")].count("moved") == 1


def test_what_is_written_while_the_list_is_read_is_known_afterwards(sandbox, company):
    flow = Flow(sandbox, write_mode="create", match_on=("sourceId",))
    [early] = flow.batches(copies(1, company))
    [others] = flow.batches(copies(MANY, company)[1:])
    assert flow.matcher.partition(early).batch is not None
    noting = threading.Thread(target=flow.matcher.update_index, args=(early.payloads,))

    def answered_meanwhile(request):
        if request.route == "list" and noting.ident is None:
            noting.start()
            noting.join(timeout=0.3)

    sandbox.before_each_request.append(answered_meanwhile)
    flow.matcher.partition(others)
    sandbox.before_each_request.clear()
    noting.join()
    assert flow.write(*copies(1, company))[MANY + 1] == "skipped"


@pytest.mark.parametrize("padding", [0, MANY])
@pytest.mark.parametrize("write_mode", ["update", "create"])
def test_an_external_id_counts_within_its_company_only(sandbox, companies, padding, write_mode):
    tenant = sandbox.tenant("token-a")
    tenant.insert("objectives", objective(companies[0], name="old"))
    flow = Flow(sandbox, "objectives", write_mode=write_mode)
    others = [
        {"sourceId": f"none {at}", "name": "no", "companyId": companies[1]} for at in range(padding)
    ]
    outcomes = flow.write(
        objective(companies[0]),
        objective(companies[1]),
        objective("extid-x"),
        objective("extid-y"),
        objective("extid-y", externalId="unknown"),
        *others,
    )
    there, not_there = ("sent", "skipped") if write_mode == "update" else ("skipped", "sent")
    # The fourth is the second by another name: a create has made it by then.
    expected = [there, not_there, there, "skipped", not_there]
    assert [outcomes[line] for line in range(1, 6)] == expected


def test_the_list_is_read_again_after_changes_that_the_index_cannot_follow(sandbox, companies):
    tenant = sandbox.tenant("token-a")
    tenant.insert("objectives", objective(companies[0], sourceId="s"))
    flow = Flow(sandbox, "objectives", write_mode="update")
    others = [{"sourceId": f"none {at}"} for at in range(MANY)]
    flow.write(*others, {"sourceId": "s", "companyId": companies[1]})
    outcomes = flow.write(
        *others, objective(companies[0], name="old"), objective(companies[1], name="new")
    )
    assert list(outcomes.values())[-2:] == ["skipped", "sent"]
    [record] = tenant.records("objectives")
    assert (record["name"], record["companyId"]) == ("new", companies[1])


@pytest.mark.parametrize(
    "named", [("_id",), ("sourceId",), ("_id", "sourceId"), ("gone", "sourceId")]
)
@pytest.mark.parametrize("number", [1, MANY])
def test_a_record_is_deleted_once_and_then_skipped(sandbox, company, named, number):
    records = existing_records(sandbox, number, company)
    flow = Flow(sandbox, deletes="delete")
    deletes = [
        {
            **{name: record[name] for name in named if name != "gone"},
            **({"_id": FOREIGN[0]} if "gone" in named else {}),
            "_sdc_deleted_at": "2026-01-01T00:00:00Z",
        }
        for record in records
    ]
    assert list(flow.write(*deletes).values()) == ["deleted"] * number
    assert flow.tenant.records("issues") == []
    assert list(flow.write(*deletes).values())[number:] == ["skipped"] * number


def test_a_delete_keeps_its_place_between_the_records_of_its_identity(sandbox, company):
    flow = Flow(sandbox, deletes="delete", match_on=("sourceId",))
    [record] = copies(1, company)
    gone = record | {"_sdc_deleted_at": "2026-01-01"}
    again = record | {"title": "again", "status": "Open"}
    assert list(flow.write(record, gone, gone, again).values()) == [
        "sent",
        "deleted",
        "skipped",
        "sent",
    ]
    assert flow.titles() == ["again"]


def test_a_delete_by_external_id_deletes_the_record_of_its_company(sandbox, companies):
    tenant = sandbox.tenant("token-a")
    for company in companies:
        tenant.insert("objectives", objective(company, name=company))
    flow = Flow(sandbox, "objectives", deletes="delete")
    delete = {"externalId": "e", "_sdc_deleted_at": "2026-01-01"}
    outcomes = flow.write(
        delete | {"companyId": companies[1]},
        delete | {"companyId": "extid-x"},
        delete,
    )
    assert outcomes == {1: "deleted", 2: "deleted", 3: RejectCode.AMBIGUOUS_KEY}
    assert tenant.records("objectives") == []


@pytest.mark.parametrize("number", [1, MANY])
def test_a_record_is_archived_if_it_exists_and_is_not_archived(sandbox, company, number):
    records = existing_records(sandbox, number, company)
    flow = Flow(sandbox, deletes="archive", match_on=("sourceId",))
    deletes = [
        {"sourceId": record["sourceId"], "_sdc_deleted_at": "2026-01-01"} for record in records
    ]
    never = {"sourceId": "unknown", "_sdc_deleted_at": "2026-01-01"}
    assert set(flow.write(*deletes).values()) == {"sent"}
    assert all(record["archived"] for record in flow.tenant.records("issues"))
    assert {record["title"] for record in flow.tenant.records("issues")} == {
        record["title"] for record in records
    }
    assert set(list(flow.write(*deletes, never).values())[number:]) == {"skipped"}
    assert len(flow.tenant.records("issues")) == number


def test_a_dry_run_reports_every_outcome_and_writes_nothing(sandbox, company):
    existing = existing_records(sandbox, 3, company)
    stream = [
        existing[0] | {"title": "other", "custom": {"a": 5}},
        existing[1],
        {"sourceId": "new", "title": "n", "companyIds": [company]},
        {"sourceId": "new", "title": "m", "status": "Open"},
        {"sourceId": "without a title", "companyIds": [company]},
        {"title": "without a key"},
        {"_id": FOREIGN[0], "title": "foreign"},
        {"_id": existing[2]["_id"], "_sdc_deleted_at": "2026-01-01"},
        {"_id": existing[2]["_id"], "title": "gone by now"},
    ]
    before = json.dumps(sandbox.tenant("token-a").records("issues"))
    flow = Flow(sandbox, dry_run=True, deletes="delete")
    assert flow.predict(*stream) == {
        1: "updated",
        2: "unchanged",
        3: "created",
        4: "updated",
        5: RejectCode.MISSING_REQUIRED,
        6: RejectCode.MISSING_KEY,
        7: RejectCode.UNKNOWN_ID,
        8: "deleted",
        9: RejectCode.UNKNOWN_ID,
    }
    assert flow.requests("PUT") == flow.requests("POST") == flow.requests("DELETE") == []
    assert json.dumps(flow.tenant.records("issues")) == before


STREAMS = st.lists(
    st.fixed_dictionaries(
        {"title": st.sampled_from("xyz")},
        optional={
            "_id": st.sampled_from(["existing 0", "existing 1", "existing 2", FOREIGN[0]]),
            "sourceId": st.sampled_from(["s0", "s1", "s2", "s3"]),
            "custom": st.dictionaries(st.sampled_from("ab"), st.integers(0, 1), max_size=2),
            "_sdc_deleted_at": st.sampled_from([None, None, "2026-01-01"]),
        },
    ),
    max_size=12,
)


@settings(max_examples=max(40, settings.default.max_examples // 4))
@given(
    stream=STREAMS,
    write_mode=st.sampled_from(["upsert", "update", "create"]),
    deletes=st.sampled_from(["ignore", "archive", "delete"]),
    match_on=st.sampled_from([(), ("sourceId",), ("_id",)]),
    labels=st.sampled_from(["", "a", "ab"]),
)
def test_a_dry_run_predicts_what_the_run_then_does(
    sandbox, stream, write_mode, deletes, match_on, labels
):
    sandbox.reset()
    tenant = sandbox.tenant("token-a")
    company = tenant.insert("companies", {"name": "Acme"})["_id"]
    existing = {f"existing {at}": record["_id"] for at, record in enumerate(seed(tenant, company))}
    # Only records whose keyables do not contradict each other: Planhat decides about others.
    records = [
        record
        | {"companyIds": [company]}
        | ({"_id": existing.get(record["_id"], record["_id"])} if "_id" in record else {})
        for record in stream
        if "sourceId" not in record
        or record.get("_id", FOREIGN[0]) in (FOREIGN[0], f"existing {record['sourceId'][1:]}")
    ]
    modes = {"write_mode": write_mode, "deletes": deletes, "match_on": match_on}
    modes["mappings"] = [custom_mapping(*labels)] if labels else ()
    predicted = Flow(sandbox, dry_run=True, **modes).predict(*records)
    assert not [request for request in sandbox.requests if request.method != "GET"]
    flow = Flow(sandbox, skip_unchanged=True, **modes)
    done = flow.write(*records)
    # A dry run cannot read the custom fields that it would have written, so it counts a second
    # record with custom fields as a change.
    with_custom = [line for line, record in enumerate(records, 1) if record.get("custom")]
    for line in with_custom[1:]:
        if (predicted[line], done[line]) == ("updated", "unchanged"):
            predicted[line] = "unchanged"
    expected = {
        line: "sent" if said in ("created", "updated") else said for line, said in predicted.items()
    }
    assert expected == done
    assert list(predicted.values()).count("created") == flow.answered["created"]
    assert list(predicted.values()).count("updated") == flow.answered["updated"]


def seed(tenant, company):
    return [
        tenant.insert(
            "issues",
            {"title": "x", "sourceId": f"s{at}", "companyIds": [company], "custom": {"a": at}},
        )
        for at in range(3)
    ]
