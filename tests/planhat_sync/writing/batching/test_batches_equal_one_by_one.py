"""Batches have the same result as sending each record alone, in turn, for any stream of records.

Below is a small model of Planhat, with a switch for each behaviour that the vendor leaves open:
whether `custom` is merged or replaced; whether null is stored, clears or is ignored; whether a
keyable that matches nothing falls through to the next one; whether a second record with the same
sourceId is refused. There are only a few keys, so that records often share them.
"""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from planhat_sync.api.bulk.envelope import Counts
from planhat_sync.api.bulk.outcomes import Refusal, Settled, Unsettled
from planhat_sync.models import load_models
from planhat_sync.writing.batching.batcher import Batcher
from planhat_sync.writing.batching.identity import identities, order_matters, profiles
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.sending.bisection import Bisection
from planhat_sync.writing.sending.in_flight import InFlight
from planhat_sync.writing.settings import WriteSettings

OBJECTIVES = load_models()["objectives"]
COMPANIES = {"a" * 24: "one", "b" * 24: "two", "extid-one": "one", "srcid-two": "two"}
IDS = ["0" * 24, "1" * 24, "2" * 24]


@dataclass(frozen=True)
class Ways:
    """One choice for each behaviour that the vendor does not document."""

    custom_merged: bool
    null: str
    fall_through: bool
    unique: bool


@dataclass
class Planhat:
    ways: Ways
    records: list = field(default_factory=list)

    def write(self, item):
        """Write one item; False if it is refused."""
        record = self.find(item)
        if item.get("health") == 13 or (record is None and item.get("name") is None):
            return False
        if self.ways.unique and "sourceId" in item:
            holders = [other for other in self.records if other.get("sourceId") == item["sourceId"]]
            if any(other is not record for other in holders):
                return False
        if record is None:
            record = {}
            self.records.append(record)
        for name, value in item.items():
            self.set(record, name, value)
        return True

    def set(self, record, name, value):
        if name == "companyId" and value is not None:
            value = COMPANIES[value]
        if value is None and self.ways.null == "ignored":
            return
        if value is None and self.ways.null == "clears":
            record.pop(name, None)
        elif isinstance(value, dict):
            if not self.ways.custom_merged or not isinstance(record.get(name), dict):
                record[name] = {}
            for key, inner in value.items():
                self.set(record[name], key, inner)
        else:
            record[name] = value

    def find(self, item):
        for name in ("_id", "sourceId", "externalId"):
            if name not in item:
                continue
            wanted = {name: item[name]}
            if name == "externalId" and item.get("companyId") is not None:
                wanted["companyId"] = COMPANIES[item["companyId"]]
            for record in self.records:
                if all(record.get(key) == value for key, value in wanted.items()):
                    return record
            if not self.ways.fall_through:
                return None
        return None

    def do(self, payload):
        item = json.loads(payload.item, parse_float=Decimal)
        if payload.operation != "delete":
            return self.write(item)
        record = self.find(item)
        if record is not None:
            self.records = [other for other in self.records if other is not record]
        return True

    def seen(self):
        """Return its records, without the ids that it assigned."""
        return sorted(json.dumps(record, sort_keys=True, default=str) for record in self.records)


VALUES = st.sampled_from([None, "", "x", "y", "z"])
CUSTOM = st.none() | st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2)
COMPANY = st.sampled_from([None, *COMPANIES])


@st.composite
def records(draw):
    optional = {
        "_id": st.sampled_from(IDS),
        "sourceId": st.sampled_from(["s", "t", "u"]),
        "externalId": st.sampled_from(["e", "f"]),
        "companyId": COMPANY,
        "name": VALUES,
        "health": st.sampled_from([None, 1, 2, 13]),
        "custom": CUSTOM,
        "_sdc_deleted_at": st.sampled_from([None, None, "2026-01-01T00:00:00Z"]),
    }
    return draw(st.fixed_dictionaries({}, optional=optional))


