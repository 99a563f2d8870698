"""Log lines on standard error, without the identifiers of records that stand in paths."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_RECORD = re.compile(r"(/[a-z]+)/[^\s?\"':]+")


def log_to_stderr(environment: Mapping[str, str]) -> None:
    """Log to standard error from now on.

    Args:
        environment: Variables; they may set the level, which is WARNING by default.
    """
    level = environment.get("PLANHAT_BELIEFS_LOGLEVEL") or environment.get("LOGLEVEL") or "WARNING"
    handler = logging.StreamHandler()
    handler.addFilter(_without_identifiers)
    logging.basicConfig(format="%(message)s", level=level, handlers=[handler], force=True)


def _without_identifiers(record: logging.LogRecord) -> bool:
    record.msg, record.args = _RECORD.sub(r"\1/…", record.getMessage()), ()
    return True
