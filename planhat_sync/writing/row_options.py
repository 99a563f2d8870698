"""How rows are written: the options that a caller gives by name, checked and made into settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.arguments import check_names, names_of
from planhat_sync.runtime.config_errors import config_errors
from planhat_sync.writing.settings import WRITE_SETTINGS, WriteSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from planhat_sync.model import Model
    from planhat_sync.writing.records.python_values import Missing, Nulls
    from planhat_sync.writing.results.result import RejectedRow, Result

KEPT_REJECTS: Final = 1_000


class DeleteOptions(TypedDict, total=False):
    """How records are deleted; each option may be left out.

    Attributes:
        match_on: Keyables that identify a record, in order of preference, such as ``["sourceId"]``;
            the model's own order by default.
        dry_run: Whether to read and compare, and write nothing; by default no.
        on_reject: Whether a rejected row ends the write, after the rows before it (``fail``, the
            default), or not (``continue``).
        max_rejects: How many rejected rows the result keeps, 1,000 by default. If more are rejected
            and there is no `on_rejected`, the write ends.
        on_rejected: Receives each rejected row.
        on_progress: Receives the result so far, after each batch.
        batch_size_rows: Maximum number of rows in one request, 5,000 by default.
        concurrency: Maximum number of batches in flight, 1 by default; rows of one identity keep
            their order.
    """

    match_on: Iterable[str]
    dry_run: bool
    on_reject: Literal["fail", "continue"]
    max_rejects: int
    on_rejected: Callable[[RejectedRow], object] | None
    on_progress: Callable[[Result], object] | None
    batch_size_rows: int
    concurrency: int


class WriteOptions(DeleteOptions, total=False):
    """How rows are written; each option may be left out.

    All of `DeleteOptions` are options too: `match_on`, `dry_run`, `on_reject`, `max_rejects`,
    `on_rejected`, `on_progress`, `batch_size_rows` and `concurrency`.

    Attributes:
        write_mode: Whether records may be created and updated (``upsert``, the default), only
            updated, or only created.
        missing_key: What to do with a row that has none of the keyables: ``reject`` it, which is
            the default, or ``create`` it again in every write.
        unknown_properties: What to do with properties that the model does not have: ``reject``
            their row, which is the default, or ``drop`` them, with one warning in the log.
        skip_unchanged: Whether to read what Planhat holds first, and send only what differs; by
            default no.
        nan: What becomes of NaN, NaT and pandas.NA: their row is rejected (``reject``, the
            default), the property is left out (``absent``), or it is set to null (``null``).
        nulls: Whether None is sent as null, which clears the property (``send``, the default), or
            the property is left out (``omit``). ``DataFrame.to_dict`` of pandas makes None of what
            is missing in nullable columns.
    """

    write_mode: Literal["upsert", "update", "create"]
    missing_key: Literal["reject", "create"]
    unknown_properties: Literal["reject", "drop"]
    skip_unchanged: bool
    nan: Missing
    nulls: Nulls


_SETTINGS: Final[Mapping[str, Any]] = {
    **{
        name: setting
        for name, setting in WRITE_SETTINGS.items()
        if name in WriteOptions.__optional_keys__
    },
    "nan": {"enum": ["reject", "absent", "null"]},
    "nulls": {"enum": ["send", "omit"]},
}
_CALLBACKS: Final = ("on_rejected", "on_progress")


def row_settings(
    model: Model, options: Mapping[str, Any], *, deletes: bool = False
) -> WriteSettings:
    """Return the settings of a write.

    Args:
        model: The model of the rows.
        options: The options.
        deletes: Whether the records that the rows identify are deleted.

    Raises:
        ConfigurationError: There is no such option, or it takes another value.
    """
    kind = DeleteOptions if deletes else WriteOptions
    for name in _CALLBACKS:
        if not (options.get(name) is None or callable(options[name])):
            raise ConfigurationError(f"{name} must be a function")
    given: dict[str, Any] = {
        "max_rejects": KEPT_REJECTS,
        **{name: value for name, value in options.items() if name not in _CALLBACKS},
    }
    given["match_on"] = names_of(given.get("match_on", ()), "match_on")
    known = {name: _SETTINGS[name] for name in _SETTINGS if name in kind.__optional_keys__}
    if errors := config_errors({"properties": known}, given):
        raise ConfigurationError("; ".join(errors))
    check_names(given["match_on"], model.keyables, f"match_on: {model.name} have no keyable")
    if options.get("on_rejected") is not None:
        given["max_rejects"] = None
    chosen = {"unknown_properties": "reject", **given}
    chosen = {name: value for name, value in chosen.items() if name in WRITE_SETTINGS}
    chosen["match_on"] = tuple(given["match_on"])
    return WriteSettings(**chosen, deletes="delete" if deletes else "ignore")
