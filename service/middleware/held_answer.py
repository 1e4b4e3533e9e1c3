"""Holds an answer back until its time has come, where its moment would tell what its words do not."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.request_context import current_request


class HeldAnswerMiddleware:
    """Sends a response no earlier than the request's `answer_at`, which a handler sets.

    Stands outside of what bounds the work under way: who waits for a timer takes nobody's place.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = current_request()
        held: list[Message] = []

        async def send_or_hold(message: Message) -> None:
            if request.answer_at is None:
                await send(message)
            else:
                held.append(message)

        await self._app(scope, receive, send_or_hold)
        if request.answer_at is not None:
            await asyncio.sleep(request.answer_at - asyncio.get_running_loop().time())
            for message in held:
                await send(message)