ANY, ONE_OF_TWO = "any keyables", "an _id or a sourceId, of the same few records"
PROFILES = [
    ("_id",),
    ("sourceId",),
    ("externalId", "companyId"),
    ("_id", "sourceId"),
    ONE_OF_TWO,
    ANY,
]


@st.composite
def streams(draw, profiles=tuple(PROFILES)):
    """Draw records of one profile, or of several; some cover an earlier one."""
    profile = draw(st.sampled_from(profiles))
    stream = []
    for drawn in draw(st.lists(records(), max_size=14)):
        record = drawn
        if stream and draw(st.booleans()):
            before = draw(st.sampled_from(stream))
            again = ("name", "custom", "health")
            record = before | {key: drawn[key] for key in again if key in drawn}
        elif profile == ONE_OF_TWO:
            name = draw(st.sampled_from(["_id", "sourceId"]))
            key = draw(st.sampled_from(IDS[:2] if name == "_id" else ["s", "t"]))
            others = ("name", "custom", "health")
            record = {each: drawn[each] for each in others if each in drawn} | {name: key}
        elif profile != ANY:
            for name in ("_id", "sourceId", "externalId"):
                if name not in profile:
                    record.pop(name, None)
            if any(record.get(name) is None for name in profile):
                continue
        stream.append(record)
    return stream


@st.composite
def tenants(draw):
    ways = Ways(
        custom_merged=draw(st.booleans()),
        null=draw(st.sampled_from(["stored", "clears", "ignored"])),
        fall_through=draw(st.booleans()),
        unique=draw(st.booleans()),
    )
    sources = draw(st.permutations(["s", "t", "v"]))
    places = draw(st.permutations([(e, c) for e in "efg" for c in ("one", "two")]))
    held = [
        {
            "_id": identifier,
            "name": "held",
            "sourceId": source,
            "externalId": external,
            "companyId": company,
            "custom": draw(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=2)),
        }
        for identifier, source, (external, company) in zip(IDS, sources, places, strict=False)
    ]
    return ways, held


def projected(stream):
    converter = Converter(OBJECTIVES, WriteSettings(missing_key="create", deletes="delete"))
    payloads = []
    for line, record in enumerate(stream, 1):
        payload = converter.convert(record, line=line)
        if isinstance(payload, Payload):
            payloads.append(payload)
    return payloads


def copies(held):
    return json.loads(json.dumps(held))


def send(planhat, batch, outcomes, shuffle):
    """Write a batch as a target does: what a rejected payload superseded is sent after all."""
    while batch is not None:
        rejected = []
        payloads = list(batch.payloads)
        profiles = {tuple(key is not None for key in payload.keys) for payload in payloads}
        if len(profiles) == 1 and sum(min(profiles)) <= 1:
            shuffle.shuffle(payloads)  # their order within a batch must not matter
        for payload in payloads:
            accepted = planhat.do(payload)
            assert payload.line not in outcomes
            outcomes[payload.line] = "written" if accepted else "rejected"
            if accepted:
                for earlier in payload.earlier_versions():
                    assert earlier.line not in outcomes
                    outcomes[earlier.line] = "merged"
            else:
                rejected.append(payload)
        batch = batch.superseded_by(rejected)


def batches_of(payloads, limits):
    batcher = Batcher(OBJECTIVES, limits)
    for payload in payloads:
        yield from batcher.add(payload)
        assert len(batcher) <= 2 * limits.batch_size_rows + limits.batch_size_rows
    yield from batcher.drain()
    assert len(batcher) == 0
    assert len(batcher._order) == 0
    assert batcher._bytes == 0


LIMITS = st.builds(
    WriteSettings,
    batch_size_rows=st.integers(1, 6) | st.just(5000),
    batch_size_bytes=st.sampled_from([60, 200, 8_000_000]),
)


