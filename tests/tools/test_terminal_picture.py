"""The picture of a terminal shows what the plugins print."""

from __future__ import annotations

import html
import re

from tools.terminal_picture import PICTURE, Run, draw, lines, record

CHANGING = re.compile(r"^\d\d:\d\d:\d\d(?= )|(?<=after )[\d.]+(?= s)")


def texts(picture: str) -> list[str]:
    """List the lines of a picture without times, sorted: two programs write to one terminal."""
    found = re.findall(r"<text [^>]*>(.*)</text>", picture)
    return sorted(CHANGING.sub("…", html.unescape(re.sub(r"<[^>]+>", "", line))) for line in found)


def test_the_picture_of_a_terminal_is_up_to_date():
    shown = texts(draw(lines(record())))
    assert len(shown) > 30
    assert texts(PICTURE.read_text("utf-8")) == shown, "python -m tools.terminal_picture"


def test_what_is_erased_is_not_drawn_and_long_lines_are_broken():
    shown = "a bar\r\x1b[2K\x1b[31mred\x1b[0m plain\r\n" + "x" * 124
    assert lines(shown) == [
        [Run("red", "red"), Run(" plain", "")],
        [Run("x" * 120, "")],
        [Run("xxxx", "")],
    ]


def test_text_in_the_picture_is_not_markup():
    assert "&lt;b&gt; &amp;" in draw([[Run("<b> &", "dim")]])
