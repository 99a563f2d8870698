"""Streams that cannot be read: the token may not (403), or the tenant does not have them (404).

Neither says anything about other streams, so the run reads those to their end.
"""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from planhat_sync.errors import PlanhatError, StopError

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Iterator

    from planhat_sync.models import Model


class UnreadableStreams:
    """The streams of a run that cannot be read.

    Args:
        named: Names of the streams that were asked for by name, and not only by a pattern.
        logger: Receives a warning about each stream that cannot be read.
    """

    def __init__(self, named: Collection[str], logger: logging.Logger) -> None:
        self._named = named
        self._logger = logger
        self._all: list[tuple[Model, int]] = []
        self._is_any_read = False

    @contextmanager
    def noticing(self, model: Model) -> Iterator[None]:
        """Read a stream inside this: if it cannot be read, that ends only the stream.

        Args:
            model: The model of the stream.

        Raises:
            PlanhatError: Reading failed for another reason, or another path.
        """
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
            self._all.append((model, int(status or 0)))
            why = _why(int(status or 0), [model])
            self._logger.warning("%s cannot be read: %s", model.name, why)

    def check(self) -> None:
        """Check at the end of a run that it is complete without these streams.

        Raises:
            StopError: A stream was asked for by name and is documented, or none could be read.
        """
        missing = [
            (model, status)
            for model, status in self._all
            if not self._is_any_read or (model.name in self._named and not model.is_uncertain)
        ]
        if not missing:
            return
        sentences = []
        for status, advice in _ADVICE.items():
            models = [model for model, each in missing if each == status]
            if models:
                names = _list([model.name for model in models])
                sentences.append(f"{_why(status, models)}: {advice} or leave out {names}")
        if self._is_any_read:
            sentences.append("all other streams were read to their end")
        raise StopError("; ".join(sentences))


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
