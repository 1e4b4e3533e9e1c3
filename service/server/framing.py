"""Counts what frames requests: heads, chunk sizes and extensions, trailers; and not what bodies contain."""

from __future__ import annotations

_CHUNK_LINE = 16  # bytes that each chunk may take beside its data, so that small chunks do not look like an attack


class FramingMeter:
    """Of one connection. A section is a head, or a body with its trailers; one that ends begins the count anew."""

    def __init__(self) -> None:
        self._bytes = 0
        self._sections = 0
        self._fed_in = 0

    def section_begins(self) -> None:
        """A head or a body begins or ends."""
        self._sections += 1

    def content(self, count: int) -> None:
        """So many bytes were a body's content."""
        self._bytes -= count

    def chunk(self) -> None:
        """The line with a chunk's size was read."""
        self._bytes -= _CHUNK_LINE

    def fed(self, count: int, *, within: bool) -> int:
        """The size of the section after `count` more bytes were parsed; `within` says whether they end inside of one."""
        if self._fed_in != self._sections or not within:
            self._fed_in = self._sections
            self._bytes = 0
        else:
            self._bytes = max(0, self._bytes + count)
        return self._bytes
