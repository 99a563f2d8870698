"""Which payload of a bulk upsert an entry of its answer refers to.

The vendor documents neither the entries of the arrays of errors nor the keyables in `insertsKeys`
and `updatesKeys` (facts bulk-error-entries and bulk-success-keys). So an entry is read in every
possible way, and an entry that could refer to two payloads counts for neither. `outcomes` decides
what follows from it.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INDEX_NAMES = frozenset({"index", "idx", "i", "pos", "position", "row", "itemindex"})
"""Property names, in lower case, whose integer may be the index of a payload in the batch."""

_WORD = re.compile(r"""[^\s"'`,;:=()<>\[\]{}|]+""")
_SPACED = re.compile(r"\S+")
_QUOTED = re.compile(r""""([^"]+)"|'([^']+)'|`([^`]+)`""")
_EDGES = ".,;:!?()[]{}<>\"'`"


class SentPayload(Protocol):
    """What must be known of a payload to find it in an answer."""

    @property
    def keys(self) -> tuple[str | None, ...]:
        """The value of each of the model's keyables, None where it was not sent."""

    @property
    def item(self) -> bytes:
        """The JSON object that was sent."""


class SentPayloads:
    """The payloads of one request, by the values of their keyables.

    Args:
        keyables: The model's keyables, in the order of the payloads' `keys`.
        payloads: What was sent, in order.
    """

    def __init__(self, keyables: Sequence[str], payloads: Sequence[SentPayload]) -> None:
        self._keyables = tuple(keyables)
        self._payloads = payloads
        self._by_keyable: dict[str, dict[str, set[int]]] = {key: {} for key in keyables}
        self._by_value: dict[str, set[int]] = {}
        self._keyable_sets: Counter[frozenset[str]] = Counter()
        for index, payload in enumerate(payloads):
            sent = [
                (key, value)
                for key, value in zip(self._keyables, payload.keys, strict=True)
                if value is not None
            ]
            for key, value in sent:
                self._by_keyable[key].setdefault(value, set()).add(index)
                self._by_value.setdefault(value, set()).add(index)
            self._keyable_sets[frozenset(key for key, _ in sent)] += 1

    def find_written(self, entry: object) -> int | None:
        """Return which payload a success entry refers to, if that is certain.

        It is certain if every payload has one of the keyables that the entry names, so that it can
        be compared with all of them, and exactly one payload agrees with it.

        Args:
            entry: One element of `insertsKeys` or `updatesKeys`, or an `_id`.

        Returns:
            The index of the payload, or None if it is not certain.
        """
        named = self._keys_of(entry if isinstance(entry, dict) else {"_id": entry})
        if not named or any(names.isdisjoint(named) for names in self._keyable_sets):
            return None
        possible = {at for key in named for at in self._by_keyable[key].get(named[key], ())}
        certain = {index for index in possible if not self._contradicts(index, named)}
        return certain.pop() if len(certain) == 1 else None

    def find_refused(self, entry: object) -> int | None:
        """Return which payload an error entry seems to refer to.

        Args:
            entry: One element of an array of errors: a number, a text, an object of any shape.

        Returns:
            The index of the payload, or None if it could be several or none.
        """
        meant = self._named_by_keyables(entry)
        indices = set(self._named_by_index(entry))
        if meant and indices:
            meant &= indices
        else:
            meant = meant or indices or self._named_by_text(entry)
        return next(iter(meant)) if len(meant) == 1 else None

    def _keys_of(self, entry: dict[Any, Any]) -> dict[str, str]:
        """Return the keyables of an object; a number counts as the text of its digits."""
        return {
            key: str(entry[key])
            for key in self._keyables
            if isinstance(entry.get(key), (str, int)) and not isinstance(entry[key], bool)
        }

    def _contradicts(self, index: int, named: dict[str, str]) -> bool:
        return any(
            value is not None and named.get(key, value) != value
            for key, value in zip(self._keyables, self._payloads[index].keys, strict=True)
        )

    def _named_by_keyables(self, entry: object) -> set[int]:
        """Return the payloads that the objects inside an entry refer to, at any depth."""
        meant: set[int] = set()
        for part in _parts(entry):
            if isinstance(part, dict) and (named := self._keys_of(part)):
                found = [hits for key in named if (hits := self._by_keyable[key].get(named[key]))]
                if found:
                    both = set.intersection(*found) or set.union(*found)
                    meant |= both if len(both) == 1 else self._echoed(both, part)
        return meant

    def _echoed(self, candidates: set[int], part: dict[Any, Any]) -> set[int]:
        """Choose among payloads with the same keyable by the other properties that are echoed."""
        return {index for index in candidates if self._is_echo(index, part)} or candidates

    def _is_echo(self, index: int, part: dict[Any, Any]) -> bool:
        try:
            item = msgspec.json.decode(self._payloads[index].item)
        except (ValueError, RecursionError):  # a number that no float holds, or deep nesting
            return True
        shared = item.keys() & part.keys()
        return all(item[name] == part[name] for name in shared)

    def _named_by_index(self, entry: object) -> Iterator[int]:
        if isinstance(entry, int) and self._is_index(entry):
            yield entry
        for part in _parts(entry):
            if isinstance(part, dict):
                for name, value in part.items():
                    if str(name).lower() in INDEX_NAMES and self._is_index(value):
                        yield value

    def _is_index(self, value: object) -> bool:
        return (
            isinstance(value, int)
            and not isinstance(value, bool)
            and 0 <= value < len(self._payloads)
        )

    def _named_by_text(self, entry: object) -> set[int]:
        """Return the payloads one of whose keyables is a word, or several, of the text."""
        meant: set[int] = set()
        for part in _parts(entry):
            if isinstance(part, str):
                rest = part
                for value in self._phrases:
                    if value in part and _stands_alone(value, part):
                        meant |= self._by_value[value]
                        rest = rest.replace(value, " ")  # its words are not other keyables
                for word in _words(rest):
                    meant |= self._by_value.get(word, set())
        return meant

    @cached_property
    def _phrases(self) -> list[str]:
        """Keyables that are not a single word, the longest first."""
        phrases = (value for value in self._by_value if _words(value) != {value})
        return sorted(phrases, key=len, reverse=True)


def _parts(entry: object) -> Iterator[object]:
    """Yield an entry and everything inside it."""
    waiting = [entry]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _words(text: str) -> set[str]:
    words = {match.group().strip(_EDGES) for match in _SPACED.finditer(text)}
    words |= {match.group().rstrip(".!?") for match in _WORD.finditer(text)}
    words |= {next(filter(None, match.groups())) for match in _QUOTED.finditer(text)}
    return words


def _stands_alone(phrase: str, text: str) -> bool:
    """Return whether a phrase occurs in a text other than as a part of longer words."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None
