"""Which properties of a record are sent, and which records are not, by the real models."""

import json

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.model import Model
from planhat_sync.models import load_models
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.payload import Payload, RejectCode, Skipped
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()
COMPANY = "a" * 24
RECORD_ID = "61006bc89a3e0b702ed8ea49"


def convert(record, model="issues", **settings):
    made = Converter(MODELS[model], WriteSettings(**settings)).convert(record, line=3, raw=b"line")
    return json.loads(made.item) if isinstance(made, Payload) else made


def test_one_warning_says_that_every_run_creates_the_records_again():
    warnings = []
    converter = Converter(
        MODELS["issues"], WriteSettings(missing_key="create"), warn=warnings.append
    )
    for title in ("one", "two"):
        converter.convert({"title": title, "companyIds": [COMPANY]})
    converter.convert({"title": "three", "companyIds": [COMPANY], "sourceId": "s"})
    assert len(warnings) == 1
    assert "every run" in warnings[0]


def test_read_only_properties_and_columns_of_singer_are_left_out():
    record = {
        "_id": RECORD_ID,
        "title": "t",
        "companies": [{"id": COMPANY, "name": "Acme"}],
        "mrrCombined": 5,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "not a date",
        "_sdc_extracted_at": "2026-01-01",
        "_sdc_deleted_at": None,
        "_sdc_anything": {},
    }
    assert convert(record) == {"_id": RECORD_ID, "title": "t"}


def test_an_absent_property_is_not_sent_and_a_null_is():
    assert convert({"sourceId": "s", "title": None}) == {"sourceId": "s", "title": None}


@pytest.mark.parametrize("nothing", [None, "", " " * 10, "\t\r\n", "\u00a0", "\u3000\u2009"])
def test_a_keyable_that_is_empty_or_blank_is_none(nothing):
    assert convert({"_id": RECORD_ID, "sourceId": nothing}) == {"_id": RECORD_ID}
    assert convert({"_id": nothing, "sourceId": "s"}) == {"sourceId": "s"}
    assert convert({"_id": nothing, "sourceId": nothing}).code == RejectCode.MISSING_KEY


def test_a_keyable_of_another_type_is_text_or_a_reject():
    objective = {"name": "n", "companyId": COMPANY, "externalId": 1234}
    assert convert(objective, "objectives")["externalId"] == "1234"
    reject = convert({"sourceId": ["s"]})
    assert (reject.code, reject.property) == (RejectCode.WRONG_TYPE, "sourceId")


def test_an_unknown_property_is_dropped_with_one_warning():
    warnings = []
    converter = Converter(MODELS["issues"], WriteSettings(), warn=warnings.append)
    for _ in range(3):
        made = converter.convert({"sourceId": "s", "__v": 0, "colour": "red"})
        assert json.loads(made.item) == {"sourceId": "s"}
    assert warnings == ["ignoring 2 properties that issues does not have: __v, colour"]


def test_an_unknown_property_is_a_reject_if_the_user_wants_it_so():
    reject = convert({"sourceId": "s", "colour": "red"}, unknown_properties="reject")
    assert (reject.code, reject.property) == (RejectCode.UNKNOWN_PROPERTY, "colour")


@pytest.mark.parametrize(
    ("columns", "custom"),
    [
        ({"custom__a": 1, "custom__Main Product": "x"}, {"a": 1, "Main Product": "x"}),
        ({"custom": {"b": 2}, "custom__a": 1}, {"b": 2, "a": 1}),
        ({"custom__a": 1, "custom": {"a": 1, "b": None}}, {"a": 1, "b": None}),
        ({"custom": None, "custom__a": None}, {"a": None}),
        ({"custom": '{"b": 2}', "custom__a": 1}, {"b": 2, "a": 1}),
        ({"custom__a": '{"b": 2}'}, {"a": '{"b": 2}'}),
        ({"custom__a__b": 1}, {"a__b": 1}),
        ({"custom": {}}, {}),
    ],
)
def test_columns_of_custom_fields_are_merged_into_custom(columns, custom):
    assert convert({"sourceId": "s", **columns})["custom"] == custom


def test_two_values_for_one_custom_field_are_a_reject():
    reject = convert({"sourceId": "s", "custom": {"a": 1}, "custom__a": 2})
    assert (reject.code, reject.property) == (RejectCode.CONFLICTING_CUSTOM, "custom__a")


def test_a_custom_that_is_not_an_object_is_rejected_with_columns_beside_it():
    reject = convert({"sourceId": "s", "custom": [1], "custom__a": 2})
    assert (reject.code, reject.property) == (RejectCode.WRONG_TYPE, "custom")


