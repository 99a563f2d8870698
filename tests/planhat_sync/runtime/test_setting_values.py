"""An empty or null value means that a setting is not set, wherever it is given."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warm import PLUGINS

from planhat_singer.config_errors import checked_settings
from planhat_sync.runtime import config_errors
from planhat_sync.runtime.environment import environment_settings
from planhat_sync.runtime.setting_values import MAY_BE_EMPTY, without_unset
from tap_planhat.tap import TapPlanhat
from target_planhat.target import TargetPlanhat

SCHEMA = {
    "properties": {
        "text": {"type": "string", "default": "d"},
        "number": {"type": ["integer", "null"], "default": 7},
        "choice": {"type": "boolean"},
        "names": {"type": "array", "items": {"type": "string"}},
        "kind": {"type": "string", "enum": ["this", "that"]},
        "outer": {"type": "object", "properties": {"inner": {"type": "string"}, "deep": {}}},
        "stream_maps": {"type": ["object", "null"], "properties": {"__else__": {}}},
    }
}


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        *((value, {}) for value in (None, "", "  ", [], {}, [None], ["", " "])),
        (["a", "", None, " b "], ["a", "b"]),
        (["a", 5], ["a", 5]),
        (0, 0),
        (False, False),
        (" a ", " a "),
    ],
)
def test_what_is_empty_or_null_is_not_set(value, meant):
    expected = {} if meant == {} else {"names": meant}
    assert without_unset(SCHEMA, {"names": value}) == expected


def test_a_whole_number_may_be_written_with_a_fraction_of_nought():
    assert without_unset(SCHEMA, {"number": 5.0}) == {"number": 5}
    for nonsense in (5.5, float("inf"), float("-inf"), 1e300):
        assert without_unset(SCHEMA, {"number": nonsense}) == {"number": nonsense}


def test_null_inside_a_setting_is_not_set_either():
    given = {"outer": {"inner": None, "deep": "", "other": None}}
    assert without_unset(SCHEMA, given) == {"outer": {"other": None}}
    assert without_unset(SCHEMA, {"outer": {"inner": None}}) == {}


def test_nulls_inside_stream_maps_say_something_and_stay():
    maps = {"issues": {"title": None, "__else__": None}, "objectives": None, "__else__": None}
    assert without_unset(SCHEMA, {"stream_maps": maps}) == {"stream_maps": maps}


def test_an_unknown_name_is_kept_to_be_reported():
    assert without_unset(SCHEMA, {"nubmer": None, "": ""}) == {"nubmer": None, "": ""}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(" \tab", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["inner", "deep", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "stranger"]), JSON))
def test_whatever_is_given_what_is_set_is_neither_null_nor_empty(given):
    found = without_unset(SCHEMA, given)
    assert repr(without_unset(SCHEMA, found)) == repr(found)  # NaN is not equal to itself
    assert found.keys() <= given.keys()
    assert ("stranger" in found) is ("stranger" in given)
    for name, value in found.items():
        if name != "stranger":
            assert value not in (None, "", [], {})
            assert not (isinstance(value, str) and not value.strip())
            assert value is not None
    settings, _ = config_errors.checked_settings(SCHEMA, found)
    assert settings["text"] is not None
    assert settings["number"] is not None


@given(st.sampled_from([TapPlanhat, TargetPlanhat]), st.data())
def test_a_setting_of_either_plugin_that_is_null_or_blank_is_as_one_left_out(plugin, data):
    """All settings, so that a new one cannot be forgotten."""
    plugin.append_builtin_config(plugin.config_jsonschema)
    schema = plugin.config_jsonschema
    names = data.draw(st.sets(st.sampled_from(sorted(schema["properties"]))))
    given = {
        name: data.draw(st.sampled_from([None, "", "  ", [], {}, [None, ""]])) for name in names
    }
    given.pop("api_token", None)
    given = {
        name: value for name, value in given.items() if name not in MAY_BE_EMPTY or value != {}
    }
    assert checked_settings(schema, {**given, "api_token": "t"}) == checked_settings(
        schema, {"api_token": "t"}
    )


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("number", " 500 ", 500),
        ("number", "", None),
        ("number", "null", None),
        ("choice", " TRUE ", True),
        ("choice", "off\n", False),
        ("choice", "  ", None),
        ("names", "a", ["a"]),
        ("names", "a, b", ["a", "b"]),
        ("names", " a,,b, ", ["a", "b"]),
        ("names", ",", None),
        ("names", '["a", " b ", ""]', ["a", "b"]),
        ("names", "[]", None),
        ("names", "null", None),
        ("kind", " this ", "this"),
        ("kind", "null", None),  # it cannot be one of the choices
        ("text", " kept ", " kept "),
        ("text", "null", "null"),
        ("outer", '{"inner": "x"}', {"inner": "x"}),
        ("outer", " { } ", None),
    ],
)
def test_a_variable_is_read_as_it_is_meant(name, text, value, caplog):
    import logging  # noqa: PLC0415 - for this one

    found = environment_settings(SCHEMA, "X_", {f"X_{name.upper()}": text}, logging.getLogger("x"))
    assert found == ({} if value is None else {name: value})


# As processes: both plugins, in a file, in the environment and in .env.

EMPTY = {
    "tap-planhat": ("company_ids", "page_size", "start_date", "discover_custom_fields"),
    "target-planhat": ("match_on", "dry_run", "rejects_path", "summary_path", "max_rejects"),
}
BOTH = ("api_url", "user_agent", "progress", "stream_maps", "flattening_max_depth")


def in_file(base, names, value):
    return {**base, **dict.fromkeys(names, value)}


@pytest.mark.parametrize("value", [None, "", "   "])
@pytest.mark.parametrize("plugin", PLUGINS)
def test_empty_settings_of_a_file_are_not_set(warm, base, plugin, value):
    names = [name for name in (*EMPTY[plugin], *BOTH) if name != "api_url"]
    ran = warm(plugin, config=in_file(base, names, value))
    assert (ran.code, ran.stderr.count("Traceback")) == (0, 0), ran.last_line


@pytest.mark.parametrize("value", ["", "  "])
@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("where", ["environment", ".env"])
def test_empty_variables_are_not_set(warm, variables, tmp_path, plugin, value, where):
    names = [name for name in (*EMPTY[plugin], *BOTH) if name != "api_url"]
    given = variables(plugin, **dict.fromkeys(names, value))
    if where == ".env":
        (tmp_path / ".env").write_text("".join(f"{n}={v}\n" for n, v in given.items()))
        given = {}
    ran = warm(plugin, "--config", "ENV", env=given, cwd=tmp_path)
    assert (ran.code, ran.stderr.count("Traceback")) == (0, 0), ran.last_line


@pytest.mark.parametrize("value", [None, "", " "])
@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_token_that_is_empty_is_one_that_is_not_set(warm, base, variables, plugin, value):
    for ran in (
        warm(plugin, config={**base, "api_token": value}),
        warm(plugin, "--config", "ENV", env=variables(plugin, api_token=value or "")),
    ):
        assert ran.code == 1
        assert "api_token is not set" in ran.last_line


def test_an_empty_variable_leaves_the_files_setting_in_force(warm, base, tmp_path):
    """DRY_RUN= would otherwise make a dry run a real one."""
    ran = warm(
        "target-planhat",
        "--config",
        "ENV",
        config={**base, "dry_run": True},
        stdin=b'{"type":"STATE","value":{"bookmarks":{"a":1}}}\n',
        env={"TARGET_PLANHAT_DRY_RUN": ""},
    )
    assert ran.code == 0
    assert ran.stdout == ""  # a dry run prints no state


def test_a_null_in_a_later_file_leaves_the_earlier_ones_setting_in_force(warm, base, tmp_path):
    later = tmp_path / "later.json"
    later.write_text(json.dumps({"dry_run": None, "api_token": ""}))
    ran = warm(
        *("target-planhat", "--config", str(later)),
        config={**base, "dry_run": True},
        stdin=b'{"type":"STATE","value":{"bookmarks":{"a":1}}}\n',
    )
    assert (ran.code, ran.stdout) == (0, "")


@pytest.mark.parametrize(
    "text", ["sourceId", "sourceId,externalId", " sourceId, externalId ,", '["sourceId", ""]']
)
def test_a_list_may_have_blanks_and_empty_items(warm, variables, text):
    env = variables("target-planhat", match_on=text)
    assert warm("target-planhat", "--config", "ENV", env=env).code == 0


@pytest.mark.parametrize(
    ("plugin", "name", "text", "says"),
    [
        ("tap-planhat", "page_size", "many", "TAP_PLANHAT_PAGE_SIZE must be a whole number"),
        ("tap-planhat", "page_size", "0", "page_size must be between 1 and 10000"),
        ("target-planhat", "dry_run", "perhaps", "TARGET_PLANHAT_DRY_RUN must be true or false"),
        ("target-planhat", "match_on", "sourceID,", "no model has a keyable called sourceID"),
        ("target-planhat", "max_rejects", "none", "TARGET_PLANHAT_MAX_REJECTS must be a whole"),
        ("target-planhat", "stream_maps", "[", "TARGET_PLANHAT_STREAM_MAPS must be a JSON object"),
    ],
)
def test_nonsense_is_refused_as_ever(warm, variables, plugin, name, text, says):
    ran = warm(plugin, "--config", "ENV", env=variables(plugin, **{name: text}))
    assert ran.code == 1
    assert says in ran.last_line


def test_an_empty_scope_is_a_value():
    assert without_unset(
        {"properties": {"missing_scope": {"type": "object"}}}, {"missing_scope": {}}
    ) == {"missing_scope": {}}
