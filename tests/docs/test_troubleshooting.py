"""The page "Troubleshooting" has a place for every message that ends a run, and no other one."""

from __future__ import annotations

import pkgutil
import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from checkout import ROOT
from messages import Message, messages_of, pattern, strings_in, warnings_of

from planhat_sync.api.http.network_errors import _WORDS
from planhat_sync.errors import PlanhatError, RetryError, Section
from planhat_sync.runtime.troubleshooting import reference_at
from planhat_sync.writing.records.payload import RejectCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PACKAGES = (
    *("planhat_sync", "planhat_singer", "tap_planhat", "target_planhat", "airbyte_planhat"),
    "planhat_beliefs",
)
OTHER_ERRORS = {
    "StoppedBySignal": Section.OUTPUT,
    "as_configuration_error": Section.SETTINGS,
    "_InvalidMappingError": Section.SETTINGS,
    "InvalidExpressionError": Section.SETTINGS,
}
"""What is not a `PlanhatError`, and whose text is a part of the last line."""
COMPOSED = {
    "message": "PlanhatError itself",
    "error": "form_error says what is wrong with the form of a mapping",
    "number": "the class has the text",
    "str(error)": "what the message says of a value that cannot be sent, in a mapping",
    "'; '.join(errors)": "config_errors",
    "'; '.join(sentences)": "unreadable.check, read._check",
    "f'{sentence} ({describe_error(error)})'": "as_configuration_error has the sentence",
    "f'{_BATCHES} ({type(error).__name__})'": "_BATCHES alone is a message too",
    "f'{place}: {error}'": "the error of an expression, with its place in the mapping",
}
"""Messages that are composed elsewhere, by their expression, and where that is."""
PARTS = (
    ("planhat_sync/runtime/config_errors.py", "config_errors", Section.SETTINGS.value),
    ("planhat_sync/runtime/config_errors.py", "_sentences", Section.SETTINGS.value),
    ("planhat_sync/runtime/environment.py", "environment_settings", Section.SETTINGS.value),
    ("planhat_singer/stream_maps.py", "stream_map_errors", Section.SETTINGS.value),
    ("planhat_singer/stream_maps.py", "_rule_errors", Section.SETTINGS.value),
    ("planhat_singer/command_line.py", "sentence_of", Section.SETTINGS.value),
    ("planhat_singer/command_line.py", "_about_value", Section.SETTINGS.value),
    ("planhat_sync/writing/mapping/vocabulary.py", "_sentence", Section.SETTINGS.value),
    ("planhat_sync/writing/mapping/vocabulary.py", "_entry_error", Section.SETTINGS.value),
    ("planhat_sync/writing/mapping/vocabulary.py", "_item_error", Section.SETTINGS.value),
    ("planhat_sync/reading/unreadable.py", "check", Section.READING.value),
    ("planhat_sync/reading/unreadable.py", "_why", Section.READING.value),
    ("airbyte_planhat/source/read.py", "_check", Section.READING.value),
    ("planhat_sync/runtime/exits.py", "sentence_of", Section.OUTPUT.value),
    ("planhat_sync/runtime/signals.py", "_exit", Section.OUTPUT.value),
    ("planhat_sync/runtime/signals.py", "_watch", Section.OUTPUT.value),
    ("planhat_sandbox/server/addresses.py", "explain_listen_error", "The sandbox"),
    ("planhat_sync/reading/company_names.py", "warning", "Warnings"),
    ("planhat_sync/writing/mapping/stream_mapping.py", "warning", "Warnings"),
    ("planhat_sync/writing/records/unknown_properties.py", "report_rest", "Warnings"),
    ("planhat_sync/writing/records/unknown_properties.py", "_sentence", "Warnings"),
    ("tap_planhat/catalog.py", "selection_warnings", "Warnings"),
    ("planhat_singer/stream_maps.py", "unknown_streams", "Warnings"),
)
"""Functions whose texts are parts of messages, and the section that has them."""
SANDBOX = re.compile(
    r"planhat_sandbox/(__main__|options|option_values|seed|server/addresses|faults/\w+|"
    r"planhat/(switches|tenancy))\.py"
)
"""Modules whose errors end the start of the sandbox; others answer its users over HTTP."""
BULLET = re.compile(r"^- `([^`]+)`$", re.MULTILINE)


@cache
def page() -> dict[str, str]:
    """Return the sections of the page by their headings."""
    text = (ROOT / "docs/troubleshooting.md").read_text("utf-8")
    _, *sections = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(sections[::2], sections[1::2], strict=True))


