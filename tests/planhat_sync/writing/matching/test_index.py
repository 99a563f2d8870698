"""The compact map and the index, against plain dicts and lists."""

from decimal import Decimal

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from planhat_sync.models import load_models
from planhat_sync.writing.matching.compact_map import CompactMap
from planhat_sync.writing.matching.decisions import Decisions, item_values
from planhat_sync.writing.matching.existing import UNKNOWN, ExistingRecord
from planhat_sync.writing.matching.fingerprints import Fingerprints, fingerprint
from planhat_sync.writing.matching.index import Index
from planhat_sync.writing.matching.references import reference_of
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.settings import WriteSettings

OBJECTIVES = load_models()["objectives"]
KEYS = st.integers(0, 60).map(lambda number: number.to_bytes(3, "big"))


@given(st.lists(st.tuples(KEYS, st.none() | st.binary(min_size=2, max_size=2)), max_size=200))
def test_a_compact_map_is_a_dict(changes):
    compact, plain = CompactMap(3, 2), {}
    for key, value in changes:
        if value is None:
            compact.remove(key)
            plain.pop(key, None)
        else:
            compact.set(key, value)
            plain[key] = value
    for number in range(61):
        key = number.to_bytes(3, "big")
        assert compact.get(key) == plain.get(key)
        assert (key in compact) == (key in plain)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(JSON, JSON)
@example(Decimal("5.0"), 5)
@example(5, {"number": "5e0"})
@example("5", 5)
@example("true", True)
@example("[]", [])
@example(True, 1)
@example([], {})
@example(None, "")
def test_fingerprints_are_equal_if_and_only_if_values_are(one, other):
    assert (fingerprint(one) == fingerprint(other)) == (tagged(one) == tagged(other))


def tagged(value):
    """Distinguish booleans from numbers, which Python does not."""
    if isinstance(value, list):
        return [tagged(item) for item in value]
    if isinstance(value, dict):
        return {name: tagged(item) for name, item in value.items()}
    return (isinstance(value, bool), value)


def test_an_absent_property_equals_null_and_nothing_else():
    fingerprints = Fingerprints(["name", "health"])
    existing = fingerprints.of({"name": "a"})
    assert fingerprints.differing({"health": None, "name": "a"}, existing) == {}
    assert fingerprints.differing({"health": 0, "name": ""}, existing) == {"health": 0, "name": ""}
    assert fingerprints.differing({"other": None}, existing) == {"other": None}


def test_an_object_that_replaced_another_equals_nothing():
    fingerprints = Fingerprints(["custom"])
    existing = fingerprints.of({"custom": {"a": 1}})
    after = fingerprints.after({"custom": {"b": 1}}, existing)
    assert fingerprints.differing({"custom": {"b": 1}}, after) == {"custom": {"b": 1}}
    new = fingerprints.after({"custom": {"b": 1}}, None)
    assert fingerprints.differing({"custom": {"b": 1}}, new) == {}


VALUES = st.sampled_from([None, 0, False, "", "x", Decimal("0.10"), Decimal("0.1"), [], ["x"]])
LABELS = "abc"
MAPPED = st.dictionaries(st.sampled_from(LABELS), VALUES)
ANY_FIELDS = st.dictionaries(st.sampled_from("abcd"), VALUES)


def with_custom(custom):
    return st.fixed_dictionaries({}, optional={"name": VALUES, "custom": custom})


def flat(record):
    """Return the values of a record by name, those of custom fields by `custom.<label>`."""
    fields = {f"custom.{label}": value for label, value in (record.get("custom") or {}).items()}
    return {name: tagged(value) for name, value in (record | fields).items() if name != "custom"}


def truly_differing(item, record):
    held = flat(record)
    return {name for name, value in flat(item).items() if value != held.get(name, tagged(None))}


