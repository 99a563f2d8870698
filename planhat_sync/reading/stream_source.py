"""Where a read of a stream gets its pages: the requests, and the form of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planhat_sync.api.pagination.scan import Source
from planhat_sync.reading.pages.page_body import PageBody
from planhat_sync.reading.pages.row_format import RowFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planhat_sync.model import Model
    from planhat_sync.reading.pages.page import Page, WriteLines
    from planhat_sync.reading.run import ReadRun
    from planhat_sync.reading.settings import ReadSettings


@dataclass(frozen=True, slots=True)
class StreamSource:
    """The pages of a stream.

    Attributes:
        model: The model of its records.
        run: What all streams share.
        key: The replication key; None to read everything.
        selected: The properties to emit.
        lines: Makes a function that writes rows as lines, with the version that the stream has
            then; None if rows become Python values.
        number_of: Makes a Python number of the text of one that is not an integer.
    """

    model: Model
    run: ReadRun
    key: str | None
    selected: Sequence[str]
    lines: Callable[[], WriteLines] | None
    number_of: Callable[[str], Any] = Decimal

    @property
    def settings(self) -> ReadSettings:
        """How to read the stream."""
        return self.run.settings.of_model(self.model)

    def writer(self) -> WriteLines | None:
        """Return a function that writes rows as lines; None if they become Python values."""
        return self.lines() if self.lines else None

    def open(self) -> Source[Page]:
        """Return the pages, whose lines have the version that the stream has now.

        Raises:
            Interrupted: The run was asked to stop.
            StopError: The companies, by whose names records refer to them, cannot be read.
        """
        settings, reference = self.settings, self.model.company_reference
        names = self.run.company_names() if reference in self.selected else None
        if names:
            names.read()
        if settings.company_ids:
            reference = self.model.company_property
        elif not names:
            reference = None
        row_format = RowFormat(
            self.model.name,
            self.selected,
            key=self.key,
            reference=reference,
            name_company=names.of if names else None,
            write=self.writer(),
            clock=self.run.system.clock,
            number_of=self.number_of,
        )
        return Source(
            client=self.run.connect(),
            model=self.model,
            select=row_format.select,
            decode=PageBody.page,
            receive=row_format.receiver,
            stop=self.run.stop,
            concurrency=settings.concurrency,
            threads=self.run.system.threads,
        )
