"""What was found out about a fact: it held, it did not, or the tenant does not show it.

A detail is made of words of this package and of counts. It never holds what a tenant answered.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Outcome = Literal["held", "not held", "could not tell"]


class Finding(NamedTuple):
    """What was found out about one fact.

    Attributes:
        outcome: Whether it holds.
        detail: What was seen, or why it could not be found out; may be empty.
    """

    outcome: Outcome
    detail: str = ""


def held(detail: str = "") -> Finding:
    """Return that a fact holds.

    Args:
        detail: What was seen beside it.
    """
    return Finding("held", detail)


def not_held(detail: str) -> Finding:
    """Return that a fact does not hold.

    Args:
        detail: What was seen instead.
    """
    return Finding("not held", detail)


def could_not_tell(detail: str) -> Finding:
    """Return that the answers do not show whether a fact holds.

    Args:
        detail: Why.
    """
    return Finding("could not tell", detail)


def either(holds: bool, otherwise: str) -> Finding:  # noqa: FBT001 - what is decided
    """Return that a fact holds, or that it does not.

    Args:
        holds: Whether it does.
        otherwise: What was seen if it does not.
    """
    return held() if holds else not_held(otherwise)
