"""Short streams in every mode, with lost answers, end as in a reference implementation.

The reference writes one record after the other, knows every record of the tenant, and never loses
an answer. The target has to reach the same result over HTTP, although it knows less, and although
the sandbox loses answers, before or after it has carried out a request.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from logging import getLogger

from hypothesis import event, given, settings
from hypothesis import strategies as st
from virtual_clock import VirtualClock

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.transport import Transport
from planhat_sync.models import load_models
from planhat_sync.runtime.signals import Stop
from planhat_sync.writing.batching.batcher import Batcher
from planhat_sync.writing.matching.companies import Companies
from planhat_sync.writing.matching.finder import MAX_LOOKUPS
from planhat_sync.writing.matching.matcher import Matcher
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.results.rejects import Rejects
from planhat_sync.writing.sending.batch_writer import BatchWriter
from planhat_sync.writing.sending.checkpoint import Checkpoint
from planhat_sync.writing.sending.sender import BatchSender
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()
MANY = max(150, settings().max_examples // 3)
DELETED = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
UNKNOWN_IDS = ("5f0000000000000000000001", "42")
KEYABLES = {"issues": ("_id", "sourceId"), "objectives": ("_id", "sourceId", "externalId")}
DEFAULTS = {"issues": {"archived": False}, "objectives": {}}
FAULTS = ("reset-before", "reset-after", "status-after", "body")


@dataclass
class Reference:
    """The records that a tenant has after a stream was written, and the counts of its outcomes."""

    stream: str
    write_mode: str
    skip_unchanged: bool
    deletes: str
    records: dict[str, dict] = field(default_factory=dict)
    next_id: int = 0
    counts: Counter = field(default_factory=Counter)

    def take(self, record):
        deleted = "_sdc_deleted_at" in record
        item = {name: value for name, value in record.items() if not name.startswith("_")}
        identifier = self.find(record)
        if deleted:
            self.counts[self.delete(identifier)] += 1
        elif identifier is not None:
            self.counts[self.update(identifier, item)] += 1
        else:
            self.counts[self.create(item)] += 1

    def find(self, record):
        for name in KEYABLES[self.stream]:
            for identifier, existing in self.records.items():
                if name == "_id" and record.get(name) == identifier:
                    return identifier
                if name != "_id" and self.share(name, record, existing):
                    return identifier
        return None

    def share(self, name, record, other):
        scope = "companyId" if name == "externalId" else name
        return None is not record.get(name) == other.get(name) and record[scope] == other[scope]

    def delete(self, identifier):
        if identifier is None or self.deletes == "ignore":
            return "skipped"
        if self.deletes == "delete":
            del self.records[identifier]
            return "deleted"
        archived, self.records[identifier]["archived"] = self.records[identifier]["archived"], True
        return "skipped" if archived else "written"

    def update(self, identifier, item):
        if self.write_mode == "create":
            return "skipped"
        if not self.is_unique({**self.records[identifier], **item}, identifier):
            return "refused"
        if self.skip_unchanged and self.records[identifier].items() >= item.items():
            return "unchanged"
        self.records[identifier].update(item)
        return "written"

    def create(self, item):
        if self.write_mode == "update":
            return "skipped"
        if not item.keys() & set(KEYABLES[self.stream]):
            return "unknown_id"
        self.records[f"{self.next_id:024x}"] = {**DEFAULTS[self.stream], **item}
        self.next_id += 1
        return "written"

    def is_unique(self, record, identifier):
        names = KEYABLES[self.stream][1:]
        return not any(
            self.share(name, record, other)
            for other_id, other in self.records.items()
            for name in names
            if other_id != identifier
        )


def steps(keys):
    """Generate the records of a stream: their keyables, their values, and which are deleted."""
    step = st.fixed_dictionaries(
        {
            "keys": keys,
            "fields": st.fixed_dictionaries(
                {"title": st.sampled_from("xy")},
                optional={"archived": st.booleans(), "status": st.sampled_from(["open", "shut"])},
            ),
            "deleted": st.sampled_from([False, False, False, True, True]),
        }
    )
    return st.lists(step, min_size=1, max_size=7)


IDS = st.sampled_from([None, None, "existing 0", "existing 1", "new 0", "new 1", *UNKNOWN_IDS])
"""Ids of existing records, of the first two that will be created, and of no record."""
KEY = st.sampled_from([None, 0, 1])
ONE_SOURCE_ID = st.tuples(IDS, st.sampled_from([0, 1])).filter(
    lambda keys: keys[0] is None or keys[0] in (f"existing {keys[1]}", *UNKNOWN_IDS)
)
ANY_KEYABLES = st.tuples(IDS, KEY, KEY, st.sampled_from([0, 1])).filter(
    lambda keys: any(key is not None for key in keys[:3])
)
RUNS = st.fixed_dictionaries(
    {
        "write_mode": st.sampled_from(["upsert", "update", "create"]),
        "skip_unchanged": st.booleans(),
        "deletes": st.sampled_from(["ignore", "archive", "delete", "delete"]),
    }
)
EXISTING = st.sampled_from([(), (0,), (0, 1), (0, 1)])
LOST = st.lists(st.tuples(st.integers(1, 10), st.sampled_from(FAULTS)), max_size=4)
ANSWERS = st.sampled_from(
    [
        {},
        {"success_keys": "id"},
        {"absent_arrays": "all"},
        {"absent_arrays": "all", "counts": "absent"},
        {"unknown_id": "refuse"},
        {"missing_delete": "zero"},
    ]
)
"""Behaviours of the sandbox; those that change how it matches are not among them, for the reference
matches in one way only."""


def prepare(bench, stream, existing, run, answers):
    """Reset the sandbox; return its companies, and a reference that has the same records."""
    bench.sandbox.reset()
    bench.rejects_path.unlink(missing_ok=True)
    bench.sandbox.behave(**answers)
    companies = [bench.company(sourceId=str(number)) for number in range(2)]
    reference = Reference(stream, **run)
    for number in sorted(existing):
        item = fields(stream, companies, 0, title=f"existing {number}", sourceId=f"s{number}")
        if stream == "objectives":
            item["externalId"] = f"e{number}"
        record = bench.sandbox.tenant("alpha").insert(stream, item)
        reference.records[record["_id"]] = {**DEFAULTS[stream], **item}
    reference.next_id = int(companies[-1], 16) + len(existing) + 1
    return companies, reference


def fields(stream, companies, company, title, **more):
    if stream == "issues":
        return {"title": title, "companyIds": [companies[company]], **more}
    more.pop("archived", None)
    return {"name": title, "companyId": companies[company], **more}


def record_of(stream, step, companies, reference):
    """Return the record of one step."""
    keys, company = step["keys"], 0
    identifier, source = keys[:2]
    values = dict(step["fields"])
    if stream == "objectives":
        values.pop("status", None)
    if len(keys) > 2 and stream == "objectives":
        company = keys[3]
        if keys[2] is not None:
            values["externalId"] = f"e{keys[2]}"
    if source is not None:
        values["sourceId"] = f"s{source}"
    record = fields(stream, companies, company, **values)
    if identifier is not None:
        ids = {f"existing {at}": each for at, each in enumerate(sorted(reference.records))}
        ids |= {f"new {at}": f"{reference.next_id + at:024x}" for at in range(2)}
        record["_id"] = ids.get(
            identifier, identifier if identifier in UNKNOWN_IDS else UNKNOWN_IDS[0]
        )
    return {**record, **DELETED} if step["deleted"] else record


def content(bench, stream):
    """Return the tenant's records, with the properties that the reference knows."""
    names = ("title", "name", "status", "archived", "sourceId", "externalId", "companyId")
    return {
        each["_id"]: {n: each[n] for n in names if each.get(n) not in (None, "")}
        for each in bench.sandbox.tenant("alpha").records(stream)
    }


