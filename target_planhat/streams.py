"""Which streams can be written: those whose name is that of a model that is not only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.runtime.stdin import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.model import Model


def check_stream(name: str, models: Mapping[str, Model]) -> None:
    """Check that the records of a stream can be written.

    Args:
        name: Its name, after mappings or stream maps.
        models: The models by name.

    Raises:
        InputError: They cannot.
    """
    if name in models and models[name].is_written:
        return
    what = "only read from Planhat, not written" if name in models else "not a model of Planhat"
    written = ", ".join(each for each, model in models.items() if model.is_written)
    raise InputError(
        f"stream {name} is {what}; there are {written}: select these in the tap, or map it with "
        "mappings"
    )
