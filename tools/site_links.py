"""A hook of MkDocs: on the site a link to a source file becomes the name and its path.

The files are not on the site; in the repository the links lead to them.
"""

from __future__ import annotations

import re

_LINK = re.compile(r"\[(`[^`]+`)\]\(\.\./([^)]+\.py)\)")


def on_page_markdown(markdown: str, **_: object) -> str:
    """Return the text of a page with its links to source files replaced.

    Args:
        markdown: The text.
    """
    return _LINK.sub(r'\1{ title="\2" }', markdown)