def test_a_column_named_custom__alone_or_of_a_model_without_custom_is_unknown():
    model = Model.from_schema(
        "things",
        {
            "x-planhat": {"path": "/x", "keyables": ["_id"], "page_limit": 1, "bulk_limit": 1},
            "properties": {"_id": {"type": "string"}},
        },
    )
    for made, name in [
        (MODELS["issues"], "custom__"),
        (model, "custom__a"),
    ]:
        converter = Converter(made, WriteSettings())
        converter.convert({"_id": RECORD_ID, name: 1})
        assert converter.unknown.names == {name}


def test_required_properties_are_checked_only_for_creates():
    assert convert({"sourceId": "s"}) == {"sourceId": "s"}
    for settings in ({"missing_key": "create"}, {"write_mode": "create"}):
        record = {"sourceId": "s"} if "write_mode" in settings else {}
        reject = convert({**record, "title": "t"}, **settings)
        assert (reject.code, reject.property) == (RejectCode.MISSING_REQUIRED, "companyIds")
        reject = convert({**record, "title": None, "companyIds": [COMPANY]}, **settings)
        assert (reject.code, reject.property) == (RejectCode.MISSING_REQUIRED, "title")
        assert convert({**record, "title": "t", "companyIds": [COMPANY]}, **settings)["title"]


def test_a_record_without_a_keyable_is_rejected_or_created():
    record = {"title": "t", "companyIds": [COMPANY]}
    assert convert(record).code == RejectCode.MISSING_KEY
    made = Converter(MODELS["issues"], WriteSettings(missing_key="create")).convert(record)
    assert (made.operation, set(made.keys)) == ("create", {None})
    updating = WriteSettings(missing_key="create", write_mode="update")
    assert Converter(MODELS["issues"], updating).convert(record).code == RejectCode.MISSING_KEY


GONE = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}


class TestDeletes:
    def test_a_delete_is_skipped_unless_it_is_wanted(self):
        assert isinstance(convert({"sourceId": "s", **GONE}), Skipped)

    @pytest.mark.parametrize("deletes", ["delete", "archive"])
    def test_a_delete_sends_only_what_identifies_the_record(self, deletes):
        record = {"sourceId": "s", "title": ["wrong"], "colour": 5, **GONE}
        converter = Converter(MODELS["issues"], WriteSettings(deletes=deletes))
        made = converter.convert(record)
        assert (made.operation, made.item) == (deletes, b'{"sourceId":"s"}')
        assert converter.unknown.names == set()

    def test_an_objective_is_identified_with_its_company(self):
        record = {"externalId": 5, "companyId": COMPANY, **GONE}
        assert convert(record, "objectives", deletes="delete") == {
            "externalId": "5",
            "companyId": COMPANY,
        }

    @pytest.mark.parametrize("missing_key", ["reject", "create"])
    def test_a_delete_without_a_keyable_is_a_reject(self, missing_key):
        reject = convert({"title": "t", **GONE}, deletes="delete", missing_key=missing_key)
        assert reject.code == RejectCode.MISSING_KEY

    @pytest.mark.parametrize("deletes", ["ignore", "archive", "delete"])
    @pytest.mark.parametrize("nothing", [None, "", "  ", "0000-00-00 00:00:00"])
    def test_a_record_that_was_not_deleted_is_written_as_any_other(self, deletes, nothing):
        record = {"sourceId": "s", "title": "t", "_sdc_deleted_at": nothing}
        assert convert(record, deletes=deletes) == {"sourceId": "s", "title": "t"}

    @pytest.mark.parametrize("deletes", ["ignore", "archive", "delete"])
    @pytest.mark.parametrize("flag", [False, True, 0, "false", "N", [], {}])
    def test_what_is_not_a_date_is_a_reject_and_deletes_nothing(self, deletes, flag):
        reject = convert({"sourceId": "s", "_sdc_deleted_at": flag}, deletes=deletes)
        assert (reject.code, reject.property) == (RejectCode.WRONG_TYPE, "_sdc_deleted_at")
        assert "_sdc_deleted_at has to be a date-time if the record was deleted" in reject.message

    def test_archiving_is_refused_for_a_model_that_cannot_be_archived(self):
        with pytest.raises(ConfigurationError, match="objectives cannot be archived"):
            Converter(MODELS["objectives"], WriteSettings(deletes="archive"))


def test_a_payload_has_its_line():
    made = Converter(MODELS["issues"], WriteSettings()).convert(
        {"sourceId": "s"}, line=7, raw=b"as received"
    )
    assert (made.line, made.raw, made.keys) == (7, b"as received", (None, "s"))
