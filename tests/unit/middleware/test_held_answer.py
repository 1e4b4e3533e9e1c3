"""An answer that is held goes out when its time has come, and as it was."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive, Scope, Send

from service import request_context
from service.middleware.held_answer import HeldAnswerMiddleware
from service.request_context import RequestContext, current_request


async def answered(seconds: float | None) -> tuple[list[Message], float, float]:
    """What was sent, when the application was done, and when the answer had gone out, both in seconds from the beginning."""
    clock = asyncio.get_running_loop().time
    began, done, sent = clock(), 0.0, []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal done
        current_request().answer_at = None if seconds is None else began + seconds
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})
        done = clock() - began

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    request_context.enter(RequestContext())
    await HeldAnswerMiddleware(app)({"type": "http"}, receive, send)
    return sent, done, clock() - began


async def test_an_answer_waits_for_its_time_and_what_made_it_does_not() -> None:
    sent, done, at = await answered(0.2)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert done < 0.1
    assert at >= 0.2


async def test_an_answer_whose_time_is_over_or_that_has_none_goes_at_once() -> None:
    for seconds in (None, 0.0):
        sent, _, at = await answered(seconds)
        assert len(sent) == 2
        assert at < 0.1
