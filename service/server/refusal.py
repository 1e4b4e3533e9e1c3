"""The answer to what never becomes a request: in the error schema, and readable for the pages that may read answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from service.errors import ApiError
from service.server.head import Header

log = structlog.get_logger("service.access")


class Writer(Protocol):
    """Whoever passes bytes on to the client."""

    def write(self, data: bytes) -> None: ...


@dataclass(frozen=True)
class Refusals:
    """`headers` go out with every refusal, `cors_headers` with those to a page of one of the `origins`."""

    headers: Sequence[Header] = ()
    origins: AbstractSet[bytes] = frozenset()
    cors_headers: Sequence[Header] = field(
        default=(
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", b"X-Request-ID, Retry-After"),
        )
    )

    def answer(self, client: Writer, peer: str, error: ApiError, asked: Iterable[Header], added: Iterable[Header]) -> None:
        """Write the response, with the headers `added`, and log it.

        `asked` are the headers that were read; one Origin among them says who reads the answer.
        """
        request_id = uuid.uuid4().hex
        client.write(self._response(error, request_id, asked, added))
        log.info(
            "request",
            request_id=request_id,
            method=None,
            operation=None,
            status=error.status,
            code=error.code.value,
            client=peer,
        )

    def _response(self, error: ApiError, request_id: str, asked: Iterable[Header], added: Iterable[Header]) -> bytes:
        body = error.body()
        lines = [
            *added,
            *error.raw_headers(body),
            *self.headers,
            *self._cors(asked),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        return b"".join([STATUS_LINE[error.status], *(b"%b: %b\r\n" % line for line in lines), b"\r\n", body])

    def _cors(self, asked: Iterable[Header]) -> Sequence[Header]:
        found = [value for name, value in asked if name == b"origin"]
        if len(found) != 1 or found[0] not in self.origins:
            return ()
        return [(b"access-control-allow-origin", found[0]), *self.cors_headers, (b"vary", b"Origin")]
