"""Explains why a stream map failed on a record, without any value of the record.

The text of the error itself may contain values. So the sentence consists of the type of the error,
the property, its expression, and which columns that the expression names are missing or null.
"""

from __future__ import annotations

import ast
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import FrameType

FILTER: Final = "__filter__"
LONGEST_EXPRESSION: Final = 200


@dataclass(frozen=True, slots=True)
class MapFailure:
    """How a stream map failed on a record.

    Attributes:
        property: The property whose expression failed, `__filter__` for the filter; None if it was
            not an expression that failed, but flattening, for example.
        sentence: What failed, and why.
    """

    property: str | None
    sentence: str

    @classmethod
    def of(cls, error: Exception) -> MapFailure:
        """Return what failed, from the traceback of an error.

        Args:
            error: What the transformation of a record raised.
        """
        # The SDK wraps the evaluator's errors, and no others.
        cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
        kind = type(cause).__name__
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        evaluation = _evaluation(frames)
        if evaluation is None:
            flattens = any(frame.f_code.co_name == "flatten_record" for frame in frames)
            return cls(None, f"{'flattening' if flattens else 'mapping'} the record fails ({kind})")
        name = evaluation["property_name"] or FILTER
        expression = str(evaluation["expr"])
        reason = _reason(cause, expression, name, evaluation["record"])
        return cls(name, f"the expression of {name}, {clipped(expression)}, fails{reason} ({kind})")


def _evaluation(frames: list[FrameType]) -> Mapping[str, Any] | None:
    """Return the variables of the SDK's `CustomStreamMap._eval`, if the error was raised in it.

    Nothing else says which expression failed. To evaluate them again one by one would not be
    reliable: an expression may read the clock, or change the record.
    """
    for frame in frames:
        if frame.f_code.co_name == "_eval" and "property_name" in frame.f_locals:
            return frame.f_locals
    return None


def _reason(error: Exception, expression: str, name: str, record: Any) -> str:  # noqa: ANN401
    """Return which column is null or missing, if that may be the reason.

    All names are from the expression, so that none of them can be a value of the record.
    """
    names = _names_in(expression)
    if "self" in names:
        names[name] = None
    columns = record if isinstance(record, Mapping) else {}
    nulls = [each for each in names if columns.get(each, ...) is None]
    if nulls:
        return f": {', '.join(nulls)} {'is' if len(nulls) == 1 else 'are'} null"
    missing = _missing_name(error)
    return f": there is no {missing!r}" if missing in names else ""


def _missing_name(error: Exception) -> object:
    """Return the name whose lookup failed, None if something else failed."""
    if isinstance(error, KeyError):
        name = error.args[0] if error.args else None
    else:  # simpleeval's NameNotDefined and AttributeDoesNotExist, and Python's own
        name = getattr(error, "name", None) or getattr(error, "attr", None)
    return name if isinstance(name, str) else None


def _names_in(expression: str) -> dict[str, None]:
    """Return the names, attributes and string literals of an expression."""
    names: dict[str, None] = {}
    for node in ast.walk(ast.parse(expression)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                names[name] = None
    return names


def clipped(expression: str) -> str:
    """Return an expression as a message shows it: on one line, and not too long.

    Args:
        expression: The expression.
    """
    text = " ".join(expression.split())
    return text if len(text) <= LONGEST_EXPRESSION else f"{text[:LONGEST_EXPRESSION]}…"
