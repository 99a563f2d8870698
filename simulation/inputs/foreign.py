"""Records of another system, and mappings of them, each with what it means in Python.

The meanings are written from the tables of docs/mappings.md; no JMESPath is evaluated here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from simulation.oracles.conversion import DELETED_AT, Rejected
from simulation.oracles.inputs import SEQUENCE

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from simulation.oracles.model import Mapped

ABSENT: Final = object()
"""What is not sent."""

FAILED: Final = Rejected(frozenset({"mapping_failed"}))
PRIORITIES: Final = {"Highest": "P1", "High": "P2"}
Record = Mapping[str, Any]


class FailsError(Exception):
    """An entry fails on a record."""


def path(record: object, *names: str) -> Any:  # noqa: ANN401 - any JSON value, or ABSENT
    """Return what a path names: ABSENT if it ends at a key that its object does not have."""
    for name in names:
        if not isinstance(record, Mapping):
            return None
        if name not in record:
            return ABSENT
        record = record[name]
    return record


def _status(record: Record) -> Any:  # noqa: ANN401
    return path(record, "fields", "status", "name")


def _done(record: Record) -> Any:  # noqa: ANN401
    return _status(record) == "Done"


def _mapped(record: Record, otherwise: str | None) -> Any:  # noqa: ANN401
    value = path(record, "fields", "priority", "name")
    if value is ABSENT:
        return ABSENT
    found = PRIORITIES.get(value, otherwise) if value is not None else otherwise
    if found is None:
        raise FailsError
    return found


def _text(record: Record) -> Any:  # noqa: ANN401
    value = path(record, "fields", "description")
    if not isinstance(value, Mapping):
        return value
    return "\n".join(block["content"][0]["text"] for block in value["content"])


def _company(record: Record) -> Any:  # noqa: ANN401
    return [f"extid-{path(record, 'fields', 'customer')}"]


def _joined(record: Record) -> Any:  # noqa: ANN401
    labels = path(record, "fields", "labels")
    if labels is None or labels is ABSENT:
        raise FailsError
    return ", ".join(labels)


@dataclass(frozen=True)
class Entry:
    """An entry of `set`, and what it means."""

    written: Any
    means: Callable[[Record], Any]


ENTRIES: Final[Mapping[str, list[Entry]]] = {
    "source": [
        Entry({"value": "Jira"}, lambda _: "Jira"),
        Entry("origin", lambda r: path(r, "origin")),
    ],
    "status": [
        Entry("fields.status.name", _status),
        Entry({"from": "fields.status.name"}, _status),
    ],
    "priority": [
        Entry(
            {"from": "fields.priority.name", "map": PRIORITIES, "else": "P4"},
            lambda r: _mapped(r, "P4"),
        ),
        Entry({"from": "fields.priority.name", "map": PRIORITIES}, lambda r: _mapped(r, None)),
    ],
    "description": [Entry({"text": "fields.description"}, _text)],
    "archived": [Entry("fields.status.name == 'Done'", _done)],
    "custom.Labels": [
        Entry("fields.labels", lambda r: path(r, "fields", "labels")),
        Entry("join(', ', fields.labels)", _joined),
    ],
    "custom.Punkte (geschätzt)": [Entry("fields.points", lambda r: path(r, "fields", "points"))],
    "sourceId": [
        Entry("key", lambda r: r["key"]),
        Entry("join('-', ['jira_help', key])", lambda r: f"jira_help-{r['key']}"),
    ],
    DELETED_AT: [Entry("removed", lambda r: path(r, "removed"))],
    "title": [Entry("fields.summary", lambda r: path(r, "fields", "summary"))],
    "companyIds": [Entry([{"externalId": "fields.customer"}], _company)],
}
"""The entries that a mapping may have, by property."""
KEY: Final[Mapping[str, Entry]] = dict(
    zip(("issues", "jira_help"), ENTRIES["sourceId"], strict=True)
)
"""What keeps the records of each stream apart."""
ALWAYS: Final = ("title", "companyIds")
NEVER: Final = ("sourceId", DELETED_AT)
"""Properties that are not drawn as the others are."""


class StreamMapping:
    """What a mapping of one stream means.

    Args:
        setting: The mapping, as it is written.
    """

    def __init__(self, setting: Mapping[str, Any]) -> None:
        written = {name: each for name, each in setting["set"].items() if name != "custom"}
        labels = setting["set"].get("custom", {})
        written |= {f"custom.{label}": each for label, each in labels.items()}
        entries = {name: _entry(name, each) for name, each in written.items()}
        self.deletion = entries.pop(DELETED_AT, None)
        self._key = entries.pop("sourceId")
        self._entries = entries
        self._omits = setting.get("nulls") == "omit"

    def apply(self, record: Record) -> Mapping[str, Any] | Rejected | None:
        """Return what a record becomes, None if it is left out."""
        at = self.deletion.means(record) if self.deletion else record.get(DELETED_AT)
        deleted = {} if at in (None, ABSENT) else {DELETED_AT: at}
        made: dict[str, Any] = {"sourceId": self._key.means(record), **deleted}
        if deleted:
            return made
        if path(record, "fields", "customer") in (None, ABSENT, False):
            return None
        try:
            values = {name: entry.means(record) for name, entry in self._entries.items()}
        except FailsError:
            return FAILED
        for name, value in values.items():
            if value is ABSENT or (value is None and self._omits):
                continue
            if name.startswith("custom."):
                made.setdefault("custom", {})[name.removeprefix("custom.")] = value
            else:
                made[name] = value
        return made


def _entry(name: str, written: object) -> Entry:
    """Return the entry of a property that is written like this."""
    return next(each for each in ENTRIES[name] if each.written == written)


def draw_mapping(chance: random.Random, stream: str, *, named: str) -> dict[str, Any]:
    """Draw a mapping of a stream.

    Args:
        chance: Draws it.
        stream: Name of the stream.
        named: What the mapping calls it: its name, or a glob.

    Returns:
        The mapping, as it is written.
    """
    drawn = {name: chance.choice(ENTRIES[name]) for name in ENTRIES if name not in NEVER}
    entries = {
        name: entry
        for name, entry in drawn.items()
        if name in ALWAYS or chance.random() < 0.7  # noqa: PLR2004 - most
    }
    written: dict[str, Any] = {"sourceId": KEY[stream].written}
    for name, entry in entries.items():
        if name.startswith("custom."):
            written.setdefault("custom", {})[name.removeprefix("custom.")] = entry.written
        else:
            written[name] = entry.written
    if chance.random() < 0.3:  # noqa: PLR2004 - some
        written[DELETED_AT] = ENTRIES[DELETED_AT][0].written
    setting = {"stream": named, "model": "issues", "set": written, "when": "fields.customer"}
    return {**setting, "nulls": "omit"} if chance.random() < 0.3 else setting  # noqa: PLR2004


def draw_record(chance: random.Random, number: int, line: int) -> dict[str, Any]:
    """Draw a record of the other system.

    Args:
        chance: Draws it.
        number: Number of what it is about.
        line: Number of its line.
    """
    fields: dict[str, Any] = {
        "summary": f"Summary {chance.randrange(5)}",
        "customer": f"acme-{chance.randint(1, 4)}",
    }
    pool: Mapping[str, list[Any]] = {
        "status": [None, {}, {"name": "Open"}, {"name": "Done"}, {"name": None}],
        "priority": [
            None,
            {"name": "Highest"},
            {"name": "High"},
            {"name": "High"},
            {"name": "Low"},
        ],
        "labels": [None, [], ["login"], ["login", "sso"], ["x"]],
        "points": [None, 0, 3, 2.5, -1],
        "description": [None, "", "<p>One</p>", _rich("One", "Two"), _rich("One")],
    }
    for name, values in pool.items():
        value = chance.choice(values)
        if chance.random() < 0.7:  # noqa: PLR2004 - most
            fields[name] = value
    if chance.random() < 0.1:  # noqa: PLR2004 - few
        fields["customer"] = None
    record: dict[str, Any] = {"key": f"K-{number}", "fields": fields, SEQUENCE: line}
    if chance.random() < 0.3:  # noqa: PLR2004 - some
        record["origin"] = chance.choice([None, "web"])
    return record


def _rich(*texts: str) -> dict[str, Any]:
    return {
        "type": "doc",
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in texts
        ],
    }


def mappings_of(settings: Mapping[str, Any], streams: Iterable[str]) -> dict[str, StreamMapping]:
    """Return what the mappings of a plan mean, for each stream that has one.

    Args:
        settings: The settings of the target.
        streams: Names of the streams.
    """
    return {
        stream: StreamMapping(each)
        for each in settings["mappings"]
        for stream in streams
        if fnmatchcase(stream, each["stream"])
    }


def mapped(mappings: Mapping[str, StreamMapping]) -> Callable[[str, Record], Mapped]:
    """Return what mappings make of the records of each stream.

    Args:
        mappings: The mapping of each stream that has one.
    """

    def apply(stream: str, record: Record) -> Mapped:
        mapping = mappings.get(stream)
        return (stream, None) if mapping is None else ("issues", mapping.apply(record))

    return apply
