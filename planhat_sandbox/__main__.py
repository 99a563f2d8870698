"""The command ``planhat-sandbox``: prints its URL on stdout, then serves until a signal."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from planhat_sandbox.options import Options, read_options
from planhat_sandbox.planhat.tenancy import UnknownTenantError
from planhat_sandbox.sandbox import Sandbox
from planhat_sandbox.seed import seed_tenant

if TYPE_CHECKING:
    from collections.abc import Sequence


EXPLAINED = '(see "The sandbox" in docs/troubleshooting.md)'
"""The end of the last line of a sandbox that cannot start."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox until SIGTERM or SIGINT.

    Args:
        arguments: The command line; None for that of the process.

    Returns:
        Exit code: 0 after a signal, 1 if it could not start.
    """
    stopping = threading.Event()
    if isinstance(sys.stdout, io.TextIOWrapper):  # the help has characters that ASCII lacks
        sys.stdout.reconfigure(errors="replace")
    try:
        options = read_options(arguments)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        with _start(options) as sandbox:
            # A sandbox has hundreds of thousands of long-lived records. To traverse them again and
            # again for reference cycles would cost more than the requests (docs/adr/0020).
            gc.freeze()
            gc.set_threshold(500_000, 50, 1000)
            _print_url(sandbox.url)
            stopping.wait()
    except (ValueError, LookupError, OSError) as error:
        _print_last_line(f"planhat-sandbox: {error} {EXPLAINED}")
        return 1
    return 0


def _start(options: Options) -> Sandbox:
    sandbox = Sandbox(
        options.tenants,
        models=options.models,
        any_model=options.any_model,
        seed=options.random_seed,
        host=options.host,
        port=options.port,
    )
    with contextlib.ExitStack() as on_failure:
        on_failure.enter_context(sandbox)
        try:
            for tenant, behaviour in options.behaviours:
                sandbox.behave(tenant, **behaviour)
            for tenant, amounts in options.seeds:
                seed_tenant(sandbox.tenant(tenant or next(iter(options.tenants))), **amounts)
            for fault in options.faults:
                sandbox.add_fault(fault)
        except UnknownTenantError as error:
            raise ValueError(f"{error}: name one of these, or add it with --tenant") from error
        on_failure.pop_all()
    return sandbox


def _print_last_line(line: str) -> None:
    bare = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    red = sys.stderr.isatty() and not bare
    print(f"\x1b[31m{line}\x1b[0m" if red else line, file=sys.stderr)  # noqa: T201 - output of a command


def _print_url(url: str) -> None:
    try:
        print(url, flush=True)  # noqa: T201 - output of a command
    except OSError as error:
        # Python flushes stdout again when it exits, and that would change the exit code.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OSError(f"cannot print the URL: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main())
