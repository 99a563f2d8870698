"""The Planhat models, read from the schema files."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from planhat_sync.errors import ConfigurationError
from planhat_sync.model import Model

if TYPE_CHECKING:
    from importlib.abc import Traversable


def load_model(name: str) -> Model:
    """Load the model of a name.

    Raises:
        ConfigurationError: Its file is missing, or does not describe a model.
    """
    return _model_of(_schemas() / f"{name}.json")


def load_models() -> dict[str, Model]:
    """Load the models, by name and in alphabetical order.

    They are read from the installed package or, if there are none, from the checkout around it.

    Raises:
        ConfigurationError: The folder is missing, or a file in it does not describe a model.
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
        f"the models' schemas are neither in {packaged} nor in a checkout around it: "
        "reinstall planhat-sync"
    )


def _model_of(file: Traversable) -> Model:
    name = file.name.removesuffix(".json")
    try:
        return Model.from_schema(name, msgspec.json.decode(file.read_bytes()))
    except (OSError, ValueError) as error:  # a ValueError is also what msgspec raises
        raise ConfigurationError(f"{file} does not describe a model: {error}") from error