@settings(max_examples=max(600, settings.default.max_examples))
@given(streams(), tenants(), LIMITS, st.randoms(use_true_random=False))
def test_batches_end_as_records_written_alone_in_turn(stream, tenant, limits, shuffle):
    ways, held = tenant
    alone = Planhat(ways, copies(held))
    accepted = {payload.line: alone.do(payload) for payload in projected(stream)}

    together = Planhat(ways, copies(held))
    outcomes = {}
    sent = 0
    for batch in batches_of(projected(stream), limits):
        sent += len(batch.payloads)
        kinds = {"upsert": {"upsert"}, "create": {"create"}, "delete": {"delete"}}
        assert {payload.operation for payload in batch.payloads} == kinds[batch.kind]
        assert len(batch.payloads) <= limits.batch_size_rows
        if batch.kind != "delete":
            assert len(batch.body) <= limits.batch_size_bytes or len(batch.payloads) == 1
        send(together, batch, outcomes, shuffle)
    event(f"superseded: {sent < len(accepted)}")

    assert together.seen() == alone.seen()
    assert outcomes.keys() == accepted.keys()
    for line, outcome in outcomes.items():
        # The same records are rejected, unless a later record superseded them.
        assert outcome == "merged" or (outcome == "written") == accepted[line]


@dataclass
class Answers:
    """One way to answer for a batch: how much of it is applied, and how much the answer says.

    Attributes:
        applied: Beside a bad item the others are written, or none is, or those before it are.
        names: How many of those written and of those refused the answer names: all, some, none.
        misleads: Whether it names others as refused.
        chance: Draws what "some" are.
    """

    applied: str
    names: str
    misleads: bool
    chance: object

    def put(self, planhat, payloads):
        before = copies(planhat.records)
        accepted, written = [], []
        for payload in payloads:
            accepted.append(planhat.do(payload))
            written.append(accepted[-1])
            if not accepted[-1] and self.applied == "until-bad":
                written += [False] * (len(payloads) - len(written))
                break
        if self.applied == "whole" and not all(accepted):
            planhat.records = before
            written = [False] * len(payloads)
        if all(accepted) and len(accepted) == len(payloads):
            return Settled(Counts(0, len(payloads)))
        refused = [at for at, good in enumerate(accepted) if not good]
        if len(payloads) == 1:
            return Settled(Counts(), {0: Refusal("refused", "bad")})
        suspects = range(len(payloads)) if self.misleads else refused
        return Unsettled(
            updated=frozenset(self.some([at for at, good in enumerate(written) if good])),
            suspects=frozenset(self.some(suspects)),
        )

    def some(self, places):
        if self.names == "some":
            return [at for at in places if self.chance.random() < 0.5]
        return places if self.names == "all" else ()


ANSWERS = st.builds(
    Answers,
    applied=st.sampled_from(["each", "whole", "until-bad"]),
    names=st.sampled_from(["all", "some", "none"]),
    misleads=st.booleans(),
    chance=st.randoms(use_true_random=False),
)


def send_in_parts(planhat, batch, answers):
    """Send a batch, and parts of it again, as `sender` does; return what is refused."""
    payloads = batch.payloads
    bisection = Bisection(len(payloads), in_order=lambda: order_matters(profiles(payloads)))
    while (part := bisection.next_part()) is not None:
        reading = answers.put(planhat, [payloads[place] for place in part.positions])
        if isinstance(reading, Settled):
            bisection.settle(part, reading, object())
        else:
            bisection.split(part, reading)
    return [payloads[place] for place in sorted(bisection.refusals)]


@pytest.mark.parametrize(
    ("names", "distinct"),
    [
        ([("i", None), ("j", None)], True),
        ([(None, "s"), (None, "t")], True),
        ([("i", "s"), ("j", None)], False),
        ([("i", "s"), ("j", "t")], False),
        ([("i", None), (None, "t")], False),
        ([("i", "s"), (None, "t")], False),
    ],
)
def test_the_order_is_free_only_for_payloads_of_the_same_single_keyable(names, distinct):
    assert order_matters(profiles(Payload(1, b"", b"{}", keys) for keys in names)) is not distinct


