"""Detects which records of one stream have been deleted since the last sweep.

Owns the order of a run: what is emitted is remembered before it is emitted, nothing is called
deleted before Planhat has answered 404 for it, and the new table is kept after the deletions were
emitted (docs/adr/0037-deletes-by-set-reconciliation.md).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.api.pagination.table_scan import TableScan
from planhat_sync.reading.deletions.comparison import Comparison
from planhat_sync.reading.deletions.known_ids import KNOWN_IDS, MOST_RECENT_IN_STATE, KnownIds
from planhat_sync.reading.deletions.share import check_share
from planhat_sync.reading.pages.page import ids_of
from planhat_sync.reading.pages.row_format import RowFormat
from planhat_sync.runtime.clock import Clock
from planhat_sync.runtime.plural import counted

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator, Iterator, MutableMapping, Sequence

    from planhat_sync.api.pagination.scan import Source
    from planhat_sync.reading.deletions.comparison import Missing
    from planhat_sync.reading.settings import ReadSettings

MOST_RECENT: Final = 100_000
"""Most ids that are remembered between two sweeps of one run, which takes about 10 MB."""

MOST_CONFIRMED: Final = 1_000
"""If more records are missing, all are read instead of asking for each of them."""

MOST_CHECKED: Final = 20
"""So many of the missing records are asked for before all that do not come are removed. A list that
lags misses the newest."""

NOT_KNOWN: Final = (
    "the state does not say which records there were before; the next run detects deletions, if it "
    "is given the state of this one"
)
NOT_FOUND: Final = "it does not find a record that it lists"
NOT_DECODED: Final = (
    "too much has changed since the ids were last compared to say which records were deleted"
)


class DeletionDetector:
    """Detects the deletions of one stream, in one run.

    Args:
        source: The pages of the stream, whatever they select.
        settings: The user's settings.
        state: The stream's part of the state, as the last run left it.
        rows: How many records there were at the last full read; None if that is not known.
        save: Emits the state, after everything that was emitted before.
        logger: Receives messages for the user.
        clock: Time.

    Attributes:
        full_read: Why everything has to be read, and the records that do not come have to be
            removed, because deletions cannot be detected one by one; None if they can.
        is_complete: Whether all existing records came, as far as is known.
    """

    def __init__(
        self,
        source: Source[Any],
        settings: ReadSettings,
        state: MutableMapping[str, Any],
        *,
        rows: int | None = None,
        save: Callable[[], None],
        logger: logging.Logger,
        clock: Clock | None = None,
    ) -> None:
        self._source = source
        self._settings = settings
        self._state = state
        self._rows = rows
        self._save = save
        self._logger = logger
        self._clock = clock or Clock()
        self._known = KnownIds.from_json(state.get(KNOWN_IDS))
        self._comparison: Comparison | None = None
        self.is_complete = True
        self.full_read = NOT_KNOWN if self._known is None else None

    def start_scan(self) -> None:
        """Expect the ids of all records, from the beginning."""
        self._comparison = Comparison(self._known)

    def scanned(self, ids: Sequence[str]) -> None:
        """Add ids of the scan that has been started.

        Args:
            ids: Ids of existing records, each once in the course of a scan.
        """
        if self._comparison is not None:
            self._comparison.add(ids)

    def emitting(self, ids: Sequence[str]) -> None:
        """Remember ids, in the state too, before their records are emitted.

        A run that is killed may have emitted them. Otherwise the next run could not know that a
        record came, and has been deleted.

        Args:
            ids: Ids of the records.
        """
        if self._known is None or len(self._known.recent) > MOST_RECENT:
            return
        unseen = self._known.unseen(ids)
        if not unseen:
            return
        was_in_state = len(self._known.recent) <= MOST_RECENT_IN_STATE
        self._known.recent |= unseen
        if was_in_state:
            self._put(self._known)
            self._save()

    def sweep(self) -> None:
        """Read the ids of all records, unless this run has, or it is not yet time for it.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: They cannot be read.
        """
        if self._comparison is not None or not self._is_due():
            return
        rows = self._known.size if self._known else None
        form = RowFormat(self._source.model.name, (), clock=self._clock)
        source = replace(self._source, select=form.select, decode=form.page, receive=None)
        scan = TableScan(source, ids_of, page_size=source.model.page_limit, rows=rows)
        self.start_scan()
        for page, indices in scan.pages():
            self.scanned([page.ids[at] for at in indices])

    def deleted(self) -> Iterator[str]:
        """Find out what has been deleted, after everything has been read.

        If that is not possible, `full_read` says why afterwards, and nothing is yielded. If it was
        set before, everything has just been read, and this only checks what would be removed.

        Yields:
            The ids of records that do not exist any more. Emit each before taking the next: after
            the last one the state is changed.

        Raises:
            DeletionsError: More are missing than `max_deletes_percent` allows.
            Interrupted: The run was asked to stop.
            PlanhatError: Planhat could not be asked.
        """
        comparison, known = self._comparison, self._known
        if comparison is None:
            self._put(known)
            return
        missing = comparison.missing()
        self._check_share(comparison, missing)
        kept: list[str] = []
        if self.full_read is not None:
            if contradiction := self._contradiction(comparison, missing):
                self._keep(contradiction)
                return
        elif missing.ids is None or missing.count > MOST_CONFIRMED or self._is_overfull():
            self.full_read, self._comparison = NOT_DECODED, None
            return
        elif missing.ids:
            if not self._finds(comparison):
                self._keep(NOT_FOUND)
                return
            kept = yield from self._confirmed(missing.ids)
            self.is_complete = not kept
        if comparison.others:
            self._logger.warning(
                "%s: deletions of %s are not detected, because their _id is not an ObjectId",
                self._source.model.name,
                counted(comparison.others, "record"),
            )
        self._put(comparison.known_after(self._clock.utc(), kept))

    def _contradiction(self, comparison: Comparison, missing: Missing) -> str | None:
        """Return why what did not come in a full read may exist; None if nothing says so."""
        newest = (missing.ids or missing.named)[-MOST_CHECKED:]
        if any(exists is not False for exists in self._source.exist(newest)):
            return "its list does not have records that exist"
        return NOT_FOUND if newest and not self._finds(comparison) else None

    def _keep(self, why: str) -> None:
        """Leave everything as it was before the scan."""
        name = self._source.model.name
        self._logger.warning(
            "%s: no deletion is emitted, because Planhat contradicts itself: %s; the next run "
            "tries again",
            name,
            why,
        )
        self.is_complete = False
        self._put(self._known)

    def _is_overfull(self) -> bool:
        return self._known is not None and len(self._known.recent) > MOST_RECENT

    def _is_due(self) -> bool:
        known, now = self._known, self._clock.utc()
        if known is None or len(known.recent) > MOST_RECENT_IN_STATE:
            return True
        return not known.swept_at <= now < known.swept_at + self._settings.sweep_every

    def _check_share(self, comparison: Comparison, missing: Missing) -> None:
        known, name = self._known, self._source.model.name
        before = known.size if known else self._rows or 0
        count = missing.count if known else max(0, before - comparison.size)
        check_share(
            name,
            count,
            before,
            percent=self._settings.max_deletes_percent,
            is_exact=known is not None and missing.ids is not None,
        )

    def _finds(self, comparison: Comparison) -> bool:
        """Return whether Planhat finds a record that it lists; only then a 404 says something."""
        listed = dict.fromkeys(each for each in (comparison.last, comparison.first) if each)
        return any(exists for each in listed for exists in self._source.exist([each]))

    def _confirmed(self, ids: list[str]) -> Generator[str, None, list[str]]:
        """Yield those of the missing ids whose records do not exist; return the others."""
        kept: list[str] = []
        for identifier, exists in zip(ids, self._source.exist(ids), strict=True):
            if exists is False:
                yield identifier
            else:
                kept.append(identifier)
        name = self._source.model.name
        deleted = len(ids) - len(kept)
        self._logger.info(
            "%s: %s deleted since the ids were last compared", name, counted(deleted, "record")
        )
        if kept:
            self._logger.warning(
                "%s: Planhat's list does not have %s that Planhat finds by _id: not deleted, and "
                "not emitted as deleted",
                name,
                counted(len(kept), "record"),
            )
        return kept

    def _put(self, known: KnownIds | None) -> None:
        stored = known.to_json() if known else None
        if stored is None:
            self._state.pop(KNOWN_IDS, None)
        else:
            self._state[KNOWN_IDS] = stored
