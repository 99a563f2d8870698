"""Finds the schema files and makes a model of each; owns where they are looked for."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from planhat_sync.errors import ConfigurationError
from planhat_sync.models import Model

if TYPE_CHECKING:
    from importlib.abc import Traversable


def load_models() -> dict[str, Model]:
    """Load every model there is, by name in alphabetical order.

    Raises:
        ConfigurationError: The folder is missing or a file in it is not a model.
    """
    return {
        file.name.removesuffix(".json"): _model_of(file)
        for file in sorted(_schemas().iterdir(), key=lambda file: file.name)
        if file.name.endswith(".json") and not file.name.startswith(".")
    }


def _schemas() -> Traversable:
    packaged = resources.files("planhat_sync") / "schemas"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "schemas").is_dir():
        return checkout / "schemas"
    raise ConfigurationError(
        f"the models' schemas are neither in {packaged} nor in a checkout beside it: "
        "install planhat-sync anew"
    )


def _model_of(file: Traversable) -> Model:
    name = file.name.removesuffix(".json")
    try:
        return Model.from_schema(name, msgspec.json.decode(file.read_bytes()))
    except ValueError as error:  # msgspec's are such
        raise ConfigurationError(f"{file} does not describe a model: {error}") from error
