"""The last line on standard error, and the reference to docs/troubleshooting.md at its end."""

from __future__ import annotations

import re

REFERENCE = re.compile(
    r' \(see (?:"(?P<section>[^"]+)" in docs/troubleshooting\.md'
    r"|https://\S+/troubleshooting\.html#(?P<anchor>[a-z-]+))\)$"
)


def last_line(stderr: str) -> str:
    """Return the last line without its reference; empty if nothing was printed."""
    lines = stderr.strip().splitlines()
    return REFERENCE.sub("", lines[-1]) if lines else ""


def section_of(stderr: str) -> str | None:
    """Return the section that the last line refers to, in the form of an anchor."""
    lines = stderr.strip().splitlines()
    found = REFERENCE.search(lines[-1]) if lines else None
    return found and (found["anchor"] or found["section"].lower().replace(" ", "-"))
