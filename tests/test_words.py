"""The project uses the plain words of its field, and no private metaphors.

All files of the project are searched, with their names: code (identifiers, docstrings, comments,
texts), pages, templates, workflows and settings. Fonts and pictures are not, except for SVG.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pytest
from checkout import ROOT, files_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = {
    r"conduct(s|or|ed|ing)?": "run",
    r"fleets?": "dispatcher",
    r"flights": "in flight",
    r"fly|flies|flying|flew|flown": "send, in flight",
    r"curtains?": "redaction",
    r"ledgers?": "counts, table",
    r"the books": "counts",
    r"verdicts?": "result, decision",
    r"sift(s|ed|ing)?": "partition",
    r"rehears(e|es|ed|al|als|ing)": "dry run",
    r"halvings?": "bisection",
    r"traps?|trapped": "kill point, defect",
    r"str(ike|ikes|iking|uck)": "fire, send",
    r"front doors?": "plugin",
    r"voyages?|depart(s|ed|ing|ures?)?": "send, start",
    r"judg(e|es|ed|ing|ment)": "check, decide",
    r"wish(es|ed)?": "request",
    r"(im)?patien(ce|t)": "timeout",
    r"honest(ly)?|lying": "correct, misleading",
    r"as (it|they) (came|come)": "as received",
    r"in good order": "in order",
    r"all the same": "nevertheless",
    r"(is|are|was|were|be) told": "is reported, receives",
    r"truths?": "what is known, reference",
    r"last words?": "emergency message, last line",
    r"intakes?|takers?": "router, handlers",
    r"projections?": "conversion",
    r"sendable": "exact JSON",
    r"doubts?|doubtful|doubted": "unknown, uncertain",
    r"so ?manieth|how many ?eth": "Nth, index",
    r"walk(s|ed|ing|er|ers)?": "scan",
    r"mend(s|ed|ing)?": "correct, repair",
    r"brought into line": "normalized",
    r"(state|states) (that|which) (is|are|was|were) (then )?true|true states?": "last safe state",
    r"cannot be told": "is not known",
    r"beyond measure": "too deeply, too much",
    r"nothing (is )?doubled|nothing lost": "no records are lost or duplicated",
    r"hoodwink(s|ed)?|liars?": "wrong, misleading",
    # There may be no X, and something may be no longer than another.
    r"(?<!there[\s_])(is|are|was|were) no "
    r"(?!longer|more|less|one|sooner|matter|need|later|earlier|better|worse|slower|faster|"
    r"different|other|such|larger|smaller|older|newer|higher|lower|wider|further)"
    r"[a-z]+": "is not a …",
}
"""Words that do not come back, and the plain ones. A blank stands for any space, `_` or `-`."""

FIRST = re.compile(r'"""(gives?|tells?|knows?|says?|take note)(?![a-z])')
"""What docstrings do not begin with: a verb says more exactly what is returned or done."""


BINARY = {".png", ".gz", ".ico", ".woff2"}


class Allowed(NamedTuple):
    """A place in which a word is right."""

    path: str
    word: str
    reason: str


ALLOWED = (
    Allowed("examples/airflow/dags/*.py", "ledgers?", "users have a connection planhat_ledger"),
    Allowed("examples/airflow/dags/planhat_jobs/*.py", "ledgers?", "the same"),
    Allowed("tests/platform/airflow/*.py", "ledgers?", "the same"),
    Allowed("docs/airflow.md", "ledgers?", "the same"),
    Allowed("tests/test_words.py", ".*", "it names the words"),
    Allowed(
        "*.py", r"(os|ast|pkgutil)\.walk(?![a-z])|traceback\.walk", "the standard library's name"
    ),
    Allowed("planhat_sync/writing/mapping/absence.py", "projections?", "JMESPath's name"),
    Allowed("planhat_sync/writing/mapping/exact_functions.py", "traps", "decimal's name"),
    Allowed("docs/planhat-facts.md", "doubt.*", "a column of that page: what is uncertain"),
    Allowed("tests/contract/*.py", "doubt.*", "the column of planhat-facts.md"),
)


class Found(NamedTuple):
    """A word in its place."""

    path: str
    line: int
    word: str


