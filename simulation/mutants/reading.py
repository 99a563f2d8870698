"""Bugs in what reads."""

from __future__ import annotations

from typing import Final

from simulation.mutants.mutant import Mutant

_FULL_SCAN: Final = "planhat_sync.api.pagination.full_scan"
_INCREMENTAL: Final = "planhat_sync.reading.incremental"
_READER: Final = "planhat_sync.reading.reader"
_DETECTOR: Final = "planhat_sync.reading.deletions.detector"

MUTANTS: Final = (
    Mutant(
        name="a page of a full scan need not overlap the one before",
        module=_FULL_SCAN,
        text="if not ids or (request.offset and ids[0] > self._last):",
        instead="if not ids:",
        profiles=("full_read", "incremental"),
    ),
    Mutant(
        name="a full scan emits the last row of a page again",
        module=_FULL_SCAN,
        text="first_new = bisect_right(ids, self._last)\n",
        instead="first_new = max(0, bisect_right(ids, self._last) - 1)\n",
        profiles=("full_read",),
    ),
    Mutant(
        name="a full scan ends one row early",
        module=_FULL_SCAN,
        text="end = bisect_right(ids, self._top)\n",
        instead="end = bisect_right(ids, self._top) - 1\n",
        profiles=("full_read",),
    ),
    Mutant(
        name="rows that are not in order are read nevertheless",
        module=_FULL_SCAN,
        text="    if not all(map(order, ids, ids[1:])):\n",
        instead="    if not ids and not all(map(order, ids, ids[1:])):\n",
        profiles=("full_read", "incremental"),
    ),
    Mutant(
        name="pages are planned without an overlap",
        module=_FULL_SCAN,
        text="return max(1, min(2 * self._shift, self.limit // 10, rows - 1))",
        instead="return 0",
        profiles=("full_read",),
        equivalent="a page without a known row is a gap, and the scan steps back: more requests",
    ),
    Mutant(
        name="several lists are read once each",
        module="planhat_sync.api.pagination.table_scan",
        text="for source in (*lists, *lists[:-1]):",
        instead="for source in lists:",
        profiles=("full_read", "deletions"),
    ),
    Mutant(
        name="what was changed in the very millisecond of the bookmark is not read again",
        module="planhat_sync.reading.sort_evidence",
        text="if timestamp and timestamp >= oldest and",
        instead="if timestamp and timestamp > oldest and",
        profiles=("incremental",),
    ),
    Mutant(
        name="the bookmark is what is newest at the end of a read",
        module=_READER,
        text="        newest = self._newest.value if self._newest else None\n",
        instead=(
            "        if self._newest:\n            self._newest.request(self._source)\n"
            "        newest = self._newest.value if self._newest else None\n"
        ),
        profiles=("incremental", "pipe"),
    ),
    Mutant(
        name="the bookmark may move back",
        module=_READER,
        text="return max([one for one in (before, newest) if one], default=None)",
        instead="return newest or before",
        profiles=("incremental",),
    ),
    Mutant(
        name="a page of an incremental scan need not overlap the one before",
        module=_INCREMENTAL,
        text="if request.offset and (timestamps[0] is None or timestamps[0] <= read.key):",
        instead="if request.offset and timestamps[0] is None:",
        profiles=("incremental",),
    ),
    Mutant(
        name="lookback_seconds is ignored",
        module="planhat_sync.reading.starting_point",
        text="cutoff = earlier(bookmark, settings.lookback)",
        instead="cutoff = bookmark",
        profiles=("incremental",),
    ),
    Mutant(
        name="an incremental scan ends at the cutoff and not below it",
        module=_INCREMENTAL,
        text="if self._read.key < self._cutoff or only_rows_without_key_follow:",
        instead="if self._read.key <= self._cutoff or only_rows_without_key_follow:",
        profiles=("incremental",),
    ),
    Mutant(
        name="a record that a list leaves out is emitted as deleted",
        module=_DETECTOR,
        text="            if exists is False:\n",
        instead="            if exists is not None:\n",
        profiles=("deletions",),
    ),
    Mutant(
        name="ids are not remembered before their records are emitted",
        module=_DETECTOR,
        text="            self._put(self._known)\n            self._save()\n",
        instead="            self._put(self._known)\n",
        profiles=("deletions",),
    ),
    Mutant(
        name="what is emitted between two comparisons of ids is not remembered",
        module=_DETECTOR,
        text="        self._known.recent |= unseen\n",
        instead="",
        profiles=("deletions",),
    ),
    Mutant(
        name="a stream that the user vouches for is not read in full again",
        module="planhat_sync.reading.vouched_key",
        text="    if not state.verified <= now < state.verified + settings.full_read_every:\n",
        instead="    if settings.full_read_every.days < 0:\n",
        profiles=("vouched",),
    ),
    Mutant(
        name="companies that share a key are named by it",
        module="planhat_sync.reading.company_names",
        text="if len(several) > 1:",
        instead="if len(several) > 2:",
        profiles=("full_read", "pipe"),
    ),
)
