"""Bugs in states, rejects and batches."""

from __future__ import annotations

from typing import Final

from simulation.mutants.mutant import Mutant

_BATCHER: Final = "planhat_sync.writing.batching.batcher"
_REJECT_FILE: Final = "planhat_sync.writing.results.reject_file"
_PIPELINE: Final = "planhat_sync.writing.pipeline"

MUTANTS: Final = (
    Mutant(
        name="a state is printed while records before it are in flight",
        module="planhat_sync.writing.sending.dispatcher",
        text="return min(self._lines.values(), default=None)",
        instead="return None",
        profiles=("simple", "pipe"),
    ),
    Mutant(
        name="a state is printed before the rejects in front of it are on disk",
        module=_PIPELINE,
        text="        self.rejects.flush()\n        lines = self._states.lines(",
        instead="        lines = self._states.lines(",
        profiles=("simple",),
    ),
    Mutant(
        name="a state is printed with the record behind it still to be written",
        module="planhat_sync.writing.results.states",
        text="(oldest is None or self._waiting[0].after < oldest)",
        instead="(oldest is None or self._waiting[0].after <= oldest)",
        profiles=("simple", "pipe"),
    ),
    Mutant(
        name="rejects are not synced",
        module=_REJECT_FILE,
        text="                files.sync(self._descriptor)\n",
        instead="",
        profiles=("simple",),
    ),
    Mutant(
        name="a line that was cut by a crash is not ended",
        module=_REJECT_FILE,
        text="        end_last_line(files, descriptor, path)\n",
        instead="",
        profiles=("simple",),
        rates={"crash": 0.04},
        settings={"on_reject": "continue", "rejects_path": "rejects"},
    ),
    Mutant(
        name="a record supersedes one whose values it does not have",
        module=_BATCHER,
        text="        if not covers(payload, earlier):\n            return None\n",
        instead="",
        profiles=("simple",),
    ),
    Mutant(
        name="two versions of a record go into one batch",
        module="planhat_sync.writing.batching.ordering",
        text="floor = max(floor, position[0] + 1)",
        instead="floor = max(floor, position[0])",
        profiles=("simple",),
    ),
)
