"""The text of a rich-text tree: Atlassian's documents, ProseMirror's, Slate's and Slack's blocks.

Owns which texts of a tree count and where its lines end. Formatting is left out. A tree of any
depth is read, without recursion.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Final

_INLINE: Final = frozenset(
    {
        # Atlassian Document Format (developer.atlassian.com, "Document structure"), ProseMirror
        *("text", "mention", "emoji", "status", "date", "placeholder"),
        *("inlineCard", "inlineExtension", "mediaInline"),
        # Slack's elements of rich text (docs.slack.dev, "Rich text block")
        *("link", "user", "usergroup", "channel", "broadcast", "color"),
    }
)
"""Types of nodes within a line; every other type is a block, and has lines of its own."""

_LINE_BREAKS: Final = frozenset({"hardBreak", "hard_break"})
_CHILDREN: Final = ("title", "text", "content", "elements", "children", "blocks", "fields")
"""Where a node has its text or other nodes, in the order in which they are read."""
_TEXTS: Final = ("text", "label", "shortName", "url", "alt")
"""Attributes with the text of a node that has no other, such as a mention; the first counts."""
_NAMES: Final = {
    "user": ("user_id", "@{}"),
    "usergroup": ("usergroup_id", "@{}"),
    "broadcast": ("range", "@{}"),
    "channel": ("channel_id", "#{}"),
    "emoji": ("name", ":{}:"),
    "link": ("url", "{}"),
    "date": ("fallback", "{}"),
}
"""Where Slack's elements without a text have a name, and how Slack writes it."""

_PARTS: Final = (str, dict, list)

_LINE_END: Final = object()
"""Ends a line that is not empty."""
_LINE_BREAK: Final = object()
"""Ends a line, and leaves an empty one if the line was empty."""


def text_of(tree: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the text of a tree, with a line for each block.

    Args:
        tree: An object or an array. Every other value is returned as it is; HTML stays HTML.
    """
    if not isinstance(tree, (dict, list)):
        return tree
    lines: list[list[str]] = [[]]
    rest: list[Any] = [tree]
    while rest:
        node = rest.pop()
        if isinstance(node, str):
            lines[-1] += [node] if node else []
        elif node is _LINE_END:
            lines += [[]] if lines[-1] else []
        elif node is _LINE_BREAK:
            lines.append([])
        else:
            rest += reversed(_parts(node))
    return "\n".join(map("".join, lines)).strip("\n")


def _parts(node: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    """Return what stands for a node: its texts, its children, and the ends of its lines."""
    if isinstance(node, list):
        if not any(isinstance(item, str) for item in node):
            return node
        each = ([_LINE_END, item, _LINE_END] if isinstance(item, str) else [item] for item in node)
        return [part for parts in each for part in parts]
    return _parts_of_object(node) if isinstance(node, dict) else []


def _parts_of_object(node: dict[str, Any]) -> list[Any]:
    kind = _type(node)
    if kind in _LINE_BREAKS:
        return [_LINE_BREAK]
    parts = [node[name] for name in _CHILDREN if name in node and isinstance(node[name], _PARTS)]
    attributes = node.get("attrs")
    attributes = attributes if isinstance(attributes, dict) else {}
    if not parts:
        parts = [_text_without_children(node, attributes)]
    if isinstance(attributes.get("title"), str):  # of a part that can be folded
        parts = [attributes["title"], _LINE_END, *parts]
    return [_LINE_END, *parts, _LINE_END] if kind and kind not in _INLINE else parts


def _text_without_children(node: dict[str, Any], attributes: dict[str, Any]) -> str:
    for name in _TEXTS:
        if isinstance(attributes.get(name), str):
            return str(attributes[name])
    if "timestamp" in attributes:
        return _date(attributes["timestamp"])
    name, form = _NAMES.get(_type(node), ("", ""))
    return form.format(node[name]) if isinstance(node.get(name), str) else ""


def _date(milliseconds: object) -> str:
    """Return the date of Atlassian's node `date`, which has it as text."""
    try:
        return (
            datetime.fromtimestamp(int(str(milliseconds)) / 1000, timezone.utc).date().isoformat()
        )
    except (ValueError, OverflowError, OSError):
        return ""


def _type(node: dict[str, Any]) -> str:
    kind = node.get("type")
    return kind if isinstance(kind, str) else ""