def by_source_id(records):
    return sorted(records.values(), key=lambda record: record["sourceId"])


class Target:
    """The parts of the target that convert, batch, match and send records, over HTTP.

    The clock is virtual, since a retry after a lost answer would take a second.
    """

    def __init__(self, bench, stream, rows, run):
        connection = Connection.from_config(
            {"api_token": "token-a", "api_url": bench.sandbox.url, "requests_per_minute": 0}
        )
        model, config = MODELS[stream], WriteSettings(batch_size_rows=rows, **run)
        self.counts = Counter()
        self.transport = Transport(connection, clock=VirtualClock())
        client = PlanhatClient(self.transport)
        self._converter, self._batcher = Converter(model, config), Batcher(model, config)
        companies = Companies(client, getLogger("test"))
        matcher = Matcher(client, model, config, companies)
        checkpoint = Checkpoint(
            Stop("target-planhat"), Rejects(None, getLogger("test"), continues=True)
        )
        sender = BatchSender(client, model, matcher, checkpoint)
        self._writer = BatchWriter(stream, matcher, sender, checkpoint)

    def take(self, records):
        for line, record in enumerate(records, 1):
            made = self._converter.convert(record, line=line)
            if isinstance(made, Payload):
                self.send(self._batcher.add(made))
            else:
                self.counts[getattr(made, "code", "skipped")] += 1
        self.send(self._batcher.drain())

    def send(self, batches):
        for batch in batches:
            result = self._writer.write(batch)
            assert result.error is None, result.error
            self.counts["written"] += result.counts.created + result.counts.updated
            self.counts["unchanged"] += result.counts.unchanged
            for name in ("merged", "skipped", "deleted"):
                self.counts[name] += getattr(result.counts, name)
            self.counts.update(why.code.value for _, why in result.rejects)


