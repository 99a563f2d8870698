"""The command line of ``planhat-sandbox``."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from planhat_sandbox.option_values import (
    read_behaviour,
    read_fault_text,
    read_models,
    read_number,
    read_seed,
    read_tenants,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sandbox.faults.fault import Fault
    from planhat_sandbox.planhat.model import SandboxModel

DESCRIPTION = """\
A local fake of the Planhat API, for trials and tests. It listens on loopback
only and keeps its records in memory. It prints its address and runs until it is
stopped with Ctrl-C.

Faults and behaviours are listed in docs/sandbox.md. Examples:
  planhat-sandbox --tenant token-a=alpha --seed issues=5000,objectives=1000
  planhat-sandbox --fault status,status=429,retry_after=2,every=5,route=list
  planhat-sandbox --behave custom=replace --behave alpha:unknown_id=refuse
"""
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one sandbox.

    Attributes:
        host: Address to listen on.
        port: Port to listen on; 0 for any free one.
        tenants: Alias by token.
        models: Models beside those that are always served.
        any_model: Whether every model is served.
        random_seed: For everything random.
        behaviours: Tenant, None for all, and the value of a behaviour by its name.
        seeds: Tenant, None for the first, and arguments of `seed_tenant`.
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
        The options.

    Raises:
        ValueError: An option is invalid; the message is one sentence that names it.
    """
    given = _make_parser().parse_args(arguments)
    return Options(
        host=given.host,
        port=_read("--port", read_number, given.port),
        tenants=_read("--tenant", read_tenants, given.tenant),
        models=_read("--model", read_models, given.model),
        any_model=given.any_model,
        random_seed=_read("--random-seed", read_number, given.random_seed),
        behaviours=[_read("--behave", read_behaviour, text) for text in given.behave],
        seeds=[_read("--seed", read_seed, text) for text in given.seed],
        faults=[_read("--fault", read_fault_text, text) for text in given.fault],
    )


def _read(option: str, read: Callable[[T], R], value: T) -> R:
    """Read a value, and begin the message of any error with the name of the option."""
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from error


class _Parser(argparse.ArgumentParser):
    """A parser that raises errors instead of printing the usage and exiting."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}: see {self.prog} --help")


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="planhat-sandbox",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"%(prog)s v{metadata.version('planhat-sync')}",
        help="show the version and exit",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="loopback address to listen on (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--port", default="0", help="port to listen on (default: 0, for any free one)"
    )
    repeatable: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument(
        "--tenant",
        metavar="TOKEN[=ALIAS]",
        help="add a tenant (default: token-a=alpha); can be repeated",
        **repeatable,
    )
    parser.add_argument(
        "--seed",
        metavar="[TENANT:]MODEL=N,others=N,seed=S",
        help=(
            "fill a tenant (default: the first) with demo data; others=N is for every model that "
            "has no number of its own; can be repeated"
        ),
        **repeatable,
    )
    parser.add_argument(
        "--fault",
        metavar="NAME[,OPTION=VALUE…]",
        help="switch a fault on; can be repeated",
        **repeatable,
    )
    parser.add_argument(
        "--behave",
        metavar="[TENANT:]NAME=VALUE",
        help="change a behaviour, for all tenants by default; can be repeated",
        **repeatable,
    )
    parser.add_argument(
        "--model",
        metavar="NAME[:PATH]",
        help="serve one more model; can be repeated",
        **repeatable,
    )
    parser.add_argument("--any-model", action="store_true", help="serve every model")
    parser.add_argument(
        "--random-seed",
        metavar="NUMBER",
        default="0",
        help="seed for faults with a probability and for churn (default: 0)",
    )
    return parser
