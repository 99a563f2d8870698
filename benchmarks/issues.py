"""The issues that the benchmarks read and write: 1.1 KB each, all different, made as needed.

A record is a template, one of `VARIETY`, with four values that differ from row to row (`_id`,
`sourceId`, `createdAt` and `updatedAt`), so that a server can serve a million of them without
storing them. The properties are those that Planhat documents for an issue.
"""

from __future__ import annotations

import json
import random
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

VARIETY = 500
WRITABLE = (
    "companyIds",
    "enduserIds",
    "conversationIds",
    "archived",
    "title",
    "description",
    "sourceId",
    "source",
    "sourceUrl",
    "priority",
    "status",
    "followers",
    "custom",
)
"""The properties that a source other than Planhat sends: none that only Planhat sets."""
FIRST_ID = 0x610411D5B046AFB200000000
_MARK = "\u0001"  # stands where a value goes that differs from row to row
_ESCAPED_MARK = b"\\u0001"
_MARKED = ("_id", "sourceId", "createdAt", "updatedAt")
_WORDS = (
    "export import dashboard würde webhook fails after the nightly sync when a customer says "
    "licence renews twice in one month and reports show naïve totals for every région"
)


def template(variant: int, names: Sequence[str] | None = None, prose: int = 34) -> dict[str, Any]:
    """Return one of `VARIETY` issues, with marks in the places of what differs from row to row.

    Args:
        variant: Which one; the same number gives the same issue.
        names: The properties wanted; all of them by default.
        prose: Words in the description.
    """
    dice = random.Random(variant)
    words = _WORDS.split()

    def identifier() -> str:
        return f"{dice.getrandbits(96):024x}"

    def sentence(length: int) -> str:
        return " ".join(dice.choice(words) for _ in range(length)).capitalize()

    companies = [identifier() for _ in range(dice.randint(1, 2))]
    endusers = [identifier() for _ in range(dice.randint(0, 2))]
    issue = {
        "companyMatchingValue": [],
        "companyIds": companies,
        "enduserIds": endusers,
        "conversationIds": [],
        "archived": dice.random() < 0.1,
        "_id": _MARK,
        "title": sentence(6),
        "description": f'{sentence(prose - 6)}:\n\n"{sentence(3)}"\n{sentence(3)}',
        "sourceId": _MARK,
        "source": "jira",
        "sourceUrl": f"https://issues.example.com/browse/PROD-{variant}",
        "priority": dice.choice(("Low", "Medium", "High", None)),
        "status": dice.choice(("Open", "In Progress", "Done")),
        "mrrCombined": round(dice.uniform(0, 9000), 2),
        "arrCombined": round(dice.uniform(0, 90000), 2),
        "companies": [{"id": one, "name": sentence(2)} for one in companies],
        "endusers": [{"id": one, "name": sentence(2)} for one in endusers],
        "followers": [identifier()],
        "custom": {
            "Severity score": round(dice.random(), 4),
            "Effort (days)": dice.randint(1, 30),
            "Team": dice.choice(("Core", "Données", "Platform")),
            "Regression": dice.random() < 0.5,
            "Components": ["api", "web"],
            "Confidence": 0.1,
            "Due": "2026-05-01T00:00:00.000Z",
        },
        "createdAt": _MARK,
        "updatedAt": _MARK,
    }
    return issue if names is None else {name: issue[name] for name in issue if name in names}


@cache
def _formats(
    names: tuple[str, ...] | None, prose: int, shape: Callable[[dict[str, Any]], dict[str, Any]]
) -> tuple[list[bytes], list[int]]:
    """Return the templates as formats for `%`, and which of the values each place takes."""
    formats = []
    places: list[int] = []
    for variant in range(VARIETY):
        issue = template(variant, names, prose)
        places = [_MARKED.index(name) for name, value in issue.items() if value == _MARK]
        text = json.dumps(shape(issue), ensure_ascii=False, separators=(",", ":")).encode()
        formats.append(text.replace(b"%", b"%%").replace(_ESCAPED_MARK, b"%b"))
    return formats, places


def rendered(
    indexes: Iterable[int],
    names: tuple[str, ...] | None = None,
    prose: int = 34,
    shape: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> Iterator[bytes]:
    """Yield issues as JSON, by their places in the order of `_id`.

    Args:
        indexes: The places; a row looks the same wherever and whenever it is asked for.
        names: The properties wanted; all of them by default.
        prose: Words in the description.
        shape: Returns an issue in another form. It keeps the order of `_id` and so on.
    """
    formats, places = _formats(names, prose, shape)
    pick = itemgetter(*places) if len(places) > 1 else None
    for index in indexes:
        minutes, seconds = divmod(index, 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        # A row a second from New Year on, in months of 28 days: newer rows are later.
        moment = b"2026-%02d-%02dT%02d:%02d:%02d.%03dZ" % (
            *(days // 28 + 1, days % 28 + 1, hours, minutes, seconds),
            index * 7919 % 1000,
        )
        values = (b"%024x" % (FIRST_ID + index), b"PROD-%d" % index, moment, moment)
        yield formats[index % VARIETY] % (pick(values) if pick else values[places[0]])
