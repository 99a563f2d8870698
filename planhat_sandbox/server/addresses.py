"""Which addresses and ports the sandbox listens on: loopback only."""

from __future__ import annotations

import errno
import ipaddress

MAX_PORT = 65_535


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is a loopback one.

    Args:
        host: A name or an address, without a port.

    Returns:
        True for ``localhost``, 127.0.0.0/8 and ::1.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_address(host: str, port: int) -> None:
    """Check that the sandbox may listen on an address.

    Args:
        host: A name or an address.
        port: A port; 0 stands for any free one.

    Raises:
        ValueError: The host is not a loopback address, or the port does not exist.
    """
    if not is_loopback(host):
        raise ValueError(
            f"the sandbox listens on loopback only, and {host!r} is not a loopback address: "
            "use 127.0.0.1 or ::1"
        )
    if not 0 <= port <= MAX_PORT:
        raise ValueError(
            f"port {port} does not exist: use one up to {MAX_PORT}, or 0 for any free one"
        )


def explain_listen_error(error: OSError, host: str, port: int) -> str:
    """Explain why the sandbox cannot listen on a port, and what to do.

    Args:
        error: What the operating system raised.
        host: The address.
        port: The port.

    Returns:
        One sentence.
    """
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is taken, perhaps by another sandbox: stop the program that listens "
            "there, choose another port, or use --port 0 for any free one"
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"this user is not allowed to listen on port {port}: choose one from 1024 on, or use "
            "--port 0 for any free one"
        )
    if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
        return f"this machine has no address {host}: use 127.0.0.1"
    return f"cannot listen on port {port} of {host}: {error.strerror or error}"
