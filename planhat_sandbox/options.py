"""The command line of ``planhat-sandbox``: what it takes, and how its texts are read."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from planhat_sandbox.faults.faults import Fault, read_fault
from planhat_sandbox.planhat.models import MODELS, SandboxModel, plain_model
from planhat_sandbox.planhat.switches import read_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

DESCRIPTION = """\
A stateful Planhat on loopback that is not Planhat: for trials and tests.

Faults and behaviours are listed in docs/sandbox.md. Examples:
  planhat-sandbox --tenant token-a=alpha --seed alpha:issues=5000,objectives=1000,seed=1
  planhat-sandbox --fault status,status=429,retry_after=2,every=5,route=list
  planhat-sandbox --behave custom=replace --behave alpha:unknown_id=refuse
"""
SEEDED = ("issues", "objectives", "seed", "companies", "endusers")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Options:
    """What a sandbox was asked for on its command line.

    Attributes:
        host: Address to listen on.
        port: Port to listen on, 0 for any free one.
        tenants: Token → alias.
        models: Models beside those that are always there.
        any_model: Whether every model is served.
        random_seed: For everything random.
        behaviours: Tenant, None for all, with the name and value of a behaviour.
        seeds: Tenant, None for the first, with arguments of `seed_tenant`.
        faults: Faults to switch on.
    """

    host: str
    port: int
    tenants: Mapping[str, str]
    models: Sequence[SandboxModel]
    any_model: bool
    random_seed: int
    behaviours: Sequence[tuple[str | None, dict[str, Any]]]
    seeds: Sequence[tuple[str | None, dict[str, Any]]]
    faults: Sequence[Fault]


def read_options(arguments: Sequence[str] | None) -> Options:
    """Read a command line.

    Args:
        arguments: Its words; None for those of the process.

    Returns:
        What was asked for.

    Raises:
        ValueError: Something of it is wrong, in one sentence.
    """
    given = _parser().parse_args(arguments)
    return Options(
        host=given.host,
        port=_named("--port", _number, given.port),
        tenants=_named("--tenant", _tenants, given.tenant),
        models=_named("--model", _models, given.model),
        any_model=given.any_model,
        random_seed=_named("--random-seed", _number, given.random_seed),
        behaviours=[_named("--behave", _behaviour, text) for text in given.behave],
        seeds=[_named("--seed", _seed, text) for text in given.seed],
        faults=[_named("--fault", _fault, text) for text in given.fault],
    )


def _named(option: str, read: Callable[[T], R], value: T) -> R:
    """Read a value; what is wrong with it is said with the option's name."""
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from error


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def _tenants(texts: Iterable[str]) -> dict[str, str]:
    tenants: dict[str, str] = {}
    names: set[str] = set()
    for text in texts:
        token, _, alias = text.partition("=")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("a tenant needs a token without blanks: TOKEN or TOKEN=ALIAS")
        if names & {token, alias}:  # not named here: it may be a token
            raise ValueError("two tenants share a token or an alias: choose different ones")
        names |= {token, alias} - {""}
        tenants[token] = alias
    return tenants or {"token-a": "alpha"}


def _models(texts: Iterable[str]) -> list[SandboxModel]:
    models: list[SandboxModel] = []
    taken = {word for model in MODELS for word in (model.name, model.route)}
    for text in texts:
        model = plain_model(*text.split(":", 1))
        words = {model.name, model.route}
        if not all(map(_WORD.fullmatch, words)):
            raise ValueError(f"a model is NAME or NAME:PATH, a plain word each, not {text!r}")
        if words & taken:
            raise ValueError(
                f"there is a model called {' or '.join(sorted(words & taken))} already"
            )
        taken |= words
        models.append(model)
    return models


def _seed(text: str) -> tuple[str | None, dict[str, Any]]:
    tenant, rest = _place(text)
    values = _pairs(rest)
    unknown = values.keys() - SEEDED
    if unknown:
        raise ValueError(f"it takes {', '.join(SEEDED)}, not {', '.join(sorted(unknown))}")
    for name, value in values.items():
        if name != "seed" and value.strip().startswith("-"):
            raise ValueError(f"{name} is 0 or more, not {value}")
    return tenant, {name: read_as(int, value, name) for name, value in values.items()}


def _fault(text: str) -> Fault:
    name, comma, rest = text.partition(",")
    values = _pairs(rest) if comma else {}
    for reserved in ("name", "options"):
        if reserved in values:
            raise ValueError(f"a fault has no option {reserved!r}")
    return read_fault({"name": name, **values})


def _behaviour(text: str) -> tuple[str | None, dict[str, Any]]:
    tenant, rest = _place(text)
    return tenant, dict([_pair(rest)])


def _place(text: str) -> tuple[str | None, str]:
    """Split ``alpha:what=it``; without a tenant it is for all."""
    before, colon, after = text.partition(":")
    return (before, after) if colon and "=" not in before else (None, text)


def _pairs(text: str) -> dict[str, str]:
    pairs = [_pair(each) for each in text.split(",")]
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError(f"{text!r} names one thing twice")
    return values


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise ValueError(f"a value is given as NAME=VALUE, not {text!r}")
    return name, value


class _Parser(argparse.ArgumentParser):
    """A parser that raises what is wrong, for the one sentence that the command prints."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}: see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="planhat-sandbox",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", default="0", help="0 (default) = any free port")
    many: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument(
        "--tenant", metavar="TOKEN[=ALIAS]", help="default: token-a=alpha; may be repeated", **many
    )
    parser.add_argument(
        "--seed",
        metavar="[TENANT:]issues=N,objectives=N,seed=S",
        help="fill a tenant (default: the first) with demo data; may be repeated",
        **many,
    )
    parser.add_argument(
        "--fault", metavar="NAME[,OPTION=VALUE…]", help="switch a fault on; may be repeated", **many
    )
    parser.add_argument(
        "--behave",
        metavar="[TENANT:]NAME=VALUE",
        help="switch a behaviour; may be repeated",
        **many,
    )
    parser.add_argument(
        "--model", metavar="NAME[:PATH]", help="serve one more model; may be repeated", **many
    )
    parser.add_argument("--any-model", action="store_true", help="serve every model asked for")
    parser.add_argument(
        "--random-seed", default="0", help="for faults with a probability, and for churn"
    )
    return parser