@pytest.mark.parametrize("named", [0, 1])
def test_a_source_id_that_one_record_gives_up_and_the_next_one_takes_is_not_refused(named):
    """By their `_id`s they are two records, but their order matters nevertheless."""
    sources = ["s", "t", "v"]
    held = [
        {"_id": one, "name": "held", "sourceId": s} for one, s in zip(IDS, sources, strict=True)
    ]
    stream = [
        {"_id": IDS[0], "sourceId": "w"},
        {"_id": IDS[1], "sourceId": "s"},
        {"_id": IDS[2], "health": 13},
    ]
    ways = Ways(custom_merged=True, null="stored", fall_through=False, unique=True)
    planhat = Planhat(ways, held)
    [batch] = batches_of(projected(stream), WriteSettings())
    # A batch with a bad item is not applied at all, and the answer names another item for it.
    draws = iter([float(at != named) for at in range(len(stream))])
    answers = Answers(
        "whole", "some", misleads=True, chance=SimpleNamespace(random=lambda: next(draws, 1))
    )
    assert [payload.line for payload in send_in_parts(planhat, batch, answers)] == [3]
    assert [record["sourceId"] for record in planhat.records] == ["w", "s", "v"]


@st.composite
def meetings(draw):
    """Draw records that mean one of three, each by its `_id` or by its `sourceId`."""
    names = [{"_id": each} for each in IDS] + [{"sourceId": each} for each in "stv"]
    stream = []
    for at, name in enumerate(draw(st.permutations(names * draw(st.integers(1, 2))))):
        record = {**name, "name": str(at)}
        record |= draw(st.sampled_from([{}, {"health": 13}, {"custom": {"a": str(at)}}]))
        stream.append(record)
    return stream


@settings(max_examples=max(400, settings.default.max_examples))
@given(meetings(), tenants(), st.just(WriteSettings()) | LIMITS, ANSWERS)
def test_what_is_sent_again_ends_as_records_written_alone_in_turn(stream, tenant, limits, answers):
    """Of two payloads for one record, by `_id` and by `sourceId`, the later one is written last."""
    ways, held = tenant
    alone = Planhat(ways, copies(held))
    accepted = {payload.line: alone.do(payload) for payload in projected(stream)}

    together = Planhat(ways, copies(held))
    refused = set()
    for batch in batches_of(projected(stream), limits):
        waiting = batch
        while waiting is not None:
            rejected = send_in_parts(together, waiting, answers)
            refused |= {payload.line for payload in rejected}
            waiting = waiting.superseded_by(rejected)
    event(f"refused: {bool(refused)}")
    assert together.seen() == alone.seen()
    assert not any(accepted[line] for line in refused)


EXACT_IN_FLIGHT = [("_id",), ("sourceId",), ("externalId", "companyId"), ONE_OF_TWO, ANY]


@settings(max_examples=max(200, settings.default.max_examples))
@given(
    streams(tuple(EXACT_IN_FLIGHT)),
    tenants(),
    LIMITS,
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_batches_in_flight_together_end_as_records_written_alone_in_turn(
    stream, tenant, limits, width, chance
):
    ways, held = tenant
    alone = Planhat(ways, copies(held))
    for payload in projected(stream):
        alone.do(payload)

    together = Planhat(ways, copies(held))
    outcomes = {}
    in_flight = InFlight()
    queue = list(batches_of(projected(stream), limits))
    started = []
    while queue or started or in_flight:
        if queue and chance.random() < 0.5:
            in_flight.queue(queue.pop(0))
        elif len(started) < width and (batch := in_flight.start()) is not None:
            names = set(names_of(batch))
            assert all(names.isdisjoint(names_of(other)) for other in started)
            started.append(batch)
        elif started:
            # They are answered in any order, each batch in one piece.
            batch = started.pop(chance.randrange(len(started)))
            send(together, batch, outcomes, chance)
            in_flight.finish(batch)
        else:
            assert queue
            in_flight.queue(queue.pop(0))
    event(f"batches: {len(outcomes)}")
    assert together.seen() == alone.seen()


def names_of(batch):
    for payload in batch.payloads:
        yield from identities(payload)
