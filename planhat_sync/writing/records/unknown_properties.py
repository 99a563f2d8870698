"""The properties of records that their model does not have, and the warnings about them.

Owns how much is said: a source may have thousands of columns that Planhat does not take, or a new
one in each record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.writing.records.lookalikes import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from planhat_sync.writing.records.lookalikes import Lookalikes

MOST_WARNINGS: Final = 10
MOST_SHOWN: Final = 10
"""Names in one warning; the first of them are those that look like a property."""
MOST_COMPARED: Final = 100
"""Names of one record that are compared letter by letter, which takes a tenth of a millisecond."""
MOST_NAMES: Final = 50_000
LONGEST_NAME: Final = 200
"""Names are kept so that none is told twice: so many and so much of each, 15 MB at the most."""


class UnknownProperties:
    """The properties of one stream that are left out because the model does not have them.

    Args:
        model: Name of the model.
        lookalikes: Finds the property that a name was meant for.
        warn: Told about new names, in one sentence.

    Attributes:
        names: Those that have come; the beginnings of long ones.
    """

    def __init__(self, model: str, lookalikes: Lookalikes, warn: Callable[[str], None]) -> None:
        self.names: set[str] = set()
        self._model = model
        self._lookalikes = lookalikes
        self._warn = warn
        self._warnings = 0
        self._untold = 0

    def report(self, names: Sequence[str], columns: Collection[str]) -> None:
        """Warn of the properties of one record that no record has had before.

        Args:
            names: The properties that the model does not have.
            columns: All that the record has. A property that is there was not meant by another.
        """
        known = self.names
        new = [name for name in names if name[:LONGEST_NAME] not in known]
        if not new or len(known) >= MOST_NAMES:
            return
        known.update(name[:LONGEST_NAME] for name in new)
        if self._warnings == MOST_WARNINGS:
            self._untold += len(new)
            return
        self._warnings += 1
        self._warn(self._sentence(new, columns))

    def report_rest(self) -> None:
        """Warn once of all the names that were too many to be told when they came."""
        if self._untold:
            least = "at least " if len(self.names) >= MOST_NAMES else ""
            self._warn(
                f"ignoring {least}{self._untold:,} more properties that {self._model} does not have"
            )
            self._untold = 0

    def _sentence(self, new: list[str], columns: Collection[str]) -> str:
        meant = {
            name: other
            for at, name in enumerate(new)
            if (other := self._lookalikes.meant_by(name, closely=at < MOST_COMPARED))
            and other not in columns
        }
        new.sort(key=lambda name: name not in meant)
        names = [
            f"{shown(name)} (did you mean {shown(meant[name])}?)" if name in meant else shown(name)
            for name in new[:MOST_SHOWN]
        ]
        count = "a property" if len(new) == 1 else f"{len(new):,} properties"
        more = ", …" if len(new) > MOST_SHOWN else ""
        return f"ignoring {count} that {self._model} does not have: {', '.join(names)}{more}"
