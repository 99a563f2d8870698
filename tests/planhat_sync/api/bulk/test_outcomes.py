"""Reading a bulk answer, and sending parts again, is never wrong, whatever the server answers.

The server here is more adversarial than the sandbox: its error entries may name the wrong index,
another item or nothing, and it may stop at the first bad item.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planhat_sync.api.bulk.entries import SentPayloads
from planhat_sync.api.bulk.envelope import Counts
from planhat_sync.api.bulk.outcomes import Settled, read_answer
from planhat_sync.api.http.exchange import Answer
from planhat_sync.writing.sending.bisection import Bisection

MANY = max(200, settings().max_examples)

KEYABLES = ("_id", "sourceId", "externalId")
EXACT_SHAPES = ("index", "keyables", "nested", "text", "item", "nested-item")
EMPTY_SHAPES = ("property", "opaque", "nothing", "absent")
MISLEADING_SHAPES = ("index-from-1", "index-among-errors", "names-a-neighbour", "twice", "numbers")
FAILURES = ("arrays", "string", "empty", "html")


@dataclass(frozen=True)
class Sent:
    """One payload, as far as an answer can name it."""

    keys: tuple[str | None, ...]
    item: bytes

    @property
    def values(self):
        return json.loads(self.item)


@dataclass
class Server:
    """Answers bulk upserts; `bad` are the items that it never accepts."""

    bad: frozenset[bytes]
    shape: str = "index"
    batch: str = "each"
    failure: str = "arrays"
    counts: str = "right"
    success_keys: str = "held"
    without: tuple[str, ...] = ()
    repeats: str = "unchanged"
    errors: str = "createdErrors"
    known: set[bytes] = field(default_factory=set)
    requests: int = 0

    def put(self, sent):
        self.requests += 1
        refused = [at for at, each in enumerate(sent) if each.item in self.bad]
        applied = [at for at, each in enumerate(sent) if each.item not in self.bad]
        if refused and self.batch == "whole":
            applied = []
        if refused and self.batch == "until-bad":
            refused = refused[:1]
            applied = [at for at in applied if at < refused[0]]
        created = [at for at in applied if sent[at].item not in self.known]
        old = [at for at in applied if sent[at].item in self.known]
        self.known |= {sent[at].item for at in applied}
        status = 200 if not refused else 206 if applied else 400
        if refused and self.failure != "arrays":
            bodies = {"string": b'"Bad request"', "empty": b"", "html": b"<html>no</html>"}
            return Answer(400, {}, bodies[self.failure])
        updated, same = (old, []) if self.repeats == "updated" else ([], old)
        body = {
            "created": len(created),
            self.errors: [e for at in refused for e in self.entries(sent, refused, at)],
            "insertsKeys": [self.named(sent[at]) for at in created],
            "updated": len(updated) + (len(same) if self.repeats == "both" else 0),
            "updatedErrors": [],
            "updatesKeys": [self.named(sent[at]) for at in updated],
            "nonupdates": len(same),
            "permissionErrors": [],
        }
        by = {"short": -1, "long": 1}.get(self.counts, 0)
        body["created"] = max(0, body["created"] + by)
        if self.counts == "absent":
            del body["created"], body["updated"], body["nonupdates"]
        for name in self.without:
            del body[name]
        return Answer(status, {}, json.dumps(body).encode())

    def named(self, each):
        held = {key: value for key, value in each.values.items() if key in KEYABLES}
        return {"_id": f"new-{held}"} if self.success_keys == "id" else {"_id": "new", **held}

    def entries(self, sent, refused, at):
        item = sent[at].values
        keys = {key: value for key, value in item.items() if key in KEYABLES}
        neighbour = sent[(at + 1) % len(sent)].values
        said = ", ".join(f"{key} {value}" for key, value in keys.items())
        return {
            "index": [{"index": at, "message": "bad"}],
            "keyables": [{**keys, "message": "bad"}],
            "nested": [{"error": {"where": [{"keys": keys}], "message": "bad"}}],
            "text": [f"bad value ({said})"],
            "item": [{**item, "error": "bad"}],
            "nested-item": [{"item": item, "error": "bad"}],
            "property": [{"el": "companyIds", "error": "bad"}],
            "opaque": ["bad"],
            "nothing": [{}],
            "absent": [],
            "index-from-1": [{"index": at + 1, "message": "bad"}],
            "index-among-errors": [{"index": refused.index(at), "message": "bad"}],
            "names-a-neighbour": [{"conflictsWith": neighbour, "message": "bad"}],
            "twice": ["bad title", "bad status"],
            "numbers": [f"item {at} of {len(sent)}: expected 1 value, found 2"],
        }[self.shape]


SERVERS = st.builds(
    Server,
    bad=st.just(frozenset()),
    shape=st.sampled_from(EXACT_SHAPES + EMPTY_SHAPES + MISLEADING_SHAPES),
    batch=st.sampled_from(["each", "whole", "until-bad"]),
    failure=st.sampled_from(FAILURES),
    counts=st.sampled_from(["right", "right", "absent", "short", "long"]),
    success_keys=st.sampled_from(["held", "id"]),
    without=st.lists(
        st.sampled_from(["insertsKeys", "updatesKeys", "permissionErrors", "updatedErrors"]),
        unique=True,
        max_size=2,
    ).map(tuple),
    repeats=st.sampled_from(["updated", "unchanged", "both"]),
    errors=st.sampled_from(["createdErrors", "validationErrors"]),
)

# Values that contain one another, look like an index, or occur in the server's sentences.
VALUES = st.sampled_from([str(n) for n in range(30)] + ["bad", "a-1", "a-12", "a", "item 3", "x"])


@st.composite
def batches(draw, max_size=24):
    """Payloads of which no two have the same identity, as in every batch that is sent."""
    values = draw(st.lists(VALUES, min_size=1, max_size=max_size, unique=True))
    sent = []
    for at, value in enumerate(values):
        kind = draw(st.sampled_from(["sourceId", "sourceId", "externalId", "both"]))
        keys = {"sourceId": value} if kind != "externalId" else {"externalId": value}
        if kind == "both":
            # An externalId may be another record's sourceId, or shared by two companies.
            keys["externalId"] = draw(VALUES)
        item = json.dumps({**keys, "title": f"t{at}"}).encode()
        sent.append(Sent(tuple(keys.get(key) for key in KEYABLES), item))
    return sent


@st.composite
def trials(draw, servers=SERVERS, max_size=24):
    """A batch, and a server that refuses some of its items and has others already."""
    sent = draw(batches(max_size))
    items = st.frozensets(st.sampled_from([each.item for each in sent]))
    server = replace(draw(servers), bad=draw(items), known=set())
    server.known = set(draw(items)) - server.bad
    return sent, server


@settings(max_examples=MANY)
@given(trials())
def test_an_answer_is_read_exactly_or_not_at_all(trial):
    sent, server = trial
    known = set(server.known)
    answer = server.put(sent)
    reading = read_answer(KEYABLES, sent, answer)
    if len(sent) == 1:
        assert isinstance(reading, Settled)
    if isinstance(reading, Settled):
        refused = {sent[at].item for at in reading.refusals}
        unknown = {r.kind for r in reading.refusals.values()} == {"outcome_unknown"}
        assert unknown or refused == server.bad & {each.item for each in sent}
        assert reading.counts.total + len(refused) == len(sent)
        if server.counts == "right":
            fresh = {each.item for each in sent} - known - server.bad
            assert unknown or reading.counts.created == len(fresh)
    else:
        written = {sent[at].item for at in reading.created | reading.updated}
        assert written <= server.known
        assert not written & server.bad


def send(server, sent, *, in_order=False):
    """Send a batch as the sender does."""
    bisection = Bisection(len(sent), in_order=lambda: in_order)
    while not bisection.fails_alike and (part := bisection.next_part()) is not None:
        some = [sent[at] for at in part.positions]
        answer = server.put(some)
        reading = read_answer(KEYABLES, some, answer)
        if isinstance(reading, Settled):
            bisection.settle(part, reading, answer.body)
        else:
            bisection.split(part, reading)
    return bisection


def bound(bad, size):
    return 2 * bad * math.ceil(math.log2(size)) if size > 1 else 0


RIGHT_SERVERS = SERVERS.map(lambda server: replace(server, counts="right", bad=frozenset()))


@settings(max_examples=MANY)
@given(trials(RIGHT_SERVERS), st.booleans())
def test_sending_parts_again_finds_exactly_the_bad_items_whatever_the_shape(trial, in_order):
    sent, server = trial
    known = set(server.known)
    bisection = send(server, sent, in_order=in_order)
    if bisection.fails_alike:
        assert server.bad.issuperset([each.item for each in sent][:20])
        return
    good = {each.item for each in sent} - server.bad
    assert {sent[at].item for at in bisection.refusals} == server.bad
    assert {r.kind for r in bisection.refusals.values()} <= {"refused"}
    assert good <= server.known
    assert bisection.counts.total + len(bisection.refusals) == len(sent)
    if not server.bad:
        assert server.requests == 1
        assert bisection.counts.created == len(good - known)


@settings(max_examples=MANY)
@given(trials(RIGHT_SERVERS, max_size=36), st.booleans())
def test_sending_parts_again_keeps_within_its_bound(trial, in_order):
    sent, server = trial
    send(server, sent, in_order=in_order)
    # A wrong name costs one request more for each part that it is given for; a word of a sentence
    # may be another item's keyable by chance.
    misleads = server.shape in (*MISLEADING_SHAPES, "text", "opaque")
    most = bound(len(server.bad), len(sent))
    assert server.requests <= 1 + (2 * most if misleads else most)


def payloads(size):
    """Payloads with a sourceId."""
    return [Sent((None, f"s-{at}", None), b'{"sourceId":"s-%d"}' % at) for at in range(size)]


@pytest.mark.parametrize("shape", [*EXACT_SHAPES, *EMPTY_SHAPES])
@pytest.mark.parametrize("batch", ["each", "whole", "until-bad"])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("bad", [0, 1, 7])
def test_five_hundred_items_need_no_more_requests_than_the_bound(shape, batch, failure, bad):
    sent = payloads(500)
    chosen = frozenset(each.item for each in sent[3 :: 500 // bad if bad else 500][:bad])
    server = Server(chosen, shape=shape, batch=batch, failure=failure)
    bisection = send(server, sent)
    assert {sent[at].item for at in bisection.refusals} == chosen
    assert server.requests <= 1 + bound(bad, 500)


@pytest.mark.parametrize("shape", EXACT_SHAPES)
@pytest.mark.parametrize("batch", ["each", "whole"])
@pytest.mark.parametrize("success_keys", ["held", "id"])
def test_an_answer_that_names_the_bad_items_costs_at_most_two_requests_more(
    shape, batch, success_keys
):
    sent = payloads(500)
    server = Server(
        frozenset(each.item for each in sent[::9]),
        shape=shape,
        batch=batch,
        success_keys=success_keys,
    )
    bisection = send(server, sent)
    assert {sent[at].item for at in bisection.refusals} == server.bad
    assert server.requests <= 3


@pytest.mark.parametrize("shape", MISLEADING_SHAPES)
@pytest.mark.parametrize("batch", ["each", "whole", "until-bad"])
@pytest.mark.parametrize("without", [(), ("insertsKeys",), ("insertsKeys", "updatesKeys")])
def test_names_that_are_wrong_are_not_believed(shape, batch, without):
    sent = payloads(20)
    chosen = frozenset(sent[at].item for at in (3, 4, 11))
    server = Server(chosen, shape=shape, batch=batch, without=without)
    bisection = send(server, sent)
    assert {sent[at].item for at in bisection.refusals} == chosen
    assert {each.item for each in sent} - chosen <= server.known


@pytest.mark.parametrize("bad", [(0, 2), (0, 2, 3), (1, 4)])
@pytest.mark.parametrize("without", [("insertsKeys",), ("insertsKeys", "updatesKeys")])
def test_counts_that_can_be_read_in_two_ways_prove_nothing(bad, without):
    """It stops at the first bad item, and counts the items that it had already twice."""
    sent = payloads(6)
    chosen = frozenset(sent[at].item for at in bad)
    server = Server(chosen, shape="index", batch="until-bad", without=without, repeats="both")
    bisection = send(server, sent)
    assert {sent[at].item for at in bisection.refusals} == chosen
    assert {each.item for each in sent} - chosen <= server.known


def test_what_the_first_answer_created_is_counted_as_created_although_it_was_sent_again():
    sent = payloads(64)
    server = Server(frozenset([sent[5].item]), shape="opaque", success_keys="id")
    bisection = send(server, sent)
    assert server.requests > 1
    assert bisection.counts.created == 63


def test_a_reason_belongs_to_the_item_that_it_was_given_for():
    sent = payloads(3)
    entries = [{"sourceId": "s-2", "message": "two"}, {"sourceId": "s-0", "message": "zero"}]
    body = {
        "created": 1,
        "updated": 0,
        "createdErrors": entries,
        "insertsKeys": [{"sourceId": "s-1"}],
    }
    reading = read_answer(KEYABLES, sent, Answer(206, {}, json.dumps(body).encode()))
    assert isinstance(reading, Settled)
    assert {at: refusal.message for at, refusal in reading.refusals.items()} == {
        0: "zero",
        2: "two",
    }


@pytest.mark.parametrize("status", [200, 206])
@pytest.mark.parametrize("size", [1, 2])
def test_items_that_are_all_named_as_written_are_written_whatever_the_counts(status, size):
    names = [{"_id": f"i{at}", "sourceId": f"s-{at}"} for at in range(size)]
    body = {"created": 7, "updated": 0, "insertsKeys": names[:1], "updatesKeys": names[1:]}
    reading = read_answer(KEYABLES, payloads(size), Answer(status, {}, json.dumps(body).encode()))
    assert isinstance(reading, Settled)
    assert (reading.counts.created, reading.counts.updated) == (1, size - 1)


def test_a_key_inside_another_key_is_not_taken_for_it():
    sent = [Sent((None, value, None), b"{}") for value in ("1", "12")]
    for at, text in ((1, "sourceId 12 is taken"), (0, "sourceId '1' is taken")):
        body = {"created": 0, "updated": 0, "createdErrors": [text], "insertsKeys": []}
        reading = read_answer(KEYABLES, sent, Answer(400, {}, json.dumps(body).encode()))
        assert not isinstance(reading, Settled)
        assert reading.suspects == {at}


def test_a_key_of_several_words_is_read_as_a_whole():
    sent = [Sent((None, value, None), b"{}") for value in ("item 3", "3", "item 30", "x")]
    texts = {"sourceId item 3 is bad": {0}, "(sourceId item 30)": {2}, "no. 3 is bad": {1}}
    for text, indices in texts.items():
        body = {"created": 0, "updated": 0, "createdErrors": [text], "insertsKeys": []}
        reading = read_answer(KEYABLES, sent, Answer(400, {}, json.dumps(body).encode()))
        assert not isinstance(reading, Settled)
        assert reading.suspects == indices


def test_an_item_that_is_named_as_written_and_as_failed_is_sent_again():
    sent = payloads(2)
    body = {
        "created": 1,
        "updated": 0,
        "insertsKeys": [{"sourceId": "s-0"}],
        "createdErrors": [{"sourceId": "s-0"}],
    }
    reading = read_answer(KEYABLES, sent, Answer(206, {}, json.dumps(body).encode()))
    assert not isinstance(reading, Settled)
    assert not reading.created


@pytest.mark.parametrize("status", [206, 400, 403])
def test_counts_that_add_up_are_not_a_success_without_status_200(status):
    body = json.dumps({"created": 2, "updated": 0, "nonupdates": 0}).encode()
    assert not isinstance(read_answer(KEYABLES, payloads(2), Answer(status, {}, body)), Settled)


@pytest.mark.parametrize(
    ("created", "updated", "unchanged"), [(1, 1, 1), (1, 0, 2)], ids=["timesheets", "time entries"]
)
def test_the_documented_answers_with_unchanged_items_account_for_all_three(
    created, updated, unchanged
):
    """No list of keys names what an update did not change (fact no-op-update)."""
    body = {
        "created": created,
        "createdErrors": [],
        "insertsKeys": [{"_id": "67d08140557181002fd170dd"}],
        "updated": updated,
        "updatedErrors": [],
        "updatesKeys": [{"_id": "s-1"}][:updated],
        "nonupdates": unchanged,
        "modified": ["s-1"][:updated],
        "upsertedIds": ["67d08140557181002fd170dd"],
        "permissionErrors": [],
        "validationErrors": [],
    }
    sent = [Sent((key,), b"{}") for key in (None, "s-1", "s-2")]
    reading = read_answer(("_id",), sent, Answer(200, {}, json.dumps(body).encode()))
    assert reading == Settled(Counts(created, updated, unchanged))


@pytest.mark.parametrize("updated", [1, 3])
def test_unchanged_items_may_be_counted_as_updated_or_separately(updated):
    body = json.dumps({"created": 1, "updated": updated, "nonupdates": 2}).encode()
    reading = read_answer(KEYABLES, payloads(4), Answer(200, {}, body))
    assert isinstance(reading, Settled)
    assert (reading.counts.created, reading.counts.updated, reading.counts.unchanged) == (1, 1, 2)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, b'"title is required"', "refused", "title is required"),
        (400, b"title is required", "refused", "title is required"),
        (400, b"", "refused", "gave no reason"),
        (400, b"<html>Bad request</html>", "refused", "gave no reason"),
        (400, b'{"message": "no such company"}', "refused", "no such company"),
        (400, b'{"error": {"message": "deep"}}', "refused", "deep"),
        (400, b'{"createdErrors": ["email duplicated"]}', "refused", "email duplicated"),
        (400, b'{"createdErrors": [{}]}', "refused", "gave no reason"),
        (400, b'{"validationErrors": ["bad type"]}', "refused", "bad type"),
        (206, b'{"updatedErrors": [{"el": "name", "error": "bad"}]}', "refused", "name: bad"),
        (403, b'{"permissionErrors": ["not permitted"]}', "forbidden", "not permitted"),
        (403, b'"no"', "forbidden", "no"),
        (413, b"", "too_large", "size"),
        (206, b'{"created": 0, "updated": 0}', "refused", "gave no reason"),
        (206, b'{"created": 1, "updated": 0}', "outcome_unknown", "does not say"),
        (200, b"{}", "outcome_unknown", "does not say"),
        (200, b'{"created": 2, "updated": 0}', "outcome_unknown", "does not say"),
        (200, b'{"created": 1, "createdErrors": ["x"]}', "outcome_unknown", "does not say"),
        (400, b'{"created": "1", "createdErrors": "x"}', "refused", "gave no reason"),
        (400, b"[" * 5_000, "refused", "gave no reason"),
    ],
)
def test_a_single_item_always_gets_an_outcome(status, body, kind, message):
    reading = read_answer(KEYABLES, payloads(1), Answer(status, {}, body))
    assert isinstance(reading, Settled)
    assert reading.counts.total == 0
    assert reading.refusals[0].kind == kind
    assert message in reading.refusals[0].message


@given(st.binary(max_size=60), st.sampled_from([200, 206, 400, 403, 413]), st.integers(1, 3))
def test_any_body_can_be_read(body, status, size):
    read_answer(KEYABLES, payloads(size), Answer(status, {}, body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 4) | st.sampled_from(["s-0", "s-1", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["sourceId", "_id", "index", "message", "created", "updated"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
ENVELOPES = st.dictionaries(
    st.sampled_from(
        ["created", "updated", "nonupdates", "createdErrors", "insertsKeys", "updatesKeys", "error"]
    ),
    JSON,
)


@given(ENVELOPES, st.sampled_from([200, 206, 400, 403]), st.integers(1, 4))
def test_any_envelope_accounts_for_everything_or_is_not_settled(envelope, status, size):
    answer = Answer(status, {}, json.dumps(envelope).encode())
    reading = read_answer(KEYABLES, payloads(size), answer)
    if isinstance(reading, Settled):
        assert reading.counts.total + len(reading.refusals) == size


@pytest.mark.parametrize(
    "entry",
    [
        {"sourceId": "a", "index": 1},
        {"index": 1, "error": {"sourceId": "a"}},
        {"message": "sourceId a is taken", "sourceId": "a", "pos": 1},
    ],
)
def test_an_entry_whose_keyable_and_index_mean_two_payloads_counts_for_neither(entry):
    sent = [
        Sent((None, key, None), json.dumps({"sourceId": key}).encode()) for key in ("a", "b", "c")
    ]
    found = SentPayloads(KEYABLES, sent)
    assert found.find_refused(entry) is None
    assert found.find_refused({"sourceId": "a", "index": 0}) == 0


@pytest.mark.parametrize("value", [b"1e400", b"-1e999", b"[" * 5000 + b"]" * 5000])
def test_a_payload_that_cannot_be_decoded_may_always_be_the_one_that_is_meant(value):
    sent = [
        Sent((None, "a", None), b'{"sourceId":"a","companyId":"%d","x":%b}' % (at, value))
        for at in range(2)
    ]
    plain = Sent((None, "a", None), b'{"sourceId":"a","companyId":"2"}')
    found = SentPayloads(KEYABLES, [*sent, plain])
    assert found.find_refused({"sourceId": "a", "companyId": "0"}) is None
    assert SentPayloads(KEYABLES, [sent[0], plain]).find_refused({"sourceId": "a"}) is None
    assert found.find_refused({"sourceId": "a", "index": 1}) == 1
