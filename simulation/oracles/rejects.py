"""Which rejects there must be, which there may be, and what they must say."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from simulation.faults import BUSY, OUTAGE
from simulation.oracles.reject_file import Filed, misquoted, read_rejects
from simulation.oracles.superseding import may_be_superseded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from simulation.oracles.model import Outcome, TargetModel
    from simulation.oracles.timelines import Key
    from simulation.story import Life, Story


def is_due(model: TargetModel, outcome: Outcome, *, strict: bool) -> bool:
    """Return whether a record has to be rejected, whatever else is done meanwhile.

    Args:
        model: The model.
        outcome: An outcome.
        strict: Whether what Planhat has is what it has in an undisturbed run.
    """
    if outcome.kind != "rejected":
        return False
    return outcome.request is None or (strict and not may_be_superseded(outcome, model.outcomes))


class RejectOracle:
    """The rejects of one run.

    Args:
        model: What the run has to do.
        life: The run.
        lines: All lines of the input.
        excuses: Returns whether a reject that is not due may be there nevertheless.

    Attributes:
        life: As given.
        lines: As given.
    """

    def __init__(
        self,
        model: TargetModel,
        life: Life,
        lines: Sequence[str],
        excuses: Callable[[Filed, Story], bool],
    ) -> None:
        self.life = life
        self._model = model
        self.lines = lines
        self._excuses = excuses
        self._outcomes = {each.line.number: each for each in model.outcomes}

    def missing(self, files: Mapping[str, bytes], until: int, *, strict: bool) -> list[str]:
        """Return which records are not in the reject file although they have to be.

        Args:
            files: The reject file of each tenant.
            until: Number of the line before which all records have their outcome.
            strict: As for `is_due`.
        """
        filed = {each.number for each in self.read(files)[0]}
        return [
            f"the record of line {each.line.number}, to be rejected as {sorted(each.codes)}, is "
            "not in the reject file"
            for each in self._model.outcomes
            if each.line.number < until
            and each.line.number not in filed
            and is_due(self._model, each, strict=strict)
        ]

    def wrong(self, story: Story) -> list[str]:
        """Return what is wrong with the rejects that there are.

        Args:
            story: The run of the plan.
        """
        rejects, wrong = self.read(story.rejects, _following(self.life, story))
        for reject in rejects:
            wrong += filter(None, [self.misquoted(reject)])
            if self._is_strange(reject) and not self._is_explained(reject, story):
                due = self._outcomes[reject.number]
                wrong.append(
                    f"line {reject.number} is rejected as {reject.code} ({reject.message}) and "
                    f"should be {sorted(due.codes) if due.codes else due.kind}"
                )
        times = Counter(each.number for each in rejects)
        wrong += [
            f"line {each} is rejected {times[each]} times" for each in times if times[each] > 1
        ]
        return wrong

    def uncertain(self, story: Story) -> set[Key]:
        """Return the keys of records that were rejected without its being due.

        They may or may not have been written.

        Args:
            story: The run of the plan.
        """
        rejects, _ = self.read(story.rejects, _following(self.life, story))
        return {
            key
            for reject in rejects
            if self._is_strange(reject)
            for key in self._outcomes[reject.number].keys
        }

    def read(
        self, files: Mapping[str, bytes], until: int | None = None
    ) -> tuple[list[Filed], list[str]]:
        """Return the rejects that the run has written, and what is wrong with the file.

        Args:
            files: The reject file of each tenant.
            until: How many bytes of it there were when the next run began; None for all.
        """
        content = files.get(self.life.tenant, b"")[:until]
        rejects, wrong = read_rejects(content, self._model.numbers)
        return [each for each in rejects if each.ends > self.life.rejects_at], wrong

    def misquoted(self, reject: Filed) -> str:
        """Return what a reject says wrongly about where it came from, empty if nothing.

        Args:
            reject: It.
        """
        return misquoted(reject, self.lines, self.life)

    def _is_strange(self, reject: Filed) -> bool:
        due = self._outcomes.get(reject.number)
        return due is not None and reject.code not in due.codes

    def _is_explained(self, reject: Filed, story: Story) -> bool:
        """Return whether failures of Planhat explain a reject (docs/adr/0045), or the profile."""
        if self._excuses(reject, story):
            return True
        if not story.counts[BUSY] + story.counts[OUTAGE]:
            return False
        if reject.code == "refused":
            return "500" in reject.message
        return reject.code == "outcome_unknown" and "later record" in reject.message


def _following(life: Life, story: Story) -> int | None:
    """Return how long the reject file was when the next run began, None if there was none."""
    return next((each.rejects_at for each in story.lives if each.number > life.number), None)
