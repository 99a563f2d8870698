"""Which payload of a bulk upsert an entry of its answer means.

The vendor documents neither the entries of `createdErrors`, `updatedErrors` and
`permissionErrors` nor the keyables in `insertsKeys` and `updatesKeys` (facts bulk-error-entries
and bulk-success-keys). So an entry is read every way it can be, and one that could mean two
payloads means none. What follows from it is decided in `outcomes`.
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
"""Property names, in lower case, whose integer may be a payload's place in the batch."""

_WORD = re.compile(r"""[^\s"'`,;:=()<>\[\]{}|]+""")
_SPACED = re.compile(r"\S+")
_QUOTED = re.compile(r""""([^"]+)"|'([^']+)'|`([^`]+)`""")
_EDGES = ".,;:!?()[]{}<>\"'`"


class Sent(Protocol):
    """What has to be known of a payload to find it in an answer."""

    @property
    def keys(self) -> tuple[str | None, ...]:
        """Value of each of the model's keyables, None where it was not sent."""

    @property
    def item(self) -> bytes:
        """The JSON object that was sent."""


class Register:
    """The payloads of one request, by the values of their keyables.

    Args:
        keyables: The model's keyables, in the order of the payloads' `keys`.
        payloads: What was sent, in order.
    """

    def __init__(self, keyables: Sequence[str], payloads: Sequence[Sent]) -> None:
        self._keyables = tuple(keyables)
        self._payloads = payloads
        self._held: dict[str, dict[str, set[int]]] = {key: {} for key in keyables}
        self._values: dict[str, set[int]] = {}
        self._kinds: Counter[frozenset[str]] = Counter()
        for index, payload in enumerate(payloads):
            sent = [
                (key, value)
                for key, value in zip(self._keyables, payload.keys, strict=True)
                if value is not None
            ]
            for key, value in sent:
                self._held[key].setdefault(value, set()).add(index)
                self._values.setdefault(value, set()).add(index)
            self._kinds[frozenset(key for key, _ in sent)] += 1

    def written(self, entry: object) -> int | None:
        """Tell which payload a success entry means, for certain.

        Certain means: it shares a keyable with one payload and contradicts none of its others,
        and it can be compared with every other payload and contradicts it.

        Args:
            entry: One element of `insertsKeys` or `updatesKeys`, or an `_id`.

        Returns:
            The payload's place, or None if there is any doubt.
        """
        named = self._keys_of(entry if isinstance(entry, dict) else {"_id": entry})
        if not named or any(kind.isdisjoint(named) for kind in self._kinds):
            return None
        possible = self._sharing(named)
        certain = {index for index in possible if not self._contradicts(index, named)}
        return certain.pop() if len(certain) == 1 else None

    def blamed(self, entry: object) -> int | None:
        """Tell which payload an error entry seems to mean.

        Args:
            entry: One element of an array of errors: a number, a text, an object of any shape.

        Returns:
            The payload's place, or None if it could be several or none.
        """
        meant = self._by_keyables(entry)
        places = set(self._by_index(entry))
        if meant and places:
            meant &= places
            if not meant:
                return None
        meant = meant or places or self._by_text(entry)
        return next(iter(meant)) if len(meant) == 1 else None

    def _keys_of(self, entry: dict[Any, Any]) -> dict[str, str]:
        """Take the keyables out of an object; a number stands for its digits."""
        return {
            key: str(entry[key])
            for key in self._keyables
            if isinstance(entry.get(key), (str, int)) and not isinstance(entry[key], bool)
        }

    def _sharing(self, named: dict[str, str]) -> set[int]:
        found: set[int] = set()
        for key, value in named.items():
            found |= self._held[key].get(value, set())
        return found

    def _contradicts(self, index: int, named: dict[str, str]) -> bool:
        return any(
            value is not None and named.get(key, value) != value
            for key, value in zip(self._keyables, self._payloads[index].keys, strict=True)
        )

    def _by_keyables(self, entry: object) -> set[int]:
        """Collect the payloads that the objects inside an entry mean, at any depth."""
        meant: set[int] = set()
        for part in _parts(entry):
            if isinstance(part, dict) and (named := self._keys_of(part)):
                found = [hits for key in named if (hits := self._held[key].get(named[key]))]
                if found:
                    both = set.intersection(*found) or set.union(*found)
                    meant |= both if len(both) == 1 else self._echoed(both, part)
        return meant

    def _echoed(self, candidates: set[int], part: dict[Any, Any]) -> set[int]:
        """Choose among payloads with one keyable in common by the rest of what is echoed."""
        alike = {index for index in candidates if self._is_echo(index, part)}
        return alike or candidates

    def _is_echo(self, index: int, part: dict[Any, Any]) -> bool:
        item = msgspec.json.decode(self._payloads[index].item)
        shared = item.keys() & part.keys()
        return all(item[name] == part[name] for name in shared)

    def _by_index(self, entry: object) -> Iterator[int]:
        if isinstance(entry, int) and self._is_place(entry):
            yield entry
        for part in _parts(entry):
            if isinstance(part, dict):
                for name, value in part.items():
                    if str(name).lower() in INDEX_NAMES and self._is_place(value):
                        yield value

    def _is_place(self, value: object) -> bool:
        return (
            isinstance(value, int)
            and not isinstance(value, bool)
            and 0 <= value < len(self._payloads)
        )

    def _by_text(self, entry: object) -> set[int]:
        """Collect the payloads one of whose keyables stands in the text as a word of its own."""
        meant: set[int] = set()
        for part in _parts(entry):
            if isinstance(part, str):
                rest = part
                for value in self._phrases:
                    if value in part and _stands_alone(value, part):
                        meant |= self._values[value]
                        rest = rest.replace(value, " ")  # its words are not others' keyables
                for word in _words(rest):
                    meant |= self._values.get(word, set())
        return meant

    @cached_property
    def _phrases(self) -> list[str]:
        """Keyables that are no single word, the longest first."""
        phrases = (value for value in self._values if _words(value) != {value})
        return sorted(phrases, key=len, reverse=True)


def _parts(entry: object) -> Iterator[object]:
    """Give an entry and everything inside it."""
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
    """Tell whether a phrase stands somewhere in a text as more than a part of other words."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None
