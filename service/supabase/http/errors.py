"""What a request to Supabase can end in beside an answer."""

from __future__ import annotations


class WireError(Exception):
    """No answer, or none that can be used. Its message quotes nothing that was sent or received."""


class NotConnectedError(WireError):
    """Nothing was sent, because there was no connection: refused, no such name, a certificate that nobody vouches for."""


class ConnectTimeoutError(NotConnectedError):
    """Nothing was sent: connecting took too long."""


class NoFreeConnectionError(NotConnectedError):
    """Nothing was sent: all connections were in use for too long."""


class ReadTimeoutError(WireError):
    """The answer did not begin, or did not go on, for too long."""


class ConnectionLostError(WireError):
    """The connection ended before the answer did."""


class UnusableResponseError(WireError):
    """What came back is not HTTP/1.x, is larger than any answer of Supabase, does not decompress, or is empty."""


class UnsendableRequestError(WireError):
    """A request that would not be one on the wire, or that would go elsewhere. Nothing was sent."""