def write(bench, stream, steps, existing, run, answers, lost, *, listed, rows):
    """Write a stream with the target and with the reference, and compare the results."""
    companies, reference = prepare(bench, stream, existing, run, answers)
    if "absent_arrays" in answers:  # no answer has the ids of new records, so none is referred to
        steps = [each for each in steps if not str(each["keys"][0]).startswith("new")]
    records = [record_of(stream, step, companies, reference) for step in steps]
    records = [each for each in records if each.keys() & {*KEYABLES[stream]}]
    target = Target(bench, stream, rows, run)
    # After so many unknown ids the target reads the list before it writes anything.
    unknown = [
        {**fields(stream, companies, 0, title="t"), "_id": f"{at:024x}"}
        for at in range(MAX_LOOKUPS + 1 if listed else 0)
    ]
    target.take(unknown)
    for number, fault in lost:
        bench.sandbox.fault(fault, nth=number)
    target.take(records)
    for record in (*unknown, *records):
        reference.take(record)
    expected = {
        identifier: {n: v for n, v in record.items() if n != "companyIds"}
        for identifier, record in reference.records.items()
    }
    found = content(bench, stream)
    if rows > 1:  # records of different identities may be created in a different order
        expected, found = by_source_id(expected), by_source_id(found)
    assert found == expected
    counts = +target.counts
    # After the answer to a delete was lost, it is not known whether the _id existed before.
    unclear = counts["deleted"] - reference.counts["deleted"]
    assert 0 <= unclear <= len(lost)
    assert counts["skipped"] == reference.counts["skipped"] - unclear
    assert counts["refused"] == reference.counts["refused"]
    assert counts["unknown_id"] == reference.counts["unknown_id"]
    has_no_counts = "counts" in answers  # no answer proves that a record was written
    assert counts["written" if has_no_counts else "outcome_unknown"] == 0
    assert sum(counts.values()) == len(unknown) + len(records)
    # A record whose values are not known is sent, so fewer may count as unchanged, but not more.
    assert counts["unchanged"] <= reference.counts["unchanged"] + reference.counts["written"]
    for name in reference.counts:
        event(name)


AROUND = {
    "existing": EXISTING,
    "run": RUNS,
    "answers": ANSWERS,
    "lost": LOST,
    "listed": st.booleans(),
}
"""What is there before the steps, and what happens meanwhile."""


@settings(max_examples=MANY)
@given(
    steps=steps(ONE_SOURCE_ID),
    **AROUND,
    rows=st.sampled_from([1, 2, 100]),
)
def test_records_with_one_source_id_each_end_as_one_by_one_in_batches_of_any_size(
    bench, steps, existing, run, answers, lost, listed, rows
):
    write(bench, "issues", steps, existing, run, answers, lost, listed=listed, rows=rows)


@settings(max_examples=MANY)
@given(steps=steps(ANY_KEYABLES), **AROUND)
def test_issues_with_any_keyables_end_as_one_by_one(
    bench, steps, existing, run, answers, lost, listed
):
    write(bench, "issues", steps, existing, run, answers, lost, listed=listed, rows=1)


@settings(max_examples=MANY)
@given(steps=steps(ANY_KEYABLES), **AROUND)
def test_objectives_with_any_keyables_end_as_one_by_one(
    bench, steps, existing, run, answers, lost, listed
):
    run = {**run, "deletes": "delete" if run["deletes"] == "archive" else run["deletes"]}
    write(bench, "objectives", steps, existing, run, answers, lost, listed=listed, rows=1)
