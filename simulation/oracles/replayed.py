"""What holds of a replay of a reject file, by docs/rejects.md."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from simulation.faults import BUSY, OUTAGE
from simulation.oracles.earlier import EarlierTenant
from simulation.oracles.model import TargetModel
from simulation.oracles.shapes import SHAPES, snapshot
from simulation.oracles.superseding import may_be_merged, may_be_superseded
from simulation.oracles.tenants import doubled
from simulation.plan import changed
from simulation.story import WELL, Observer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.oracles.model import Outcome
    from simulation.plan import Plan
    from simulation.story import Life, Story, Tenant

MARGIN: Final = 5.0
"""By how many seconds two times must differ so that it is known which is later: the clock of the
target is wrong by up to three, and Planhat's times may be rounded down to a second."""
NEWER: Final = "newer_in_planhat"
ISSUES: Final = SHAPES["issues"]


class ReplayWatch(Observer):
    """Watches the second step of a plan, which replays the reject file of the first.

    Args:
        plan: The plan. Its records are issues, each with a `sourceId`.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._tenant = plan.steps[1].sides[0].tenant

    def ended(self, story: Story) -> None:
        """Check a run that is over.

        Args:
            story: It.
        """
        lives = story.lives_of(1)
        self.violations += doubled(story.tenants[self._tenant])
        if story.lives[-1].ended != WELL:
            self.violations.append(f"the run has not ended well: {story.lives[-1].error}")
        elif lives:
            self.violations += Replay(self._plan, story, lives, self._tenant).wrong()


class Replay:
    """One replay, when it is over.

    Args:
        plan: The plan.
        story: The run.
        lives: The lives of the replay.
        tenant: Alias of the tenant.
    """

    def __init__(self, plan: Plan, story: Story, lives: Sequence[Life], tenant: str) -> None:
        self._story = story
        self._lives = lives
        self._fed = [line.decode() for line in lives[0].fed]
        self._tenant = story.tenants[tenant]
        self._found = EarlierTenant(self._tenant, lives[0].begins - 1)
        step = replace(plan.steps[1], lines=self._fed)
        held = {name: self._found.records(name) for name in (*SHAPES, "companies")}
        self._model = TargetModel(changed(plan, steps=[step]), held=held)
        self._ahead = plan.clock.ahead
        self._kept = story.replayed[tenant]
        came = {_mark(json.loads(line)): at for at, line in enumerate(self._fed, start=1)}
        self._again: defaultdict[int, list[Mapping[str, Any]]] = defaultdict(list)
        for line in story.rejects[tenant].splitlines():
            message = json.loads(line)
            if message["type"] == "RECORD":
                self._again[came.get(_mark(message), 0)].append(message)

    def wrong(self) -> list[str]:
        """Return what is wrong, one sentence each."""
        wrong = []
        if self._kept != [b"".join(line + b"\n" for line in self._lives[0].fed)]:
            wrong.append("the file that was replayed is not kept as it was")
        wrong += [f"a reject was not in the file: {each}" for each in self._again[0]]
        by_key: defaultdict[str, list[Outcome]] = defaultdict(list)
        for outcome in self._model.outcomes:
            wrong += self._check_rejects(outcome)
            by_key[(outcome.line.record or {})["sourceId"]].append(outcome)
        before, now = _by_key(self._found), _by_key(self._tenant)
        for key in before.keys() | now.keys() | by_key.keys():
            held, shown = before.get(key, {}), now.get(key, {})
            wrong += [f"sourceId={key} {each}" for each in self._compare(by_key[key], held, shown)]
        return wrong

    def _check_rejects(self, outcome: Outcome) -> list[str]:
        """Check whether a record was rejected again, and what its rejects say."""
        number = outcome.line.number
        again, where, wrong = self._again[number], f"line {number}", []
        if len(again) > len(self._lives):
            wrong.append(f"{where} was read {len(self._lives)} times, and has more rejects")
        if not again and self._must_be_rejected(outcome):
            wrong.append(f"{where} is not rejected, and should be: {self._expected(outcome)}")
        wrong += [
            f"{where} is rejected again as {message['reject']['code']}, and should not be"
            for message in again
            if not self._may_be_rejected(outcome, message["reject"])
        ]
        return wrong

    def _expected(self, outcome: Outcome) -> str:
        return ", ".join(sorted(outcome.codes)) or NEWER

    def _must_be_rejected(self, outcome: Outcome) -> bool:
        if outcome.kind == "rejected":
            return not may_be_superseded(outcome, self._model.outcomes)
        is_newer = self._is_newer(outcome) is True and not self._is_held(outcome)
        return is_newer and not may_be_merged(outcome, self._model.outcomes)

    def _may_be_rejected(self, outcome: Outcome, reject: Mapping[str, Any]) -> bool:
        code, message = reject["code"], reject["message"]
        if code in outcome.codes:
            return True
        if code == NEWER:  # a second life may find what the first has written
            return self._is_newer(outcome) is not False or len(self._lives) > 1
        fails = self._story.counts[BUSY] + self._story.counts[OUTAGE] > 0
        return fails and (
            (code == "refused" and "500" in message)
            or (code == "outcome_unknown" and "later record" in message)
        )

    def _is_newer(self, outcome: Outcome) -> bool | None:
        """Return whether Planhat had changed a record after its reject, None if it is not known."""
        changed_at = self._changed_at((outcome.line.record or {})["sourceId"])
        if changed_at is None:
            return False
        reject = json.loads(self._fed[outcome.line.number - 1])["reject"]
        text = reject["rejected_at"].replace("Z", "+00:00")
        later = changed_at - (datetime.fromisoformat(text).timestamp() - self._ahead)
        return None if abs(later) < MARGIN else later > 0

    def _changed_at(self, key: str) -> float | None:
        """Return when a record was changed last before the replay; None if there was none."""
        begins = self._lives[0].begins
        for versions in self._tenant.versions("issues").values():
            earlier = [each for each in versions if each.event < begins]
            if earlier and earlier[-1].fields and earlier[-1].fields.get("sourceId") == key:
                return earlier[-1].at
        return None

    def _is_held(self, outcome: Outcome) -> bool:
        """Return whether Planhat had all values of a record already.

        An earlier life may have written them with another reject of the same record.
        """
        key = (outcome.line.record or {})["sourceId"]
        tenants = [self._found, *([self._tenant] if len(self._lives) > 1 else [])]
        return any(
            self._sent(outcome).items() <= _by_key(each).get(key, {}).items() for each in tenants
        )

    def _compare(
        self, outcomes: Sequence[Outcome], held: Mapping[str, object], shown: Mapping[str, object]
    ) -> list[str]:
        """Compare a record with what it was, and with what is to be written of the file."""
        expected = dict(held)
        possible: defaultdict[str, list[object]] = defaultdict(list)
        for outcome in outcomes:
            if outcome.kind == "rejected":
                continue
            sent = self._sent(outcome)
            for name, value in sent.items():
                if self._again[outcome.line.number]:
                    possible[name].append(value)  # an earlier life may have written it
                else:
                    expected[name] = value
        return [
            f"has {name} {shown.get(name)!r}, and should have {expected.get(name)!r}"
            for name in expected.keys() | shown.keys()
            if shown.get(name) != expected.get(name)
            and not (len(self._lives) > 1 and shown.get(name) in possible[name])
        ]

    def _sent(self, outcome: Outcome) -> dict[str, object]:
        """Return the values that a record gives to Planhat's."""
        assert outcome.request is not None  # noqa: S101 - it is not rejected by the target
        return snapshot(ISSUES, self._model.world.resolved(ISSUES, outcome.request.item))


def _by_key(tenant: Tenant) -> dict[str, dict[str, object]]:
    return {
        record["sourceId"]: snapshot(ISSUES, record)
        for record in tenant.records("issues")
        if record.get("sourceId")
    }


def _mark(message: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is the same of a reject when it is rejected again: its record, and its time."""
    return json.dumps(message.get("record")), message.get("reject", {}).get("rejected_at", "")