def _spaced(words: str) -> str:
    # A line may end in the middle, and the next one of a comment begins with a mark.
    return re.sub(r" (?!\?)", r"[\\s_#>-]+", words.replace(" ?", r"[\s_-]*"))


# One pattern for all of them, without groups, takes a tenth of the time of one with groups.
PATTERN = re.compile(rf"(?<![a-z])(?=[a-z])(?:{'|'.join(map(_spaced, WORDS))})(?![a-z])")
PLAIN = {re.compile(rf"{_spaced(words)}(?![a-z])"): plain for words, plain in WORDS.items()}


def words_in(path: Path, root: Path = ROOT) -> Iterator[Found]:
    """Yield each word of a file that is not the plain one."""
    name = path.relative_to(root).as_posix()
    allowed = [
        re.compile(allow.word) for allow in ALLOWED if path.relative_to(root).match(allow.path)
    ]
    text = path.read_text("utf-8")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).lower()
    for match in PATTERN.finditer(words):
        word = re.sub(r"[\s_#>-]+", " ", match[0])
        dotted = [*words[max(0, match.start() - 40) : match.start()].split()[-1:], word]
        if not any(rule.search("".join(dotted)) or rule.fullmatch(word) for rule in allowed):
            plain = next(
                plain for pattern, plain in PLAIN.items() if pattern.match(words, match.start())
            )
            yield Found(name, words.count("\n", 0, match.start()) + 1, f"{word!r} ({plain})")
    for match in PATTERN.finditer(re.sub(r"[/.]", " ", name.lower())):
        if not any(rule.fullmatch(match[0]) for rule in allowed):
            yield Found(name, 0, f"{match[0]!r} in the name of the file")
    for match in FIRST.finditer(words) if path.suffix == ".py" else ():
        if any(rule.fullmatch(match[1]) for rule in allowed):
            continue
        line = words.count("\n", 0, match.start()) + 1
        yield Found(name, line, f"{match[1]!r} first in a docstring (return, …)")


def test_the_project_uses_plain_words() -> None:
    paths = [path for path in files_of(ROOT) if path.suffix not in BINARY]
    found = [word for path in paths for word in words_in(path)]
    shown = [f"{place.path}:{place.line}: {place.word}" for place in found]
    assert not shown, "\n".join(["use the plain word, or allow it with a reason:", *shown])


def test_every_allowed_place_is_needed() -> None:
    paths = files_of(ROOT)
    for allow in ALLOWED:
        assert any(
            re.search(allow.word, path.read_text("utf-8").lower())
            for path in paths
            if path.relative_to(ROOT).match(allow.path)
        ), f"{allow.path} has no {allow.word}"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.py", '"""Give the number."""\n', 1),
        ("a.py", 'def f():\n    """Take note of it."""\n', 2),
        ("a.py", "x = 1\n# It is the last\n# words.\n", 2),
        ("a.py", 'x = f"a {1} walk"\n', 1),
        ("a.py", "\nin_the_curtain = 1\n", 2),
        ("a.py", "class MyVerdicts:\n    pass\n", 1),
        ("a.py", "os.walker(1)\n", 1),
        ("a.md", "Plain.\n\nA body that is no\nJSON.\n", 3),
        ("a.md", "The state that is\ntrue.\n", 1),
        ("docs/b.md", "In doubt.\n", 1),
        ("Makefile", "all: ## a rehearsal\n", 1),
        ("last_words.py", "x = 1\n", 0),
    ],
)
def test_a_word_that_does_not_come_back_is_found(tmp_path, name: str, text: str, line: int) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    assert [found.line for found in words_in(path, tmp_path)] == [line]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", '"""Return the number; it is no longer than ten, and there is no other."""\n'),
        ("a.py", "for _ in os.walk(x): pass\n"),
        ("a.py", "conductivity = butterfly = unsendable = 1\n"),
        ("docs/planhat-facts.md", "Doubt: none.\n"),
        ("a.md", "Two requests are in flight.\n"),
    ],
)
def test_a_plain_word_is_not(tmp_path, name: str, text: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    assert not list(words_in(path, tmp_path))
