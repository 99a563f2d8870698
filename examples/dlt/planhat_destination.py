"""A dlt destination: rows of a table are written to the model of Planhat that has its name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination.exceptions import DestinationTerminalException

from planhat_sync import Planhat, PlanhatError


def rows_for(model: str, resource: Any) -> Any:  # noqa: ANN401 - dlt takes many types
    """Return a resource whose rows arrive as they are, in one column of JSON.

    In columns of their own dlt would drop nulls, and change values to the type of the first one.
    """

    def wrapped(items: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - a row or a list of rows
        for row in items if isinstance(items, list) else [items]:
            yield {"row": without_nan(row)}

    return dlt.transformer(wrapped, resource, name=f"{model}_rows", table_name=model)


def without_nan(value: Any) -> Any:  # noqa: ANN401 - any value of a row
    """Leave NaN and NaT out, which differ from themselves: dlt would make them null."""
    if isinstance(value, list):
        return [without_nan(each) for each in value if each == each]  # noqa: PLR0124 - NaN
    if isinstance(value, dict):
        return {name: without_nan(each) for name, each in value.items() if each == each}  # noqa: PLR0124 - NaN
    return value


@dlt.destination(name="planhat", batch_size=10_000, loader_parallelism_strategy="sequential")
def planhat(
    items: list[dict[str, Any]],
    table: dict[str, Any],
    api_token: str = dlt.secrets.value,
    api_url: str = "https://api.planhat.com",
    match_on: list[str] | None = None,
    rejects_path: str | None = None,
) -> None:
    """Write rows; one that is rejected fails the load, or is appended to the file of rejects."""

    def keep(rejected: Any) -> None:  # noqa: ANN401
        why = {"model": table["name"], "code": rejected.code, "message": rejected.message}
        with Path(rejects_path).open("a") as file:
            file.write(json.dumps({**why, "row": rejected.row}, default=str) + "\n")

    choices = {"on_reject": "continue", "on_rejected": keep} if rejects_path else {}
    try:
        with Planhat(api_token, api_url=api_url) as client:
            rows = (item["row"] for item in items)
            client.write(table["name"], rows, match_on=match_on or (), **choices)
    except PlanhatError as error:  # it has been retried: dlt keeps the load for the next run
        raise DestinationTerminalException(str(error)) from error