@cache
def bullets(section: str) -> list[str]:
    return BULLET.findall(page()[section])


def without_place(messages: Iterable[Message], section: Callable[[Message], str]) -> list[str]:
    """Return the messages that no bullet of their section fits."""
    return [
        f"{message.place}: {section(message)}: {message.text}"
        for message in messages
        if message.text is not None
        and not any(map(pattern(message.text).fullmatch, bullets(section(message))))
    ]


@cache
def errors() -> dict[str, type[PlanhatError]]:
    """Return the classes of all errors that the packages make, by name."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    found, waiting = {}, [PlanhatError]
    while waiting:
        each = waiting.pop()
        found[each.__name__] = each
        waiting += each.__subclasses__()
    return found


@cache
def messages() -> tuple[Message, ...]:
    ending = {name for name, kind in errors().items() if not issubclass(kind, RetryError)}
    ending.remove("DryRunError")  # another error, whose section it has
    return tuple(messages_of(PACKAGES, {*ending, *OTHER_ERRORS}))


@cache
def sandbox_messages() -> tuple[Message, ...]:
    found = messages_of(["planhat_sandbox"], {"ValueError", "OSError", "UnknownTenantError"})
    return tuple(each for each in found if SANDBOX.match(each.place))


@cache
def warnings() -> tuple[Message, ...]:
    return tuple(warnings_of(PACKAGES))


def section_of(message: Message) -> str:
    kind = errors().get(message.error)
    return (OTHER_ERRORS[message.error] if kind is None else kind.section).value


def test_every_message_that_ends_a_run_is_in_its_section():
    assert not without_place(messages(), section_of)


def test_every_message_that_is_composed_elsewhere_is_known():
    sources = {message.source for message in messages() if message.text is None}
    assert sources == COMPOSED.keys()


@pytest.mark.parametrize(("path", "function", "section"), PARTS)
def test_every_part_of_a_message_is_in_its_section(path, function, section):
    there = bullets(section)
    texts = list(strings_in(path, function))
    assert texts
    assert not [text for text in texts if not any(map(pattern(text).search, there))]


def test_every_message_of_the_sandbox_is_in_its_section():
    assert not without_place(sandbox_messages(), lambda _: "The sandbox")


def test_every_warning_is_in_its_section():
    assert not without_place(warnings(), lambda _: "Warnings")


def test_the_page_has_no_message_that_the_code_does_not_have():
    known = [*messages(), *sandbox_messages(), *warnings()]
    whole = [pattern(each.text).fullmatch for each in known if each.text is not None]
    parts = [pattern(text).search for *place, _ in PARTS for text in strings_in(*place)]
    stale = [
        text
        for section in page()
        for text in bullets(section)
        if not any(fits(text) for fits in (*whole, *parts))
    ]
    assert not stale, "\n".join(["the code has no longer:", *stale])


def test_every_reason_of_a_retry_is_in_the_table_of_the_network():
    retried = {name for name, kind in errors().items() if issubclass(kind, RetryError)}
    texts = [each.text for each in messages_of(PACKAGES, retried) if each.text is not None]
    texts += [words for _, words in _WORDS]
    cells = re.findall(r"`([^`]+)`", page()[Section.NETWORK.value])
    assert not [text for text in texts if not any(map(pattern(text).fullmatch, cells))]


def test_every_reject_code_has_a_heading_and_a_row_on_the_page_of_rejects():
    codes = [code.value for code in RejectCode]
    headings = re.findall(r"^### (.+)$", page()["Reject codes"], re.MULTILINE)
    assert sorted(headings) == sorted(codes)
    rejects = (ROOT / "docs/rejects.md").read_text("utf-8")
    linked = re.findall(r"^\| \[`(\w+)`\]\(troubleshooting\.md#(\w+)\)", rejects, re.MULTILINE)
    assert linked == [(code, code) for code in headings]


def test_every_section_of_an_error_is_one_of_the_page():
    assert {section.value for section in Section} < page().keys()


def test_a_reference_is_the_address_of_the_section_or_its_name():
    assert reference_at(None, Section.TOKEN) == (
        '(see "Token and rights" in docs/troubleshooting.md)'
    )
    assert reference_at("https://docs.example", Section.TOKEN) == (
        "(see https://docs.example/troubleshooting.html#token-and-rights)"
    )
