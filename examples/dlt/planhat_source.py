"""A dlt source: a table for each model of Planhat; a run loads what has changed since the last."""

from collections.abc import Callable, Iterator
from typing import Any

import dlt
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from planhat_sync import Planhat

TYPES = {"string": "text", "number": "double", "integer": "bigint", "boolean": "bool"}


@dlt.source(max_table_nesting=0)
def planhat(
    models: list[str],
    api_token: str = dlt.secrets.value,
    api_url: str = "https://api.planhat.com",
    *,
    detect_deletes: bool = False,
) -> Iterator[Any]:
    """Load models into tables; with `detect_deletes`, remove rows of records that are deleted."""
    client = Planhat(api_token, api_url=api_url)  # one for all models, so that they share its pace
    for model in models:
        hints = {"name": model, "primary_key": "_id", "columns": columns(client, model)}
        first = deletions if detect_deletes else None
        yield dlt.resource(rows, write_disposition="merge", **hints)(client, model, first)


def rows(client: Planhat, model: str, first: Callable | None) -> Iterator[dict[str, Any]]:
    """Yield deletions, and then changes, so that no row comes after its deletion."""
    yield from first(client, model) if first else ()
    state = dlt.current.resource_state()
    records = client.read(model, changed_since=state.get("changed_since"))
    yield from records
    if records.next_changed_since:
        state["changed_since"] = records.next_changed_since.isoformat()


def deletions(client: Planhat, model: str) -> Iterator[dict[str, Any]]:
    """Yield a row for each `_id` of the table whose record does not exist any more."""
    try:
        with dlt.current.pipeline().sql_client() as sql:
            query = f"SELECT _id FROM {sql.make_qualified_table_name(model)}"  # noqa: S608 - a name
            missing = {key for (key,) in sql.execute_sql(query)}
    except DatabaseUndefinedRelation:
        return  # nothing has been loaded yet
    missing.difference_update(client.read_ids(model))
    yield from ({"_id": key, "_deleted": True} for key in missing if not client.get(model, key))


def columns(client: Planhat, model: str) -> dict[str, Any]:
    """Return the types of the columns, so that dlt does not infer them from the first values."""
    found: dict[str, Any] = {"_deleted": {"data_type": "bool", "hard_delete": True}}
    for name, schema in client.models[model].properties.items():
        declared = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        kind, *others = {*declared} - {"null"}
        kind = "timestamp" if schema.get("format") == "date-time" else TYPES.get(kind, "json")
        found[name] = {"data_type": "text" if others else kind}
    return found
