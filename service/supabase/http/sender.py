"""What the rest of the room needs of an HTTP client: another one can stand behind the same `send`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True)
class Answer:
    """A response as it came, its body decompressed."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Sender(Protocol):
    """Sends requests to one origin, so that no credential can end up elsewhere."""

    @property
    def origin(self) -> str:
        """Where requests go: scheme://host[:port]."""

    async def send(
        self, method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes | None = None
    ) -> Answer:
        """Send a request and read its response, whatever its status: no redirect is followed, no cookie kept.

        `target` is path and query (RFC 9112 section 3.2.1). The time for the whole is the caller's to bound, by
        asyncio.timeout. Raises one of the errors in service/supabase/http/errors.py.
        """
