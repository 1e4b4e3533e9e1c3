"""Whether HOST and PORT can be listened on, and if not, what is wrong with which."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Obstacle:
    """`variable` is what to change, and `cure` says how, as the rest of a sentence that begins with it."""

    variable: Literal["HOST", "PORT"]
    cure: str
    taken: bool = False


def obstacle(host: str, port: int) -> Obstacle | None:
    """What keeps a server from listening there; None where nothing does. Looks by listening for a moment."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        cure = "is no address, and no name that this machine knows: use 127.0.0.1 or 0.0.0.0 (some shells set HOST themselves)"
        return Obstacle("HOST", cure)
    with socket.socket(family, kind, protocol) as probe:
        # As servers do: a port whose last connections are still winding down is not taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            return _obstacle(error)
    return None


def _obstacle(error: OSError) -> Obstacle:
    if error.errno == errno.EADDRINUSE:
        return Obstacle("PORT", "is taken by another program: choose another", taken=True)
    if error.errno in (errno.EACCES, errno.EPERM):
        return Obstacle("PORT", "is one that needs rights which this process has not: use 1024 or above")
    return Obstacle("HOST", "is no address of this machine: use 127.0.0.1, 0.0.0.0 or one that it has")
