"""The command ``planhat-sandbox``: one line with the URL on stdout, then it serves until told."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from planhat_sandbox.faults import read_fault
from planhat_sandbox.models import plain_model
from planhat_sandbox.sandbox import Sandbox
from planhat_sandbox.seed import seed_tenant
from planhat_sandbox.switches import read_as

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
A stateful Planhat on loopback that is not Planhat: for trials and tests.

Faults and behaviours are listed in docs/sandbox.md. Examples:
  planhat-sandbox --tenant token-a=alpha --seed alpha:issues=5000,objectives=1000,seed=1
  planhat-sandbox --fault status,status=429,retry_after=2,every=5,route=list
  planhat-sandbox --behave custom=replace --behave alpha:unknown_id=refuse
"""


SEEDED = ("issues", "objectives", "seed", "companies", "endusers")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox until SIGTERM or SIGINT.

    Args:
        arguments: The command line; None = that of the process.

    Returns:
        Exit code: 0 after a signal, 1 when it could not start.
    """
    options = _parser().parse_args(arguments)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        sandbox = _started(options)
    except (ValueError, LookupError, OSError) as error:
        print(f"planhat-sandbox: {error}", file=sys.stderr)  # noqa: T201 - a command speaks
        return 1
    # A sandbox holds some hundred thousand long-lived records; walking through them over and over
    # in search of cycles that are not there costs more than the work (docs/adr/0020).
    gc.freeze()
    gc.set_threshold(500_000, 50, 1000)
    with sandbox:
        print(sandbox.url, flush=True)  # noqa: T201 - the one line it promises
        stopping.wait()
    return 0


def _started(options: argparse.Namespace) -> Sandbox:
    tenants = dict(_pair(text) for text in options.tenant) or {"token-a": "alpha"}
    sandbox = Sandbox(
        tenants,
        models=[plain_model(*text.split(":", 1)) for text in options.model],
        any_model=options.any_model,
        seed=options.random_seed,
        host=options.host,
        port=options.port,
    )
    try:
        for text in options.behave:
            tenant, rest = _place(text)
            sandbox.behave(tenant, **dict([_pair(rest)]))
        for text in options.seed:
            tenant, rest = _place(text)
            seed_tenant(sandbox.tenant(tenant or next(iter(tenants))), **_read_seed(rest))
        for text in options.fault:
            name, _, rest = text.partition(",")
            values: dict[str, Any] = dict(map(_pair, rest.split(","))) if rest else {}
            sandbox.add_fault(read_fault({"name": name, **values}))
    except BaseException:
        sandbox.close()
        raise
    return sandbox


def _read_seed(text: str) -> dict[str, Any]:
    values = dict(map(_pair, text.split(",")))
    unknown = values.keys() - SEEDED
    if unknown:
        raise ValueError(f"--seed takes {', '.join(SEEDED)}, not {', '.join(unknown)}")
    return {name: read_as(int, value, name) for name, value in values.items()}


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _place(text: str) -> tuple[str | None, str]:
    """Split ``alpha:what=it``; without a tenant it is for all."""
    before, colon, after = text.partition(":")
    return (before, after) if colon and "=" not in before else (None, text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="planhat-sandbox",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 (default) = any free port")
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
        "--random-seed", type=int, default=0, help="for faults with a probability, and for churn"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
