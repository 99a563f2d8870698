"""The text of a rich-text tree has a line for each block, whatever editor wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.writing.mapping.rich_text import text_of


def node(kind, *content, **more):
    return {"type": kind, "content": list(content), **more}


def text(value, **more):
    return {"type": "text", "text": value, **more}


def attrs(kind, **attributes):
    return {"type": kind, "attrs": attributes}


ATLASSIAN = node(
    "doc",
    node("heading", text("Login fails"), attrs={"level": 2}),
    node(
        "paragraph",
        text("Since "),
        text("Monday", marks=[{"type": "strong"}]),
        text(" says "),
        attrs("mention", id="557058:x", text="@Ada"),
        text(" "),
        attrs("emoji", shortName=":grin:", text="😀"),
        {"type": "hardBreak"},
        {"type": "hardBreak"},
        text("see "),
        attrs("inlineCard", url="https://acme.example/1"),
        text(", due "),
        attrs("date", timestamp="1706659200000"),
        text(", "),
        attrs("status", text="IN PROGRESS", color="yellow"),
    ),
    node("paragraph"),
    node(
        "bulletList",
        node("listItem", node("paragraph", text("one"))),
        node(
            "listItem",
            node("paragraph", text("two")),
            node("orderedList", node("listItem", node("paragraph", text("two and a half")))),
        ),
    ),
    node("taskList", node("taskItem", text("ask"), attrs={"state": "TODO"})),
    node("codeBlock", text("a = 1\nb = 2"), attrs={"language": "python"}),
    node("expand", node("paragraph", text("inside")), attrs={"title": "More"}),
    node("table", node("tableRow", node("tableCell", node("paragraph", text("cell"))))),
    {"type": "rule"},
    node("mediaSingle", attrs("media", id="1", collection="x", alt="A picture")),
    version=1,
)
ATLASSIAN_TEXT = """Login fails
Since Monday says @Ada 😀

see https://acme.example/1, due 2024-01-31, IN PROGRESS
one
two
two and a half
ask
a = 1
b = 2
More
inside
cell
A picture"""

SLACK = [
    {"type": "header", "text": {"type": "plain_text", "text": "Login fails"}},
    {"type": "divider"},
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "since *Monday*"},
        "fields": [{"type": "mrkdwn", "text": "first"}, {"type": "mrkdwn", "text": "second"}],
    },
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "user", "user_id": "U1"},
                    text(" in "),
                    {"type": "channel", "channel_id": "C1"},
                    text(" to "),
                    {"type": "broadcast", "range": "here"},
                    text(" "),
                    {"type": "emoji", "name": "wave", "unicode": "1f44b"},
                    {"type": "link", "url": "https://acme.example", "text": "here"},
                    text(" and "),
                    {"type": "link", "url": "https://acme.example"},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [
                    {"type": "rich_text_section", "elements": [text("one")]},
                    {"type": "rich_text_section", "elements": [text("two")]},
                ],
            },
        ],
    },
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "by Ada"}]},
]
SLACK_TEXT = """Login fails
since *Monday*
first
second
@U1 in #C1 to @here :wave:here and https://acme.example
one
two
by Ada"""

PROSE_MIRROR = node(
    "doc",
    node("paragraph", text("one"), {"type": "hard_break"}, text("two")),
    node("bullet_list", node("list_item", node("paragraph", attrs("mention", label="Ada")))),
)
SLATE = [
    {"type": "paragraph", "children": [{"text": "one "}, {"text": "two", "bold": True}]},
    {"type": "paragraph", "children": [{"text": "three"}]},
]


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        pytest.param(ATLASSIAN, ATLASSIAN_TEXT, id="Atlassian"),
        pytest.param(SLACK, SLACK_TEXT, id="Slack"),
        pytest.param(PROSE_MIRROR, "one\ntwo\nAda", id="ProseMirror"),
        pytest.param(SLATE, "one two\nthree", id="Slate"),
        (["one", "two"], "one\ntwo"),
        (node("doc"), ""),
        ({}, ""),
        ([], ""),
        ({"type": ["odd"], "text": 1, "content": None, "attrs": "odd"}, ""),
        (attrs("date", timestamp="soon"), ""),
        (attrs("date", timestamp=10**30), ""),
    ],
)
def test_the_text_of_a_tree(tree, expected) -> None:
    assert text_of(tree) == expected


@pytest.mark.parametrize("value", [None, "<p>HTML</p>", "", 5, True])
def test_what_is_not_a_tree_stays_as_it_is(value) -> None:
    assert text_of(value) is value


def test_a_tree_of_any_depth_is_read() -> None:
    tree = text("deep")
    for _ in range(100_000):
        tree = node("blockquote", tree)
    found = text_of(tree)
    while "content" in tree:  # taken apart by hand, since Python does it by recursion
        tree = tree["content"].pop()
    assert found == "deep"


WORDS = st.text(st.characters(categories=("L", "N")), min_size=1)
BLOCKS = st.recursive(
    st.builds(lambda *words: node("paragraph", *map(text, words)), WORDS, WORDS),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: node("panel", *parts)),
)


def words_of(tree):
    if tree["type"] == "text":
        return [tree["text"]]
    return [word for part in tree["content"] for word in words_of(part)]


@given(BLOCKS)
def test_every_word_of_a_tree_is_in_its_text_in_order(tree) -> None:
    lines = ["".join(pair) for pair in _pairs(words_of(tree))]
    assert text_of(tree) == "\n".join(lines)


def _pairs(words):
    return zip(words[::2], words[1::2], strict=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["type", "text", "content", "attrs", "elements", "title", "x"]), inner
        )
    ),
)


@given(JSON)
def test_no_value_makes_it_fail(value) -> None:
    found = text_of(value)
    assert isinstance(found, str) or not isinstance(value, (dict, list))
