"""Refuses bodies that are too large, before they are read, or too slow."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.error_codes import ErrorCode
from service.errors import ApiError


class BodyLimitMiddleware:
    """`max_bytes` bounds a body; `timeout` in seconds the time that it may take to arrive.

    `max_arriving` bounds how many are on their way at once. With one too many, the one that has taken longest is over time:
    whoever sends as browsers do is done long before, however many others are slow on purpose.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, timeout: float, max_arriving: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._max_arriving = max_arriving
        self._arriving: dict[int, asyncio.Timeout] = {}  # in the order in which they began
        self._count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Raises ApiError from here, or from `receive` for whoever reads the body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self._max_bytes:
            raise self._too_large()
        received = 0
        self._count += 1
        number = self._count
        deadline = asyncio.get_running_loop().time() + self._timeout
        complete = False

        async def receive_limited() -> Message:
            nonlocal received, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline) as timeout:
                    self._arrives(number, timeout)
                    message = await receive()
            except TimeoutError:
                raise ApiError(ErrorCode.request_timeout, headers={"Connection": "close"}) from None
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise self._too_large()
            complete = not message.get("more_body", False)
            if complete:
                self._arriving.pop(number, None)
            return message

        try:
            await self._app(scope, receive_limited, send)
        finally:
            self._arriving.pop(number, None)

    def _arrives(self, number: int, timeout: asyncio.Timeout) -> None:
        self._arriving[number] = timeout
        if len(self._arriving) > self._max_arriving:
            slowest = self._arriving.pop(next(iter(self._arriving)))
            with contextlib.suppress(RuntimeError):  # nobody waits for it at the moment
                slowest.reschedule(0)

    def _too_large(self) -> ApiError:
        return ApiError(ErrorCode.payload_too_large, details={"maxBytes": self._max_bytes}, headers={"Connection": "close"})
