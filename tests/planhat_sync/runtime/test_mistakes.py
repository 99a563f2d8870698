"""A mistake of the user is reported in one sentence, and not as an error of the program."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warm import PLUGINS

from planhat_singer.stream_maps import stream_map_errors
from tap_planhat.tap import TapPlanhat
from target_planhat.target import TargetPlanhat

CLASSES = {"tap-planhat": TapPlanhat, "target-planhat": TargetPlanhat}
INPUT = b"".join(
    json.dumps(message).encode() + b"\n"
    for message in (
        {
            "type": "SCHEMA",
            "stream": "issues",
            "schema": {"properties": {"_id": {"type": "string"}, "title": {"type": "string"}}},
            "key_properties": ["_id"],
        },
        {"type": "RECORD", "stream": "issues", "record": {"sourceId": "a", "title": "t"}},
        {"type": "STATE", "value": {"bookmarks": {"a": 1}}},
    )
)


def said(ran, plugin: str) -> str:
    """The sentence that a run ended with; it is one line, no traceback and no bug of ours."""
    assert ran.code == 1, ran.stderr
    assert ran.last_line.startswith(f"{plugin}: ")
    assert "unexpected" not in ran.last_line
    assert "report it" not in ran.last_line
    assert "Traceback" not in ran.stderr
    return ran.last_line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{}".encode("utf-16"), "is UTF-16 or UTF-32, and not UTF-8: save it as UTF-8"),
        ("{}".encode("utf-16-be"), "is UTF-16 or UTF-32, and not UTF-8"),
        ("{}".encode("utf-32"), "is UTF-16 or UTF-32, and not UTF-8"),
        ('{"a": "ü"}'.encode("latin-1"), "is not UTF-8 text: save it as UTF-8"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b" \n", "is empty"),
        (b"[]", "does not hold a JSON object"),
        (b"5", "does not hold a JSON object"),
        (b'"{}"', "does not hold a JSON object"),
        (b"null", "does not hold a JSON object"),
        (b"{", "is not JSON"),
        (b"{}{}", "is not JSON"),
        (b"api_token: x", "is not JSON"),
        (b"[" * 100_000, "is not JSON: it is nested too deeply"),
        (b'{"a":' * 100_000, "is not JSON: it is nested too deeply"),
        (b'{"page_size": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b'{"page_size": 1e99999999999999999999}', "holds a number that is out of range"),
    ],
    ids=lambda value: str(value)[:20],
)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_configuration_that_cannot_be_read_is_reported(warm, plugin, content, says):
    assert f"the file given as --config {says}" in said(warm(plugin, config=content), plugin)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_byte_order_mark_is_none_of_a_configuration(warm, base, plugin):
    content = json.dumps(base).encode("utf-8-sig")
    assert warm(plugin, config=content).code == 0


@pytest.mark.parametrize("plugin", PLUGINS)
def test_neither_a_folder_nor_nothing_is_a_configuration(warm, plugin, tmp_path):
    assert "given as --config is a folder" in said(warm(plugin, "--config", str(tmp_path)), plugin)
    for nothing in ("", "  "):
        assert "--config is empty" in said(warm(plugin, "--config", nothing), plugin)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_configuration_may_be_given_twice_and_the_later_one_wins(warm, base, plugin, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**base, "progress": "x"}))
    last = warm(plugin, "--config", str(other), "--config", str(other), config=base).last_line
    assert "progress must be one of" in last
    assert warm(plugin, "--config", str(warm.folder / "config.json"), config=base).code == 0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"LOGLEVEL": "verbose"}, "LOGLEVEL must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ({"LOGLEVEL": "10"}, "LOGLEVEL must be one of"),
        ({"OWN_LOGLEVEL": "verbose", "LOGLEVEL": "INFO"}, "OWN_LOGLEVEL must be one of"),
        ({"SINGER_SDK_LOG_CONFIG": "/"}, "SINGER_SDK_LOG_CONFIG must name a YAML file"),
        *(
            ({"SINGER_SDK_LOG_CONFIG": content}, "SINGER_SDK_LOG_CONFIG must name a YAML file")
            for content in (
                *("", "5", "[]", "{", "version: 1\nhandlers: 5", "\0"),
                "version: 1\nhandlers: {a: {class: no.such.Handler}}\nroot: {handlers: [a]}",
                "version: 1\nroot: {level: LOUD}",
                "!!python/object:os.system {}",
            )
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_wrong_variable_about_the_log_is_reported(warm, base, plugin, given, says, tmp_path):
    own = plugin.upper().replace("-", "_") + "_"
    path = given.get("SINGER_SDK_LOG_CONFIG")
    if path not in (None, "/"):
        (tmp_path / "log.yaml").write_text(path)
        given = {"SINGER_SDK_LOG_CONFIG": str(tmp_path / "log.yaml")}
    ran = warm(plugin, config=base, env={name.replace("OWN_", own): v for name, v in given.items()})
    assert says.replace("OWN_", own) in said(ran, plugin)


@pytest.mark.parametrize("given", [{}, {"LOGLEVEL": ""}, {"LOGLEVEL": " warning "}])
@pytest.mark.parametrize("more", [{}, {"SINGER_SDK_LOG_CONFIG": " "}, {"OWN_LOGLEVEL": ""}])
@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_variable_about_the_log_that_is_empty_is_not_set(warm, base, plugin, given, more):
    own = plugin.upper().replace("-", "_") + "_"
    env = {name.replace("OWN_", own): value for name, value in {**given, **more}.items()}
    ran = warm(plugin, config=base, env=env)
    assert ran.code == 0
    assert ("INFO" in ran.stderr) is ("warning" not in env.get("LOGLEVEL", ""))


NO_NAME = "__alias__ of issues must be the new name of the stream"
NO_EXPRESSION = "title of issues must be an expression"


@pytest.mark.parametrize(
    ("maps", "says"),
    [
        (5, "stream_maps must be an object"),
        ("issues", "stream_maps must be an object"),
        (["issues"], "stream_maps must be an object"),
        ({"issues": 5}, "stream_maps: issues must be an object"),
        ({"issues": []}, "stream_maps: issues must be an object"),
        ({"issues": "title"}, "stream_maps: issues must be an object"),
        ({"__else__": 5}, '__else__ must be "__NULL__" or null'),
        ({"__else__": {}}, '__else__ must be "__NULL__" or null'),
        ({"__alias__": "x"}, "there is no option __alias__ for all streams"),
        *(({"issues": {"__alias__": value}}, NO_NAME) for value in (None, 5, "", [], {})),
        ({"issues": {"__source__": None}}, "__source__ of issues must be the name of a stream"),
        ({"issues": {"__filter__": 5}}, "__filter__ of issues must be an expression"),
        ({"issues": {"__filter__": ""}}, "__filter__ of issues must be an expression"),
        (
            {"issues": {"__filter__": "1 +"}},
            "stream_maps: __filter__ of issues, 1 +, is not an expression: invalid syntax",
        ),
        ({"issues": {"__else__": "x"}}, '__else__ of issues must be "__NULL__" or null'),
        ({"issues": {"__else__": []}}, '__else__ of issues must be "__NULL__" or null'),
        ({"issues": {"__key_properties__": "x"}}, "__key_properties__ of issues must be a list"),
        ({"issues": {"__key_properties__": [5]}}, "__key_properties__ of issues must be a list"),
        *(
            ({"issues": {"title": value}}, NO_EXPRESSION)
            for value in (5, True, [], {}, "", " ", "x = 5", "import os", "# x", "-" * 99_999 + "1")
        ),
        (
            {"issues": {"title": "1 +"}},
            "stream_maps: title of issues, 1 +, is not an expression: invalid syntax",
        ),
        (
            {"issues": {"title": "(" * 5000}},
            f"title of issues, {'(' * 200}…, is not an expression: ",
        ),
        (
            {"issues": {"__alias__": "my issues"}},
            "stream_maps cannot be used (MapExpressionError: Failed to evaluate",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_stream_maps_that_cannot_be_used_are_reported(warm, base, plugin, maps, says):
    ran = warm(plugin, config={**base, "stream_maps": maps}, stdin=INPUT)
    assert says in said(ran, plugin)
    assert len(ran.last_line) < 600


@pytest.mark.parametrize(
    ("maps", "says"),
    [
        ({"issues": {"__key_properties__": ["nope"]}}, "Invalid key properties for 'issues'"),
        (
            {"issues": {"_id": None}},
            "stream_maps cannot be used (StreamMapConfigError: Removing key property '_id'",
        ),
    ],
    ids=["unknown key", "no key"],
)
def test_stream_maps_of_the_tap_that_spoil_its_key_are_reported(warm, base, maps, says):
    ran = warm("tap-planhat", config={**base, "stream_maps": maps})
    assert says in said(ran, "tap-planhat")


@pytest.mark.parametrize("alias", ["5", "''", "1.5", "[1]", "None"])
def test_an_alias_that_gives_no_name_is_reported(warm, base, alias):
    maps = {"issues": {"__alias__": alias}}
    ran = warm("tap-planhat", config={**base, "stream_maps": maps})
    assert "__alias__ is an expression" in said(ran, "tap-planhat")
    assert ran.stdout == ""


@pytest.mark.parametrize(
    "maps",
    [
        {},
        {"issues": {}},
        {"issues": None, "objectives": "__NULL__", "__else__": None},
        {"issues": {"title": "title.upper()", "_id": "_id", "__else__": "__NULL__", "x": None}},
        {"issues": {"__alias__": "tickets", "__filter__": "title != 'x'"}},
        {"tickets": {"__source__": "issues", "__key_properties__": None}, "issues": {}},
        {"*": {"__key_properties__": []}},
    ],
    ids=str,
)
def test_stream_maps_of_the_sdks_documents_get_no_complaint(warm, base, maps):
    assert list(stream_map_errors(maps)) == []
    assert warm("tap-planhat", config={**base, "stream_maps": maps}).code == 0


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"stream_map_config": 5}, "stream_map_config must be an object"),
        ({"faker_config": "x"}, "faker_config must be an object"),
        ({"faker_config": {"seed": {"a": 1}}}, "faker_config.seed must be a number or text or"),
        ({"faker_config": {"locale": 5}}, "faker_config.locale must be text or a list"),
        ({"flattening_enabled": True, "flattening_max_depth": "x"}, "must be a whole number"),
        ({"flattening_enabled": "x", "flattening_max_depth": 1}, "must be true or false"),
        ({"": 5}, "a name that is empty is not a setting"),
        ({"api_url": ["x"]}, "api_url must be text"),
    ],
    ids=str,
)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_setting_of_the_sdk_that_is_wrong_is_named(warm, base, plugin, setting, says):
    assert says in said(warm(plugin, config={**base, **setting}, stdin=INPUT), plugin)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"flattening_enabled": True}, "flattening_max_depth is not set"),
        ({"flattening_enabled": True, "flattening_max_depth": None}, "max_depth is not set"),
        ({"flattening_enabled": True, "flattening_max_depth": -1}, "must be at least 0"),
        ({"flattening_max_key_length": -1}, "flattening_max_key_length must be at least 0"),
    ],
    ids=str,
)
def test_incomplete_flattening_settings_are_an_error_of_the_tap_alone(warm, base, setting, says):
    """The target flattens nothing, and a configuration shared with other targets is accepted."""
    assert says in said(warm("tap-planhat", config={**base, **setting}), "tap-planhat")
    assert warm("target-planhat", config={**base, **setting}).code == 0


@pytest.mark.parametrize("pace", [10**400, 10**18])
@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_pace_beyond_all_measure_is_none(warm, base, plugin, pace):
    assert warm(plugin, config={**base, "requests_per_minute": pace}).code == 0


@pytest.mark.parametrize("path", ["a\0b", "\ud800", "x" * 5000, "/nowhere/x"])
@pytest.mark.parametrize("setting", ["summary_path", "rejects_path"])
def test_a_path_that_is_none_is_reported(warm, base, setting, path):
    config = {**base, setting: path, "on_reject": "continue"}
    config.setdefault("rejects_path", "rejects.jsonl")
    said(warm("target-planhat", config=config, stdin=INPUT), "target-planhat")


JSONL = {"format": "jsonl", "compression": "gzip"}
HERE = {"root": "file:///tmp/x"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (5, "batch_config must be an object"),
        ({"encoding": JSONL}, "batch_config cannot be used"),
        ({"storage": HERE}, "batch_config cannot be used"),
        ({"encoding": {"compression": "gzip"}, "storage": HERE}, "batch_config cannot be used"),
        ({"encoding": JSONL, "storage": {"prefix": "x"}}, "batch_config cannot be used"),
        ({"encoding": JSONL, "storage": HERE, "size": 5}, "batch_config cannot be used"),
        ({"encoding": JSONL, "storage": HERE, "batch_size": 0}, "batch_config cannot be used"),
        ({"encoding": JSONL, "storage": HERE, "batch_size": "x"}, "batch_config cannot be used"),
        ({"encoding": {"format": "xml"}, "storage": HERE}, "encoding.format must be one of jsonl"),
        ({"encoding": JSONL, "storage": {"root": 5}}, "batch_config.storage.root must be text"),
        ({"encoding": {"format": "parquet"}, "storage": HERE}, "is not installed"),
        ({"encoding": JSONL, "storage": {"root": "s3://x"}}, "is not installed"),
        ({"encoding": JSONL, "storage": {"root": "nosuch://x"}}, "batch_config cannot be used"),
        ({"encoding": JSONL, "storage": {"root": "/proc/x"}}, "No such file"),
    ],
    ids=str,
)
def test_a_batch_config_that_cannot_be_used_is_reported(warm, base, sandbox, given, says):
    sandbox.tenant("alpha").insert("issues", {"title": "a"})
    ran = warm("tap-planhat", config={**base, "batch_config": given})
    assert says in said(ran, "tap-planhat")


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"REQUESTS_CA_BUNDLE": "/nowhere.pem"}, "REQUESTS_CA_BUNDLE must name a file"),
        ({"HTTPS_PROXY": "nonsense"}, "proxy"),
        ({"HTTPS_PROXY": "http://[::1"}, "proxy"),
        ({"HTTPS_PROXY": "://"}, "proxy"),
        (
            {"ALL_PROXY": "socks9://x"},
            "the proxy named by HTTPS_PROXY, ALL_PROXY or a similar variable",
        ),
    ],
    ids=str,
)
def test_a_variable_about_the_network_that_is_wrong_is_reported(warm, base, plugin, env, says):
    config = {**base, "api_url": "https://planhat.invalid"}
    assert says in said(warm(plugin, config=config, stdin=INPUT, env=env), plugin)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_no_folder_for_temporary_files_is_needed(warm, base, plugin):
    assert warm(plugin, config=base, env={"TMPDIR": "/nowhere"}).code == 0


@pytest.mark.parametrize(
    ("custom", "says"),
    [
        ({"concurrency": "many"}, "concurrency must be a whole number"),
        ({"api_token": None}, "api_token is not set"),
        ({"stream_maps": {"issues": 5}}, "stream_maps: issues must be an object"),
    ],
)
def test_discovery_that_asks_planhat_needs_right_settings(warm, base, custom, says):
    config = {**base, "discover_custom_fields": True, **custom}
    assert says in said(warm("tap-planhat", "--discover", config=config), "tap-planhat")


# Whatever a configuration contains.

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, 0.5, -0.0, 1e300])
    | st.text(max_size=8)
    | st.sampled_from(
        ["", " ", "\0", "__NULL__", "issues", "title", "1 +", "ENV", "/", "http://127.0.0.1:9"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("issues", "objectives", "title", "_id", "custom", "x", "*", "a.b", ""),
                    *("__else__", "__alias__", "__filter__", "__source__", "__key_properties__"),
                    *("encoding", "storage", "format", "compression", "root", "batch_size"),
                    *("seed", "locale", "prefix", "params"),
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def names_of(plugin: str) -> list[str]:
    CLASSES[plugin].append_builtin_config(CLASSES[plugin].config_jsonschema)
    return sorted({*CLASSES[plugin].config_jsonschema["properties"]} - {"api_url"})


@settings(max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize("plugin", PLUGINS)
def test_no_value_of_a_setting_is_an_unexpected_error(warm, base, sandbox, tmp_path, plugin, data):
    sandbox.reset()
    sandbox.tenant("alpha").insert("issues", {"title": "a"})
    given = data.draw(st.dictionaries(st.sampled_from(names_of(plugin)), JSON, max_size=3))
    ran = warm(plugin, config={**base, **given}, stdin=INPUT, cwd=tmp_path)
    if ran.code:
        said(ran, plugin)


@settings(max_examples=40)
@given(data=st.data())
@pytest.mark.parametrize("plugin", PLUGINS)
def test_no_value_of_a_variable_is_an_unexpected_error(
    warm, variables, sandbox, tmp_path, plugin, data
):
    sandbox.reset()
    texts = st.text(max_size=8).filter(lambda text: "\0" not in text)
    texts = texts.filter(lambda text: text.isprintable()) | JSON.map(json.dumps)
    given = data.draw(st.dictionaries(st.sampled_from(names_of(plugin)), texts, max_size=3))
    env = variables(plugin, **given)
    ran = warm(plugin, "--config", "ENV", env=env, stdin=INPUT, cwd=tmp_path)
    if ran.code:
        said(ran, plugin)


@settings(max_examples=40)
@given(content=st.binary(max_size=20) | JSON.map(lambda value: json.dumps(value).encode()))
@pytest.mark.parametrize("plugin", PLUGINS)
def test_no_content_of_a_configuration_file_is_an_unexpected_error(warm, plugin, content):
    said(warm(plugin, config=content), plugin)
