"""The summary of a run compared with the model, with its input and with the reject file."""

from __future__ import annotations

from collections import Counter
from math import ceil, log2
from typing import TYPE_CHECKING, Any, Final

from simulation.oracles.reject_file import read_rejects
from simulation.story import FAILED, STOPPED, WELL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.oracles.model import Outcome, TargetModel
    from simulation.story import Life, Story

OUTCOMES: Final = ("created", "updated", "unchanged", "merged", "skipped", "deleted", "rejected")
ALIKE: Final = ("updated", "unchanged")
"""What is sent is unchanged if Planhat says so."""
RESULTS: Final = {WELL: "done", FAILED: "failed", STOPPED: "interrupted"}


def check_counts(model: TargetModel, life: Life, story: Story, *, exact: bool = True) -> list[str]:
    """Return what is wrong with the summary of a life.

    Args:
        model: What the life had to do.
        life: A life that is over.
        story: The run.
        exact: Whether the counts of an undisturbed run are known.
    """
    summary = life.summary
    if summary is None or life.ended not in RESULTS:
        return []
    wrong = [*_unbalanced(life, summary), *_unlike_the_file(model, life, story)]
    if life.ended == WELL:
        fed = model.outcomes
        wrong += _unlike_the_input(fed, summary)
        if exact and not life.faults:
            alone = model.settings.get("batch_size_rows") == 1
            for name, counts in summary["streams"].items():
                mine = [each for each in fed if each.model == name]
                wrong += [f"{name}: {each}" for each in _inexact(mine, counts, alone=alone)]
    return wrong


def check_requests(model: TargetModel, life: Life) -> list[str]:
    """Return whether a life has sent more requests than any course of things takes.

    Every record may need a batch, a lookup and a delete of its own, and a list may have pages of
    few records. For k refused items among n there are at most 2·k·⌈log₂ n⌉ parts more
    (docs/adr/0045). Each fault may cost a list, and all parts once more.

    Args:
        model: What the life had to do.
        life: A life that is over.
    """
    if life.summary is None:
        return []
    fed = model.outcomes
    held = sum(map(len, model.began.records.values()))
    refused = sum(each.by_planhat for each in fed)
    parts = 4 * len(fed) + 4 * refused * (1 + ceil(log2(len(fed) + 1)))
    most = (12 + 4 * (held + len(fed)) + parts) * (1 + life.faults)
    sent = life.summary["requests"]
    return [f"it has sent {sent} requests, more than {most}"] if sent > most else []


def _unbalanced(life: Life, summary: Mapping[str, Any]) -> list[str]:
    wrong = []
    if summary["result"] != RESULTS[life.ended]:
        wrong.append(f"the summary says {summary['result']} of a run that ended {life.ended}")
    for name, counts in summary["streams"].items():
        decided = sum(counts[each] for each in OUTCOMES)
        if counts["read"] != decided + counts["undecided"] or min(map(_known, counts.values())) < 0:
            wrong.append(f"{name}: the counts are not balanced: {counts}")
    return wrong


def _known(count: int | None) -> int:
    return 0 if count is None else count


def _unlike_the_file(model: TargetModel, life: Life, story: Story) -> list[str]:
    """Return whether other rejects are counted than the life has written."""
    summary = life.summary or {}
    if summary["dry_run"] or not model.settings.get("rejects_path"):
        return []
    following = [each for each in story.lives if each.number > life.number]
    until = following[0].rejects_at if following else None
    written, _ = read_rejects(story.rejects[life.tenant][life.rejects_at : until], {})
    counted = sum(counts["rejected"] for counts in summary["streams"].values())
    if counted == len(written):
        return []
    return [f"{counted} records are counted as rejected, {len(written)} are in the reject file"]


def _unlike_the_input(fed: Sequence[Outcome], summary: Mapping[str, Any]) -> list[str]:
    """Return whether a run that ended well counts other records than came."""
    came = dict(Counter(each.model for each in fed))
    read = {name: counts["read"] for name, counts in summary["streams"].items() if counts["read"]}
    wrong = [] if read == came else [f"{came} came, {read} are counted as read"]
    return wrong + ["a run that ended well has undecided records"] * (summary["undecided"] > 0)


def _inexact(fed: Sequence[Outcome], counts: Mapping[str, int], *, alone: bool) -> list[str]:
    """Compare the counts of an undisturbed life with those of the model.

    What is merged depends on how records were batched; so does whether a record that is refused
    alone was replaced by a later one. Batches of one have neither.
    """
    due = Counter(each.kind for each in fed)
    names = ["deleted"]
    if alone:
        names = [each for each in OUTCOMES if each not in ALIKE]
    else:
        names += ["skipped"] * (not counts["merged"])
        names += ["created", "rejected"] * (not any(each.by_planhat for each in fed))
    wrong = [
        f"{due[each]} records should be {each}, {counts[each]} are: {dict(counts)}"
        for each in names
        if counts[each] != due[each]
    ]
    written, counted = (sum(each[name] for name in ALIKE) for each in (due, counts))
    if alone and written != counted:
        wrong.append(f"{written} records should be written over, {counted} are: {dict(counts)}")
    return wrong
