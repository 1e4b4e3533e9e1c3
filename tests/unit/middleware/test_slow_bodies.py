"""Who sends slowly takes nobody's place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import pytest
from starlette.types import Message, Receive, Scope, Send

from service import request_context
from service.error_codes import ErrorCode
from service.errors import ApiError
from service.middleware.body_limit import BodyLimitMiddleware
from service.middleware.concurrency_limit import ConcurrencyLimitMiddleware
from service.operation import Operation
from service.request_context import RequestContext

POST: Scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-length", b"3")]}
WITH_BODY = Operation("signIn", "POST", "/", frozenset({ErrorCode.upstream_unavailable}), check_body=lambda _body: ())
WITHOUT_BODY = Operation("getMe", "GET", "/", frozenset({ErrorCode.upstream_unavailable}))


async def ignore(_message: Message) -> None:
    """Sends nowhere."""


def parts(*chunks: bytes, complete: bool) -> Receive:
    """Delivers the chunks; then, where that is not all, nothing for ever."""
    left = list(chunks)

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(left) or not complete}

    return receive


class Reading:
    """An application that reads the body and then works until it is told to stop."""

    def __init__(self) -> None:
        self.working = 0
        self.done = asyncio.Event()

    async def __call__(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        if request_context.current_request().operation is WITH_BODY:
            while (await receive()).get("more_body", False):
                pass
        self.working += 1
        await self.done.wait()


def begin(app: Callable[..., Awaitable[None]], operation: Operation, receives: Iterable[Receive]) -> list[asyncio.Task[None]]:
    async def serve(receive: Receive) -> None:
        request_context.enter(RequestContext(operation=operation))
        await app(POST, receive, ignore)

    return [asyncio.create_task(serve(receive)) for receive in receives]


async def test_a_request_counts_once_its_body_is_there() -> None:
    reading = Reading()
    app = ConcurrencyLimitMiddleware(reading, limit=2)
    slow = begin(app, WITH_BODY, (parts(b"a", complete=False) for _ in range(50)))
    await asyncio.sleep(0.05)
    quick = begin(app, WITH_BODY, [parts(b"a", b"bc", complete=True), parts(b"abc", complete=True)])
    await asyncio.sleep(0.05)
    assert reading.working == 2
    [too_many] = begin(app, WITH_BODY, [parts(b"abc", complete=True)])
    with pytest.raises(ApiError) as refused:
        await too_many
    assert refused.value.code is ErrorCode.upstream_unavailable
    reading.done.set()
    await asyncio.gather(*quick)
    await asyncio.gather(*begin(app, WITH_BODY, [parts(b"abc", complete=True)]))
    for task in slow:
        task.cancel()


async def test_a_request_without_a_body_counts_at_once_although_it_announces_one() -> None:
    reading = Reading()
    app = ConcurrencyLimitMiddleware(reading, limit=1)
    first = begin(app, WITHOUT_BODY, [parts(complete=False)])
    await asyncio.sleep(0.05)
    [second] = begin(app, WITHOUT_BODY, [parts(complete=False)])
    with pytest.raises(ApiError):
        await second
    reading.done.set()
    await asyncio.gather(*first)


async def test_with_one_body_too_many_on_its_way_the_slowest_is_over_time() -> None:
    reading = Reading()
    app = BodyLimitMiddleware(reading, max_bytes=1_000, timeout=60, max_arriving=3)
    slow = begin(app, WITH_BODY, (parts(b"a", complete=False) for _ in range(3)))
    await asyncio.sleep(0.05)
    quick = begin(app, WITH_BODY, (parts(b"a", b"bc", complete=True) for _ in range(20)))
    await asyncio.sleep(0.05)
    assert reading.working == 20
    newest = begin(app, WITH_BODY, [parts(b"a", complete=False), parts(complete=False)])
    await asyncio.sleep(0.05)
    refused = [task for task in slow if task.done()]
    assert refused == slow[: len(refused)], "the oldest first"
    assert len(refused) >= 2
    for task in refused:
        error = task.exception()
        assert isinstance(error, ApiError)
        assert error.code is ErrorCode.request_timeout
    assert not any(task.done() for task in newest)
    reading.done.set()
    await asyncio.gather(*quick)
    for task in [*slow, *newest]:
        task.cancel()
