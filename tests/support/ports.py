"""Ports for servers whose port must be chosen before they start."""

from __future__ import annotations

import contextlib
import secrets
import socket
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a free port that the system assigns to no other program meanwhile.

    Whoever asks the system for any port gets one of a range, and the tests beside this one do so
    all the time. This one is below that range.
    """
    first = int(RANGE.read_text().split()[0]) if RANGE.exists() else 32_768
    while True:
        port = 10_000 + secrets.randbelow(max(first - 10_000, 1_000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
