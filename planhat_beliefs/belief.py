"""A belief: a fact about the API, the questions that it needs, and how it is checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planhat_beliefs.finding import Finding, could_not_tell
from planhat_beliefs.question import Reply, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planhat_beliefs.question import Asked

OK = frozenset({200})
OK_OR_REFUSED = OK | {400}
FOUND_OR_NOT = OK_OR_REFUSED | {404}
ANY_STATUS = frozenset(range(100, 600))

REASONS = {
    400: "it was refused (400)",
    401: "api_token was not accepted (401)",
    403: "api_token has no permission (403)",
    404: "it was not found (404)",
}


@dataclass(frozen=True, slots=True)
class Belief:
    """A fact that can be asked about.

    Attributes:
        fact: Its id in ``docs/planhat-facts.md``.
        about: The part of it that is asked about, such as a model; empty for all of it.
        says: That part as a sentence.
        needs: The questions.
        check: Decides by their replies; does no I/O.
        statuses: Statuses that `check` understands.
        any_form: Whether it also understands bodies that are not what was asked for.
    """

    fact: str
    about: str
    says: str
    needs: tuple[Asked, ...]
    check: Callable[..., Finding]
    statuses: frozenset[int] = OK
    any_form: bool = False

    @property
    def name(self) -> str:
        """The fact, with the part of it that is asked about."""
        return f"{self.fact} ({self.about})" if self.about else self.fact

    def finding(self, replies: Sequence[Reply | Unanswered]) -> Finding:
        """Return whether it holds.

        Args:
            replies: What came back to `needs`, in their order.
        """
        for reply in replies:
            if isinstance(reply, Unanswered):
                return could_not_tell(reply.reason)
            if reply.status not in self.statuses:
                return could_not_tell(reason_of(reply))
            if reply.is_ok and not (self.any_form or reply.has_form):
                return could_not_tell(reason_of(reply))
        try:
            return self.check(*replies)
        except Exception:  # noqa: BLE001 - nobody has seen what a real tenant answers
            return could_not_tell("the answer has a form that was not foreseen")


def reason_of(reply: Reply) -> str:
    """Return why an answer does not show what was asked, without anything that it holds.

    Args:
        reply: The answer.
    """
    if reply.is_ok:
        return f"{reply.question.list_path}: it is not what was asked for"
    why = REASONS.get(reply.status, f"it was answered {reply.status}")
    return f"{reply.question.list_path}: {why}"
