"""The texts of command-line options, read into values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from planhat_sandbox.faults.fault import Fault, read_fault
from planhat_sandbox.planhat.model import SandboxModel, plain_model
from planhat_sandbox.planhat.models import MODELS
from planhat_sandbox.planhat.switches import read_as
from planhat_sandbox.seed import OTHERS

if TYPE_CHECKING:
    from collections.abc import Iterable

SEED_NAMES = (
    "issues",
    "objectives",
    "seed",
    "companies",
    "endusers",
    "shared_ids",
    "others",
    *OTHERS,
)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def read_number(text: str) -> int:
    """Read a whole number.

    Args:
        text: ``8765``.

    Raises:
        ValueError: It is not a whole number.
    """
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def read_tenants(texts: Iterable[str]) -> dict[str, str]:
    """Read tenants.

    Args:
        texts: ``TOKEN`` or ``TOKEN=ALIAS`` each.

    Returns:
        Alias by token; one default tenant if there are no texts.

    Raises:
        ValueError: A token is invalid, or two tenants share a token or an alias.
    """
    tenants: dict[str, str] = {}
    names: set[str] = set()
    for text in texts:
        token, _, alias = text.partition("=")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("a tenant needs a token without spaces: TOKEN or TOKEN=ALIAS")
        if names & {token, alias}:  # not named in the message, since it may be a token
            raise ValueError("two tenants share a token or an alias: choose different ones")
        names |= {token, alias} - {""}
        tenants[token] = alias
    return tenants or {"token-a": "alpha"}


def read_models(texts: Iterable[str]) -> list[SandboxModel]:
    """Read models beside those that the sandbox describes.

    Args:
        texts: ``NAME`` or ``NAME:PATH`` each.

    Raises:
        ValueError: A name or path is invalid or exists already.
    """
    models: list[SandboxModel] = []
    taken = {word for model in MODELS for word in (model.name, model.route)}
    for text in texts:
        model = plain_model(*text.split(":", 1))
        words = {model.name, model.route}
        if not all(map(_WORD.fullmatch, words)):
            raise ValueError(
                "a model is NAME or NAME:PATH, of letters, digits, hyphens and underscores, "
                f"not {text!r}"
            )
        if words & taken:
            raise ValueError(f"the model {' or '.join(sorted(words & taken))} exists already")
        taken |= words
        models.append(model)
    return models


def read_seed(text: str) -> tuple[str | None, dict[str, Any]]:
    """Read what a tenant is filled with.

    Args:
        text: ``[TENANT:]NAME=VALUE,…``.

    Returns:
        The tenant, None for the first, and arguments of `seed_tenant`.

    Raises:
        ValueError: A name or value is invalid.
    """
    tenant, rest = _split_tenant(text)
    values = _read_pairs(rest)
    unknown = values.keys() - SEED_NAMES
    if unknown:
        raise ValueError(f"it takes {', '.join(SEED_NAMES)}, not {', '.join(sorted(unknown))}")
    for name, value in values.items():
        if name not in ("seed", "shared_ids") and value.strip().startswith("-"):
            raise ValueError(f"{name} must be 0 or more, not {value}")
    return tenant, {
        name: read_as(bool if name == "shared_ids" else int, value, name)
        for name, value in values.items()
    }


def read_fault_text(text: str) -> Fault:
    """Read a fault.

    Args:
        text: ``NAME[,OPTION=VALUE…]``.

    Raises:
        ValueError: A name or value is invalid.
    """
    name, comma, rest = text.partition(",")
    values = _read_pairs(rest) if comma else {}
    for reserved in ("name", "options"):
        if reserved in values:
            raise ValueError(f"a fault has no option {reserved!r}")
    return read_fault({"name": name, **values})


def read_behaviour(text: str) -> tuple[str | None, dict[str, Any]]:
    """Read a behaviour.

    Args:
        text: ``[TENANT:]NAME=VALUE``.

    Returns:
        The tenant, None for all, and the value by name.

    Raises:
        ValueError: The text does not have this form.
    """
    tenant, rest = _split_tenant(text)
    return tenant, dict([_read_pair(rest)])


def _split_tenant(text: str) -> tuple[str | None, str]:
    before, colon, after = text.partition(":")
    return (before, after) if colon and "=" not in before else (None, text)


def _read_pairs(text: str) -> dict[str, str]:
    pairs = [_read_pair(each) for each in text.split(",")]
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError(f"{text!r} has the same name twice")
    return values


def _read_pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise ValueError(f"expected NAME=VALUE, not {text!r}")
    return name, value
