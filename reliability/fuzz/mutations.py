"""Changes to an input that leave it JSON; few of libFuzzer's own do."""

from __future__ import annotations

import json
import random
from typing import Any

ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
    "",
    "..",
    "a/b?c#d",
    "\x00",
    "\ud800",
    "2026-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "null",
    [],
    {},
    [[]],
    [None],
    {"": None},
)
BETWEEN = {"lines": b"\n", "pages": b"|||"}
BEFORE = {"answer": 1}
"""Number of bytes at the beginning of an input that are not JSON."""


class Mutator:
    """Changes inputs of one harness.

    Args:
        name: The harness.
    """

    def __init__(self, name: str) -> None:
        self._between = BETWEEN.get(name)
        self._before = BEFORE.get(name, 0)

    def __call__(self, data: bytes, max_size: int, seed: int) -> bytes:
        """Return a changed input, mostly one that is still JSON."""
        chance = random.Random(seed)
        head, rest = data[: self._before], data[self._before :]
        parts = rest.split(self._between) if self._between else [rest]
        place = chance.randrange(len(parts))
        try:
            value = json.loads(parts[place])
        except (ValueError, RecursionError):
            return _scratched(data, chance)[:max_size]
        for _ in range(chance.randrange(1, 4)):
            value = _changed(value, chance)
        parts[place] = json.dumps(value, ensure_ascii=chance.random() < 0.5).encode(  # noqa: PLR2004
            errors="surrogatepass"
        )
        if self._between and chance.random() < 0.3:  # noqa: PLR2004 - so that orders change
            parts.insert(chance.randrange(len(parts) + 1), chance.choice(parts))
        return (head + (self._between or b"").join(parts))[:max_size]


def _scratched(data: bytes, chance: random.Random) -> bytes:
    """Change a few bytes of an input that is not JSON."""
    text = bytearray(data)
    at = chance.randrange(len(text) + 1)
    text[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
    return bytes(text)


def _changed(value: Any, chance: random.Random) -> Any:  # noqa: ANN401 - any JSON value
    """Change one place in a value; deeper ones as likely as higher ones."""
    if not isinstance(value, (dict, list)) or not value or chance.random() < 0.1:  # noqa: PLR2004
        return _replaced(value, chance)
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = chance.choice(keys)
    luck = chance.randrange(10)
    if luck == 0:
        del value[key]
    elif luck == 1 and isinstance(value, dict):
        value[chance.choice(["", "__else__", "x", *map(str, keys)])] = value.pop(key)
    elif luck == 2 and isinstance(value, list):  # noqa: PLR2004 - one in ten
        value.append(value[key])
    else:
        value[key] = _changed(value[key], chance)
    return value


def _replaced(value: Any, chance: random.Random) -> Any:  # noqa: ANN401 - any JSON value
    odd = chance.choice(ODD)
    wrapped = chance.choice([odd, odd, odd, [value], {"x": value}, str(value), [value, odd]])
    return json.loads(json.dumps(wrapped))