@given(item=with_custom(MAPPED), record=with_custom(st.none() | ANY_FIELDS))
@example(item={"custom": {"a": "x"}}, record={"custom": {"a": "x", "d": "by hand"}})
@example(item={"custom": {"a": None}}, record={"custom": {"b": "x"}})
@example(item={"custom": {"a": None}}, record={})
@example(item={"custom": {}}, record={"custom": {"d": 0}})
def test_custom_fields_with_known_labels_differ_if_and_only_if_their_own_values_do(item, record):
    fingerprints = Fingerprints(["name", "custom"], LABELS)
    found = fingerprints.differing(item, fingerprints.of(record))
    assert set(flat(found)) == truly_differing(item, record)
    assert bool(found) == bool(truly_differing(item, record))


def test_custom_is_compared_as_one_value_if_a_label_in_it_is_not_known():
    fingerprints = Fingerprints(["custom"], ["a"])
    existing = fingerprints.of({"custom": {"a": 1, "b": 2, "c": 3}})
    part = {"custom": {"a": 1, "b": 2}}
    assert fingerprints.differing(part, existing) == part
    assert fingerprints.differing({"custom": {"c": 3, "b": 2, "a": 1}}, existing) == {}


@pytest.mark.parametrize("replaces", [False, True])
@given(
    record=st.none() | with_custom(st.none() | ANY_FIELDS),
    writes=st.lists(with_custom(st.none() | ANY_FIELDS), min_size=1, max_size=3),
    item=with_custom(ANY_FIELDS),
)
@example(
    record={"custom": {"b": "x"}}, writes=[{"custom": {"a": "x"}}], item={"custom": {"b": "x"}}
)
@example(record={"custom": {"b": "x"}}, writes=[{"custom": None}], item={"custom": {"b": "x"}})
def test_no_custom_field_is_taken_for_equal_after_writes_that_merge_or_replace(
    replaces, record, writes, item
):
    fingerprints = Fingerprints(["name", "custom"], LABELS)
    values = None if record is None else fingerprints.of(record)
    state = record or {}
    for write in writes:
        merged = {**(state.get("custom") or {}), **(write.get("custom") or {})}
        state = state | write
        if "custom" in write and not replaces:
            state["custom"] = merged
        values = fingerprints.after(write, values)
        if fields := write.get("custom"):
            # What was written is known, whatever becomes of the rest.
            known = {"custom": {label: fields[label] for label in fields.keys() & set(LABELS)}}
            assert fingerprints.differing(known, values) == {}
    assert truly_differing(item, state) <= set(flat(fingerprints.differing(item, values)))


def test_a_custom_field_that_an_update_left_out_is_known_only_if_it_was_absent():
    fingerprints = Fingerprints(["custom"], LABELS)
    after = fingerprints.after({"custom": {"a": 1}}, fingerprints.of({"custom": {"b": 2}}))
    assert fingerprints.differing({"custom": {"b": 2}}, after) == {"custom": {"b": 2}}
    assert fingerprints.differing({"custom": {"a": 1, "c": None}}, after) == {}


IDS = ["0" * 24, "1" * 24, "odd id", "2" * 24]
COMPANIES = ["a" * 24, "b" * 24]
ROWS = st.fixed_dictionaries(
    {"_id": st.sampled_from(IDS), "companyId": st.sampled_from(COMPANIES)},
    optional={
        "sourceId": st.sampled_from("st"),
        "externalId": st.sampled_from("ef"),
        "name": st.sampled_from([None, "x", "y"]),
    },
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "_id": st.sampled_from([*IDS, "unknown"]),
        "companyId": st.sampled_from([*COMPANIES, "extid-one", None]),
        "sourceId": st.sampled_from("stu"),
        "externalId": st.sampled_from("efg"),
        "name": st.sampled_from([None, "x", "y"]),
    },
)


CONVERTER = Converter(OBJECTIVES, WriteSettings())
COMPARED = ["name", "companyId", "sourceId", "externalId"]


def payload_of(record):
    made = CONVERTER.convert(record)
    return made if isinstance(made, Payload) else None


