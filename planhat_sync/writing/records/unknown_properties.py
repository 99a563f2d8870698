"""The properties of records that their model does not have, and the warnings about them.

Owns how many warnings there are: a source may have thousands of columns that Planhat does not take,
or new ones in every record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.writing.records.lookalikes import printable_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from planhat_sync.writing.records.lookalikes import Lookalikes

MAX_WARNINGS: Final = 10
MAX_SHOWN: Final = 10
"""Names in one warning; those that look like a property come first."""
MAX_COMPARED: Final = 100
"""Names of one record that are compared letter by letter, which takes 0.1 ms each."""
MAX_NAMES: Final = 50_000
MAX_NAME_LENGTH: Final = 200
"""Names are kept so that each is reported once. The limits on their number and length keep that
below 15 MB."""


class UnknownProperties:
    """The properties of one stream that are left out because the model does not have them.

    Args:
        model: Name of the model.
        lookalikes: Finds the property that a name was meant for.
        warn: Receives each warning, a sentence.

    Attributes:
        names: The names so far, cut off at MAX_NAME_LENGTH.
    """

    def __init__(self, model: str, lookalikes: Lookalikes, warn: Callable[[str], None]) -> None:
        self.names: set[str] = set()
        self._model = model
        self._lookalikes = lookalikes
        self._warn = warn
        self._warnings = 0
        self._unreported = 0

    def report(self, names: Sequence[str], columns: Collection[str]) -> None:
        """Warn of the properties of one record that no record before it had.

        Args:
            names: The properties that the model does not have.
            columns: All columns of the record. A property among them is not suggested for another
                column.
        """
        known = self.names
        new = [name for name in names if name[:MAX_NAME_LENGTH] not in known]
        if not new or len(known) >= MAX_NAMES:
            return
        known.update(name[:MAX_NAME_LENGTH] for name in new)
        if self._warnings == MAX_WARNINGS:
            self._unreported += len(new)
            return
        self._warnings += 1
        self._warn(self._sentence(new, columns))

    def report_rest(self) -> None:
        """Warn once of the number of properties beyond the first MAX_WARNINGS warnings."""
        if self._unreported:
            least = "at least " if len(self.names) >= MAX_NAMES else ""
            self._warn(
                f"ignoring {least}{self._unreported:,} more properties that {self._model} does not "
                "have"
            )
            self._unreported = 0

    def _sentence(self, new: list[str], columns: Collection[str]) -> str:
        meant = {
            name: other
            for at, name in enumerate(new)
            if (other := self._lookalikes.property_for(name, misspelt=at < MAX_COMPARED))
            and other not in columns
        }
        new.sort(key=lambda name: name not in meant)
        names = [
            printable_name(name)
            + (f" (did you mean {printable_name(meant[name])}?)" if name in meant else "")
            for name in new[:MAX_SHOWN]
        ]
        count = "a property" if len(new) == 1 else f"{len(new):,} properties"
        more = ", …" if len(new) > MAX_SHOWN else ""
        return f"ignoring {count} that {self._model} does not have: {', '.join(names)}{more}"
