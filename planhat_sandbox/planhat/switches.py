"""Changes of behaviours, by values that may be text from a command line."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from planhat_sandbox.planhat.behaviours import Behaviours

if TYPE_CHECKING:
    from collections.abc import Mapping


def changed(behaviours: Behaviours, changes: Mapping[str, object]) -> Behaviours:
    """Return behaviours with some of them changed.

    Args:
        behaviours: The current ones.
        changes: Value by name; text is read as the type of the behaviour.

    Returns:
        The new behaviours.

    Raises:
        ValueError: There is no such behaviour, or it does not accept this value.
    """
    fields = {field.name: field for field in dataclasses.fields(Behaviours)}
    values: dict[str, object] = {}
    for name, value in changes.items():
        if name not in fields:
            raise ValueError(f"no behaviour is called {name!r}; there are {', '.join(fields)}")
        choices = fields[name].metadata["choices"]
        if choices and value not in choices:
            raise ValueError(f"{name} takes one of {', '.join(choices)}, not {value!r}")
        values[name] = number = read_as(type(fields[name].default), value, name)
        if isinstance(number, int) and number < 0:
            raise ValueError(f"{name} must be 0 or more, not {number}")
    # The field types were checked above; `replace` is typed for literal arguments.
    return dataclasses.replace(behaviours, **values)  # type: ignore[arg-type]


def read_as(kind: type, value: object, name: str) -> object:
    """Return a value, which may be text from a command line, as the type of a setting.

    Args:
        kind: bool, int, float or str.
        value: The value given.
        name: Name of the setting, for the error message.

    Returns:
        The value as `kind`.

    Raises:
        ValueError: The value cannot be read as this type.
    """
    if kind is bool:
        if isinstance(value, bool):
            return value
        if str(value).lower() in {"true", "1", "on", "yes"}:
            return True
        if str(value).lower() in {"false", "0", "off", "no"}:
            return False
        raise ValueError(f"{name} must be true or false, not {value!r}")
    if kind in {int, float} and not isinstance(value, bool):
        try:
            return kind(str(value))
        except (TypeError, ValueError):
            raise ValueError(f"{name} must be a number, not {value!r}") from None
    if kind is str and isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(f"{name} does not take {value!r}")