class Tenant:
    """What an index represents: records, searched from the strongest keyable down."""

    def __init__(self, rows):
        self.rows = []
        self.created = 0
        for row in rows:
            if not self.clashes(row) and row["_id"] not in {
                existing["_id"] for existing in self.rows
            }:
                self.rows.append(dict(row))

    def find(self, payload):
        """Return the record that is meant and the position of the keyable, or None."""
        company = item_values(payload).get("companyId")
        for at, (name, key) in enumerate(zip(OBJECTIVES.keyables, payload.keys, strict=True)):
            for row in self.rows:
                existing = key is not None and row.get(name) == key
                if existing and (name != "externalId" or company == row["companyId"] is not None):
                    return row, at
        return None

    def clashes(self, row, but=None):
        """Return whether another record has a keyable of this one, which Planhat does not allow."""
        return any(
            other is not but
            and (
                (row.get("sourceId") and row.get("sourceId") == other.get("sourceId"))
                or (
                    row.get("externalId")
                    and row.get("externalId") == other.get("externalId")
                    and row.get("companyId") == other["companyId"]
                )
            )
            for other in self.rows
        )

    def write(self, payload):
        """Write a payload; return whether Planhat would."""
        found = self.find(payload)
        existing = found[0] if found else None
        changed = {"companyId": None, **(existing or {}), **item_values(payload)}
        if self.clashes(changed, but=existing):
            return False
        if existing is None:
            self.created += 1
            self.rows.append({"_id": f"new {self.created}", **changed})
        else:
            existing.update(changed)
        return True


@settings(max_examples=max(400, settings.default.max_examples))
@given(
    st.lists(ROWS, max_size=6), st.lists(st.tuples(st.sampled_from("wwwr"), RECORDS), max_size=8)
)
def test_an_index_finds_what_planhat_has_or_says_that_it_is_unknown(rows, steps):
    tenant = Tenant(rows)
    index = load(tenant)
    for step, record in steps:
        payload = payload_of(record)
        if payload is None:
            continue
        if index.stale:
            event("loaded again")
            index = load(tenant)
        found, expected = index.find(payload), tenant.find(payload)
        if found is not UNKNOWN:
            check(found, expected, item_values(payload))
        event(f"{step}: {type(found).__name__}")
        if step == "w" and tenant.write(payload):
            index.write(payload, item_values(payload))
        elif step == "r" and isinstance(found, ExistingRecord):
            index.remove(found.reference)
            tenant.rows.remove(expected[0])


def load(tenant):
    index = Index(OBJECTIVES, Fingerprints(COMPARED), by_all_keyables=True)
    for row in tenant.rows:
        index.add(row)
    return index


def check(found, expected, item):
    assert (found is None) == (expected is None)
    if found is not None:
        row, at = expected
        assert found.found_by == at
        assert found.identifier in (row["_id"], None)
        # A value that is no longer known may be called different, never equal.
        assert {name for name in item if item[name] != row.get(name)} <= set(found.differing(item))


def test_an_index_of_ids_alone_knows_no_other_keyables():
    index = Index(OBJECTIVES, Fingerprints(()), by_all_keyables=False)
    index.add({"_id": IDS[0]})
    assert has(index, IDS[0])
    assert not has(index, IDS[1])
    assert index.find(payload_of({"sourceId": "s"})) is UNKNOWN
    index.add_created([IDS[1]])
    assert has(index, IDS[1])
    index.remove(reference_of(IDS[0]))
    assert not has(index, IDS[0])


def has(index, identifier):
    return isinstance(index.find(payload_of({"_id": identifier})), ExistingRecord)


def test_an_index_is_stale_once_a_record_is_written_by_an_id_of_this_run():
    index = Index(OBJECTIVES, Fingerprints(["name"]), by_all_keyables=True)
    new = payload_of({"sourceId": "s", "name": "a"})
    index.write(new, item_values(new))
    index.add_created([IDS[0]])
    assert index.find(new).identifier is None
    assert not index.stale
    again = payload_of({"_id": IDS[0], "name": "b"})
    index.write(again, item_values(again))
    assert index.stale


def test_a_record_that_changes_its_company_is_not_found_in_the_old_one():
    index = Index(OBJECTIVES, Fingerprints(()), by_all_keyables=True)
    index.add({"_id": IDS[0], "externalId": "e", "companyId": COMPANIES[0], "sourceId": "s"})
    moved = payload_of({"sourceId": "s", "companyId": COMPANIES[1]})
    index.write(moved, item_values(moved))
    assert index.find(payload_of({"externalId": "e", "companyId": COMPANIES[0]})) is None
    assert index.stale  # its externalId is valid there, but was not in the payload


