"""Which settings make a connection, and the messages for those that do not."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.api.connection import CONNECTION_SETTINGS, Connection
from planhat_sync.errors import ConfigurationError

TOKEN = "eyJhbGciOiJIUzI1NiJ9.a-very-secret-token"  # noqa: S105 - made up


def made(**settings) -> Connection:
    return Connection.from_config({"api_token": TOKEN, **settings})


def refused(**settings) -> str:
    with pytest.raises(ConfigurationError) as refusal:
        made(**settings)
    text = str(refusal.value)
    assert TOKEN not in text
    assert "\n" not in text
    return text


def test_a_token_is_enough():
    connection = made()
    assert connection.api_url == "https://api.planhat.com"
    assert connection.requests_per_minute == 200
    assert connection.request_timeout_seconds == 60
    assert connection.retry_budget_seconds == 300
    assert connection.user_agent.startswith("planhat-sync/")


def test_other_settings_and_nulls_are_ignored():
    assert made(page_size=7, api_url=None, user_agent=None) == made()


@pytest.mark.parametrize("token", [None, "", "  ", "\n"])
def test_no_token_says_where_to_get_one(token):
    assert "private app" in refused(api_token=token)


@pytest.mark.parametrize(
    "token",
    [
        f"{TOKEN}\n",
        f" {TOKEN}",
        f"Bearer {TOKEN}",
        f"{TOKEN}\r\nX-Evil: 1",
        "tök",
        "a\x00b",
        "a\tb",
        "“quoted”",
    ],
)
def test_a_token_that_no_header_can_carry_is_refused(token):
    assert "copy it again" in refused(api_token=token)


@pytest.mark.parametrize("token", [5, True, ["a"], {"a": 1}])
def test_a_token_of_another_type_is_refused_and_not_shown(token):
    assert refused(api_token=token) == "api_token must be text"


@pytest.mark.parametrize(
    "url",
    [
        "https://api-us3.planhat.com",
        "https://api.planhatdemo.com:8443",
        "https://gateway.example.com/planhat/v1",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://[::1]:8080",
        "http://localhost:1",
        "HTTPS://API.PLANHAT.COM",
        "https://10.0.0.1",
    ],
)
def test_a_url_is_accepted_with_or_without_a_slash_at_its_end(url):
    assert made(api_url=url).api_url == made(api_url=url + "/").api_url
    assert made(api_url=url).api_url.lower() == url.lower()


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("http://api.planhat.com", "in the clear"),
        ("http://localhost.example.com", "in the clear"),
        ("http://127.0.0.1.example.com", "in the clear"),
        ("http://0.0.0.0", "in the clear"),
        ("http://2130706433", "in the clear"),
        ("http://127.1", "in the clear"),
        ("http://169.254.169.254", "in the clear"),
        ("api.planhat.com", "https://"),
        ("ftp://api.planhat.com", "https://"),
        ("file:///etc/passwd", "https://"),
        ("https://", "https://"),
        ("https:///issues", "https://"),
        ("", "plain ASCII"),
        ("https://user:secret@api.planhat.com", "user name"),
        ("https://api.planhat.com@evil.example", "user name"),
        ("https://@api.planhat.com", "user name"),
        ("https://api.planhat.com?x=1", "query"),
        ("https://api.planhat.com/?", "query"),
        ("https://api.planhat.com#", "fragment"),
        ("https://api.planhat.com\\@evil.example", "backslash"),
        ("https://api.planhat.com\n", "line break"),
        ("https://api.\tplanhat.com", "space"),
        (" https://api.planhat.com", "space"),
        ("https://\u0430pi.planhat.com", "ASCII"),
        ("https://api.planhat.com:port", "not a URL"),
        ("https://api.planhat.com:99999", "not a URL"),
        ("https://[::1", "not a URL"),
        ("https://api.planhat.com/../x", "unusual path"),
        ("https://api.planhat.com/a//b", "unusual path"),
        ("https://api.planhat.com/%2e%2e", "unusual path"),
        ("https://a,b.example", "https://"),
    ],
)
def test_a_url_that_could_mislead_is_refused(url, hint):
    text = refused(api_url=url)
    assert "api_url" in text
    assert hint in text
    assert "secret" not in text


@given(st.text() | st.text(alphabet="htps:/@?#[]\\.%a1 ").map("https://".__add__))
def test_any_text_is_accepted_as_a_url_or_refused_with_a_sentence(url):
    try:
        connection = made(api_url=url)
    except ConfigurationError as refusal:
        connection, text = None, str(refusal)
    assert connection.host if connection else "api_url" in text


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("requests_per_minute", -1, "at least 0"),
        ("requests_per_minute", 1.5, "whole number"),
        ("requests_per_minute", "200", "whole number"),
        ("requests_per_minute", True, "whole number"),
        ("request_timeout_seconds", 0, "between 1 and 3600"),
        ("request_timeout_seconds", 10**9, "between 1 and 3600"),
        ("retry_budget_seconds", -5, "between 0 and 86400"),
        ("user_agent", "a\r\nX-Evil: 1", "one line"),
        ("user_agent", "", "one line"),
        ("user_agent", "naïve", "ASCII"),
        ("user_agent", 1, "must be text"),
    ],
)
def test_a_setting_out_of_its_range_is_refused_by_name(name, value, hint):
    text = refused(**{name: value})
    assert text.startswith(name)
    assert hint in text


def test_the_token_is_in_no_repr_and_a_connection_cannot_be_pickled_or_copied():
    connection = made()
    assert TOKEN not in repr(connection)
    assert TOKEN not in str(connection)
    assert TOKEN not in f"{connection}"
    for store in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="secret"):
            store(connection)
    with pytest.raises(dataclasses.FrozenInstanceError):
        connection.api_token = "x"  # noqa: S105 - made up


def test_the_settings_are_a_schema_fragment_with_one_secret_and_only_whole_numbers():
    jsonschema.Draft202012Validator.check_schema(
        {"type": "object", "properties": CONNECTION_SETTINGS}
    )
    assert [name for name, words in CONNECTION_SETTINGS.items() if words.get("secret")] == [
        "api_token"
    ]
    for name, words in CONNECTION_SETTINGS.items():
        assert words["type"] in ("string", "integer"), name
        assert words["title"], name
        assert words["description"].endswith("."), name


def test_defaults_of_the_schema_and_of_a_connection_are_the_same():
    fields = {field.name: field for field in dataclasses.fields(Connection)}
    assert fields.keys() == CONNECTION_SETTINGS.keys()
    for name, words in CONNECTION_SETTINGS.items():
        if "default" in words:
            assert fields[name].default == words["default"]
