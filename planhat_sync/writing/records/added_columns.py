"""The columns that a source adds to its records.

Each program that writes has its own. Nothing else in `writing` depends on where records come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class AddedColumns:
    """The columns that a source adds to its records: they are not properties, and are left out.

    Attributes:
        deleted_at: The column that holds when a record was deleted in its source.
        prefixes: Beginnings of the names of all such columns.
        usual: Names that many sources use, which the fast path knows although no source announces
            them.
    """

    deleted_at: str
    prefixes: tuple[str, ...]
    usual: tuple[str, ...] = ()


SDC_COLUMNS: Final = AddedColumns(
    deleted_at="_sdc_deleted_at",
    prefixes=("_sdc_",),
    usual=(
        "_sdc_batched_at",
        "_sdc_extracted_at",
        "_sdc_received_at",
        "_sdc_sequence",
        "_sdc_sync_started_at",
        "_sdc_table_version",
    ),
)
"""The columns of Singer's programs, which also stand in the warehouses that they have loaded."""
