"""The settings of the mirror: their definitions, and what can be checked before a run begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planhat_sync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planhat_sync.model import Model

MIRROR_SETTINGS: Final[dict[str, Any]] = {
    "on_missing": {
        "type": "string",
        "enum": ["ignore", "archive", "delete"],
        "default": "ignore",
        "title": "On missing",
        "description": (
            "What to do, at the end of a run whose source is complete, with the records inside "
            "missing_scope that did not come from the source: nothing, archive them (where the "
            "model has archived), or delete them. Needs match_on."
        ),
    },
    "missing_scope": {
        "type": "object",
        "title": "Missing scope",
        "description": (
            "With on_missing: the values that a record in Planhat must have to be archived or "
            'deleted, such as {"source": "Jira"}; {} stands for all records of the model.'
        ),
    },
    "max_missing_percent": {
        "type": "integer",
        "minimum": 0,
        "maximum": 100,
        "default": 10,
        "title": "Maximum missing (percent)",
        "description": (
            "With on_missing: if more than this share of the records inside missing_scope did not "
            "come, and more than five, nothing is archived or deleted and the run fails."
        ),
    },
}
"""JSON Schema property of each setting."""


def check_mirror(
    scope: Mapping[str, Any] | None, match_on: Sequence[str], models: Mapping[str, Model]
) -> None:
    """Check the settings of a run that archives or deletes what its source does not have.

    Args:
        scope: The setting `missing_scope`, None if it is not set.
        match_on: The setting `match_on`, empty if it is not set.
        models: The models, by name.

    Raises:
        ConfigurationError: They leave open which records are meant.
    """
    if not match_on:
        raise ConfigurationError(
            "on_missing needs match_on: set it to the keyables by which the source identifies its "
            "records, such as [sourceId]"
        )
    if scope is None:
        raise ConfigurationError(
            "on_missing needs missing_scope: set it to the values that the records of this source "
            'have in Planhat, such as {"source": "Jira"}, or to {} for all records of the model'
        )
    for name in scope:
        if not any(name in model.properties for model in models.values()):
            raise ConfigurationError(
                f"missing_scope: no model has a property called {name}: correct the name"
            )
    check_values(scope)


def check_values(scope: Mapping[str, Any]) -> None:
    """Check that a scope has values: Meltano makes null of a variable that does not exist.

    Args:
        scope: The setting `missing_scope`.

    Raises:
        ConfigurationError: It has a property without a value, so it is wider than meant.
    """
    for name, value in scope.items():
        if empty := next(_without_value(name, value), ""):
            raise ConfigurationError(
                f"missing_scope: {empty} has no value: set it to the value that the records of "
                "this source have in Planhat, or leave it out"
            )


def check_model(scope: Mapping[str, Any], model: Model, *, archives: bool) -> None:
    """Check that the records of a model can be in a scope, and can be archived.

    Args:
        scope: The setting `missing_scope`.
        model: The model.
        archives: Whether records are archived, not deleted.

    Raises:
        ConfigurationError: They cannot.
    """
    for name in scope:
        if name not in model.properties:
            raise ConfigurationError(
                f"missing_scope: {model.name} has no property called {name}: give {model.name} "
                "a configuration of its own, or correct the name"
            )
    flag = model.archive_flag
    if archives and (flag not in model.properties or flag in model.read_only):
        raise ConfigurationError(
            f"on_missing is set to archive, and {model.name} cannot be archived: set it to delete "
            "or ignore"
        )


def _without_value(name: str, value: object) -> Iterator[str]:
    """Yield the names in a scope that have no value."""
    if isinstance(value, dict) and value:
        for inner, each in value.items():
            yield from _without_value(f"{name}.{inner}", each)
    elif value is None or value in ("", {}) or (isinstance(value, str) and not value.strip()):
        yield name
