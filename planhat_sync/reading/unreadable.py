"""Streams that cannot be read: the token may not (403), or the tenant does not have them (404).

Neither says anything about other streams, so the run reads those to their end. If a part of the
stream had been read before, the run fails at its end, however the stream was asked for.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from planhat_sync.errors import PlanhatError, Section, StopError

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Iterator

    from planhat_sync.model import Model
    from planhat_sync.reading.counts import ReadCounts


class UnreadableError(StopError):
    """Streams could not be read, so the run is not complete."""

    section = Section.READING


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stream that cannot be read.

    Attributes:
        model: Its model.
        status: The status that says so.
        is_begun: Whether a part of it had been read by then.
    """

    model: Model
    status: int
    is_begun: bool


class UnreadableStreams:
    """The streams of a run that cannot be read.

    Args:
        named: Names of the streams that were asked for by name, and not only by a pattern.
        counts: The counts of what was read.
        logger: Receives a warning about each stream that cannot be read.
    """

    def __init__(self, named: Collection[str], counts: ReadCounts, logger: logging.Logger) -> None:
        self._named = named
        self._counts = counts
        self._logger = logger
        self._all: list[Unreadable] = []
        self._is_any_read = False

    @contextmanager
    def noticing(self, model: Model) -> Iterator[None]:
        """Read a stream inside this: if it cannot be read, that ends only the stream.

        Args:
            model: The model of the stream.

        Raises:
            PlanhatError: Reading failed for another reason, or another path.
        """
        before = self._counts.records
        try:
            yield
            self._is_any_read = True
        except PlanhatError as error:
            status = error.status
            is_refused = status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
            path = error.path or ""
            # The token may lack the permission for something else that the settings ask for.
            if not (is_refused and (path == model.path or path.startswith(f"{model.path}/"))):
                raise
            found = Unreadable(model, int(status or 0), self._counts.records > before)
            self._all.append(found)
            how = " to its end" if found.is_begun else ""
            why = _why(found.status, [model])
            self._logger.warning("%s cannot be read%s: %s", model.name, how, why)

    def check(self) -> None:
        """Check at the end of a run that it is complete without these streams.

        Raises:
            UnreadableError: A stream was asked for by name and is documented, one was read in
                part, or none could be read.
        """
        missing = [each for each in self._all if self._is_missing(each)]
        if not missing:
            return
        sentences = []
        for status, advice in _ADVICE.items():
            models = [each.model for each in missing if each.status == status]
            if models:
                names = _list([model.name for model in models])
                sentences.append(f"{_why(status, models)}: {advice} or leave out {names}")
        if begun := [each.model.name for each in missing if each.is_begun]:
            sentences.append(f"{_list(begun)} had been read in part: run again")
        if self._is_any_read:
            sentences.append("all other streams were read to their end")
        raise UnreadableError("; ".join(sentences))

    def _is_missing(self, each: Unreadable) -> bool:
        is_asked_for = each.model.name in self._named and not each.model.is_uncertain
        return is_asked_for or each.is_begun or not self._is_any_read


_ADVICE = {
    HTTPStatus.FORBIDDEN: "grant it to the private app in Planhat,",
    HTTPStatus.NOT_FOUND: "check api_url,",
}


def _why(status: int, models: list[Model]) -> str:
    paths = [model.path for model in models]
    if status == HTTPStatus.FORBIDDEN:
        return f"api_token has no permission for {_list([f'GET {path}' for path in paths])} (403)"
    return f"Planhat has no {_list(paths)} for this token (404)"


def _list(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
