"""A DuckDB database that a dlt pipeline fills, and the pipeline."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dlt
import duckdb
from planhat_source import planhat

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Warehouse:
    """A pipeline from a tenant of the sandbox, and its tables."""

    url: str
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def pipelines(self) -> Path:
        """Where dlt keeps its state and what waits to be loaded."""
        return self.folder / "pipelines"

    def pipeline(self) -> dlt.Pipeline:
        """The pipeline, as a new process would open it."""
        return dlt.pipeline(
            "planhat",
            destination=dlt.destinations.duckdb(str(self.file)),
            dataset_name="planhat",
            pipelines_dir=str(self.pipelines),
        )

    def source(self, *models: str, **arguments: Any) -> Any:
        return planhat(list(models) or ["issues"], "token-a", self.url, **arguments)

    def run(self, *models: str, **arguments: Any) -> dict[str, int]:
        """Run the pipeline once; return how many rows of each table it has loaded."""
        pipeline = self.pipeline()
        pipeline.run(self.source(*models, **arguments))
        counts = pipeline.last_trace.last_normalize_info.row_counts
        return {name: count for name, count in counts.items() if not name.startswith("_dlt")}

    def rows(self, model: str = "issues") -> list[dict[str, Any]]:
        """The rows of a table by the names of its columns, without those of dlt."""
        with duckdb.connect(str(self.file)) as connection:
            table = connection.execute(f"select * exclude _deleted from planhat.{model} order by 1")
            names = [column[0] for column in table.description]
            rows = [dict(zip(names, row, strict=True)) for row in table.fetchall()]
        return [{k: v for k, v in row.items() if not k.startswith("_dlt")} for row in rows]

    def titles(self) -> dict[str, str]:
        """The title of each issue by its `_id`; one that is there twice is an error."""
        rows = self.rows()
        titles = {row["_id"]: row["title"] for row in rows}
        assert len(titles) == len(rows), "a record is there twice"
        return titles


def parsed(value: str | None) -> Any:
    """The value of a column of JSON."""
    return None if value is None else json.loads(value)
