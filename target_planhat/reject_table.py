"""Shows the rejects of a file as a table, for `target-planhat --rejects`.

Of a record only its keyables are shown, or else the key properties of its SCHEMA: the file may hold
personal data.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from planhat_sync.runtime import stdout
from planhat_sync.runtime.config_files import path_to_show, reason_of
from planhat_sync.runtime.plural import counted
from planhat_sync.runtime.terminal import TextStyle, aligned, columns
from planhat_sync.timestamps import parse_timestamp
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.reject_times import REJECTED_AT
from planhat_sync.writing.sending.changes import as_shown, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from planhat_sync.model import Model

HEADINGS: Final = ("line", "stream", "code", "property", "rejected at", "key", "message")
LONGEST_CELLS: Final = (7, 12, 18, 14, 17)
"""Characters of the cells beside each other on a terminal: 76 columns with the gaps."""


class RejectTable:
    """The rejects of a file.

    Args:
        models: The models, by name.

    Attributes:
        rows: The cells of each reject, in the order of the file and of `HEADINGS`.
    """

    def __init__(self, models: Mapping[str, Model]) -> None:
        self.rows: list[tuple[str, ...]] = []
        self._models = models
        self._key_properties: dict[str, Any] = {}
        self._codes: Counter[str] = Counter()
        self._unreadable = self._others = 0

    def read(self, path: str) -> None:
        """Read a reject file.

        Args:
            path: Its path.

        Raises:
            ConfigurationError: It cannot be read, or is something else.
        """
        shown = path_to_show(path)
        try:
            with Path(path).open("rb") as lines:
                is_reject_file = self._read_lines(lines)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"the file{shown} given as --rejects {reason_of(error)}"
            ) from None
        if not is_reject_file or (not self.rows and (self._others or self._unreadable)):
            raise ConfigurationError(
                f"the file{shown} given as --rejects holds no rejects: give the file that "
                "rejects_path names, or one that a replay has renamed"
            )

    def as_text(self, style: TextStyle, width: int | None) -> str:
        """Return the table, and below it how many rejects have which code.

        Args:
            style: How it is formatted.
            width: Columns of the terminal, where key and message stand below the rest of their
                row; None for one line each, however long.
        """
        return "\n".join([*self._lines(style, width), self._counts()])

    def _lines(self, style: TextStyle, width: int | None) -> Iterator[str]:
        if not self.rows:
            return
        rows: Sequence[Sequence[str]] = [row[:-1] for row in (HEADINGS, *self.rows)]
        if width is not None:
            rows = [tuple(map(_shortened, row, LONGEST_CELLS)) for row in rows]
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        head, *body = ("  ".join(aligned(row, widths, numbers=(0,))) for row in rows)
        yield style.heading(f"{head}  message" if width is None else head.rstrip())
        indent = " " * (widths[0] + 2)
        for line, (*_, key, message) in zip(body, self.rows, strict=True):
            if width is None:
                yield f"{line}  {message}"
                continue
            yield line.rstrip()
            yield from textwrap.wrap(
                f"{key}: {message}" if key else message,
                width,
                initial_indent=indent,
                subsequent_indent=indent,
            )
        yield ""

    def _counts(self) -> str:
        codes = ", ".join(f"{count:,} {code}" for code, count in self._codes.most_common())
        text = counted(len(self.rows), "reject") + (f": {codes}" if codes else "")
        if self._others:
            text += f"\n{counted(self._others, 'record')} without a reject object"
        if self._unreadable:
            are = "is" if self._unreadable == 1 else "are"
            text += f"\n{counted(self._unreadable, 'line')} that {are} not complete"
        return text

    def _read_lines(self, lines: Iterable[bytes]) -> bool:
        """Read lines, and return whether they are those of a reject file."""
        for line in lines:
            if not line.strip():
                continue
            try:
                message = decode(line)
            except ValueError:  # half a line, left by a kill
                self._unreadable += 1
                continue
            if not isinstance(message, dict) or not isinstance(message.get("stream"), str):
                return False
            stream = message["stream"]
            if message.get("type") == "SCHEMA":
                self._key_properties[stream] = message.get("key_properties")
            elif message.get("type") == "RECORD" and "reject" in message:
                self._add(stream, message.get("record"), message["reject"])
            else:
                self._others += 1
        return True

    def _add(self, stream: str, record: Any, reject: Any) -> None:  # noqa: ANN401 - any JSON value
        reject = reject if isinstance(reject, dict) else {}
        code = _cell(reject.get("code"))
        self._codes[code or "without a code"] += 1
        time = parse_timestamp(reject.get(REJECTED_AT))
        self.rows.append(
            (
                _cell(reject.get("line")),
                _cell(stream),
                code,
                _cell(reject.get("property")),
                _cell(reject.get(REJECTED_AT)) if time is None else f"{time:%Y-%m-%d %H:%M}Z",
                self._key_of(stream, record if isinstance(record, dict) else {}),
                _printable(_text(reject.get("message"))),
            )
        )

    def _key_of(self, stream: str, record: Mapping[str, Any]) -> str:
        model = self._models.get(stream)
        for name in model.keyables if model is not None else ():
            if key := _key(name, record):
                return key
        names = self._key_properties.get(stream)
        keys = [_key(name, record) for name in names] if isinstance(names, list) else []
        return ", ".join(filter(None, keys))


def _key(name: Any, record: Mapping[str, Any]) -> str:  # noqa: ANN401 - any JSON value
    value = record.get(name) if isinstance(name, str) else None
    is_key = isinstance(value, (str, int)) and value != ""
    return f"{_cell(name)} {_cell(value)}" if is_key else ""


def _cell(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return shortened(_text(value))


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None:
        return ""
    return value if isinstance(value, str) else as_shown(value)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def print_rejects(path: str) -> None:
    """Print the rejects of a file on standard output.

    Args:
        path: The file.

    Raises:
        ConfigurationError: It cannot be read, or is something else.
    """
    table, output = RejectTable(load_models()), stdout.as_stream()
    table.read(path)
    style = TextStyle.of(output)
    stdout.print_text(table.as_text(style, columns(output) if style.is_terminal else None))