def test_an_external_id_without_a_company_is_not_forgotten_when_its_record_gets_one():
    index = Index(OBJECTIVES, Fingerprints(()), by_all_keyables=True)
    index.add({"_id": IDS[0], "externalId": "e", "companyId": None})
    taken = payload_of({"_id": IDS[0], "companyId": COMPANIES[0]})
    index.write(taken, item_values(taken))
    assert index.stale  # its externalId is valid in that company now, but was not in the payload


def test_a_row_without_its_company_does_not_make_the_index_stale():
    index = Index(OBJECTIVES, Fingerprints(()), by_all_keyables=True)
    index.add({"_id": IDS[0], "externalId": "e"})
    assert not index.stale
    assert index.find(payload_of({"externalId": "e", "companyId": COMPANIES[0]})) is None
    assert index.find(payload_of({"_id": IDS[0]})).identifier == IDS[0]


def test_numbers_are_compared_exactly():
    row = decode(b'{"a": 0.10, "b": 1e400, "c": 12345678901234567890123}')
    fingerprints = Fingerprints(["a", "b", "c"])
    same = decode(b'{"a": 0.1, "b": 1.0e400, "c": 12345678901234567890123.0}')
    assert fingerprints.differing(same, fingerprints.of(row)) == {}
    other = decode(b'{"a": 0.10000000000000000001, "b": 1e401, "c": 12345678901234567890124}')
    assert fingerprints.differing(other, fingerprints.of(row)) == other


def test_a_delete_of_a_record_that_is_known_by_other_keyables_alone_makes_the_index_stale():
    for by_all_keyables, existed in ((True, True), (True, False), (False, True)):
        index = Index(OBJECTIVES, Fingerprints(()), by_all_keyables=by_all_keyables)
        index.add({"_id": IDS[0]})
        index.remove(reference_of(IDS[0]), existed=existed)
        assert not index.stale
        index.remove(reference_of(IDS[1]), existed=existed)
        # Without keyables there is nothing else that it could be known by.
        assert index.stale == (by_all_keyables and existed)


def test_an_index_is_stale_once_an_unknown_id_is_written():
    index = Index(OBJECTIVES, Fingerprints(["name"]), by_all_keyables=True)
    known = payload_of({"sourceId": "s", "name": "a"})
    index.write(known, item_values(known))
    assert not index.stale
    by_id = payload_of({"_id": IDS[0], "name": "b"})
    index.write(by_id, item_values(by_id))
    assert index.stale


def test_only_an_id_of_this_run_may_belong_to_a_record_known_by_other_keyables():
    index = Index(OBJECTIVES, Fingerprints(()), by_all_keyables=True)
    index.add({"_id": IDS[0]})
    index.add_created(IDS[:2])
    named = [payload_of({"_id": each}) for each in IDS[:2]]
    assert [index.has_unlinked_id(payload) for payload in named] == [False, True]
    assert not index.has_unlinked_id(payload_of({"sourceId": "s"}))


@pytest.mark.parametrize("company", [COMPANIES[0], "extid-one"])
def test_a_record_without_a_known_id_is_archived_by_the_one_keyable_that_found_it(company):
    index = Index(OBJECTIVES, Fingerprints(["archived"]), by_all_keyables=True)
    new = payload_of({"externalId": "e", "companyId": company, "name": "n"})
    index.write(new, item_values(new))
    decisions = Decisions(OBJECTIVES, WriteSettings(deletes="archive"))
    gone = payload_of({"_id": IDS[0], "sourceId": "other", "externalId": "e", "companyId": company})
    gone.operation = "archive"
    made = decisions.decide(gone, index.find(gone), {})
    assert made.operation == "archive"
    assert made.keys == (None, None, "e")
    assert made.scopes == gone.scopes
    assert decode(made.item) == {"externalId": "e", "companyId": company, "archived": True}
