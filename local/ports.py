"""TCP ports on this machine."""

import socket

from service.server.listening import obstacle


class PortTakenError(Exception):
    """Another program listens where ours should."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken")
        self.port = port


class ListenError(Exception):
    """What is wrong with where we should listen: `variable` is HOST or PORT, the message the rest of the sentence."""

    def __init__(self, variable: str, cure: str) -> None:
        super().__init__(cure)
        self.variable = variable


def require_free(port: int, host: str = "127.0.0.1") -> None:
    """Raise PortTakenError where another program listens on `port` at `host`, ListenError where nobody could."""
    found = obstacle(host, port)
    if found is None:
        return
    if found.taken:
        raise PortTakenError(port)
    raise ListenError(found.variable, found.cure)


def free() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
