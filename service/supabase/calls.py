"""A call to Supabase: its deadline, its metrics, its span, and its exceptions as errors of the contract."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

import structlog
from pydantic import ValidationError

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.request_context import current_request
from service.supabase.call import TARGETS, Call
from service.supabase.error_codes import SECURITY_EVENTS
from service.supabase.translation import UPSTREAM, api_error, reason, supabase_code
from service.telemetry import metrics, tracing

log = structlog.get_logger(__name__)

_OUTCOMES = UPSTREAM | {ErrorCode.rate_limited}  # what the metrics tell apart; the rest is Supabase's right to say no


class ForeignAnswerError(Exception):
    """Supabase answered about another user than it was asked about.

    Input that nobody asked for is looked for before a request is sent. A late answer to somebody else that arrives just behind
    the request looks like its own: only what it says tells.
    """


class UpstreamCall:
    """`async with UpstreamCall(call, seconds)`: one call within that time; whatever goes wrong in it is raised as an ApiError.

    `on_foreign_answer` is called before a ForeignAnswerError goes on, and before anything else of the process runs.

    A class, because contextlib's generators cost twice the time, and leave each exception in a cycle with its own frames: while
    Supabase is down, the garbage collector would stop the service for it again and again.
    """

    __slots__ = ("_call", "_on_foreign_answer", "_span", "_started", "_timeout")

    def __init__(self, call: Call, seconds: float, *, on_foreign_answer: Callable[[], None] | None = None) -> None:
        self._call = call
        self._on_foreign_answer = on_foreign_answer
        self._timeout = asyncio.timeout(seconds)
        self._span = tracing.client_span(TARGETS[call], call.value)

    async def __aenter__(self) -> None:
        self._started = time.perf_counter()
        metrics.UPSTREAM_CALLS_IN_PROGRESS.inc()
        self._span.__enter__()
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, exc, traceback)
        except TimeoutError as timeout:
            kind, exc, traceback = TimeoutError, timeout, timeout.__traceback__
        self._span.__exit__(kind, exc, traceback)
        outcome, error = ErrorCode.upstream_error.value, None
        try:
            if exc is None:
                outcome = "ok"
            elif isinstance(exc, Exception):
                if isinstance(exc, ForeignAnswerError) and self._on_foreign_answer is not None:
                    self._on_foreign_answer()
                error = api_error(self._call, exc)
                error.upstream = True
                error.supabase_code = supabase_code(exc)
                outcome = error.code.value if error.code in _OUTCOMES else "refused"
                _tell(self._call, error, exc)
                raise error from exc
            else:
                outcome = "cancelled"
        finally:
            exc = error = traceback = None
            self._measure(outcome)

    def _measure(self, outcome: str) -> None:
        target, call = TARGETS[self._call], self._call.value
        metrics.UPSTREAM_CALLS_IN_PROGRESS.dec()
        metrics.series(metrics.UPSTREAM_CALLS, target, call, outcome).inc()
        metrics.series(metrics.UPSTREAM_SECONDS, target, call).observe(time.perf_counter() - self._started)


@contextmanager
def answer_of_supabase() -> Iterator[None]:
    """Wraps the making of a model of the contract from what Supabase answered. Raises ApiError where the two do not fit."""
    try:
        yield
    except ValidationError as error:
        places = [".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False, include_url=False)]
        log.warning("upstream_failed", code=ErrorCode.upstream_error.value, reason="outside the contract", places=places)
        raise ApiError(ErrorCode.upstream_error, upstream=True) from None


def _tell(call: Call, error: ApiError, exc: Exception) -> None:
    code = supabase_code(exc)
    if code is not None and code in SECURITY_EVENTS:
        log.warning(SECURITY_EVENTS[code], call=call.value, **current_request().log_fields)
    if isinstance(exc, ForeignAnswerError):
        log.warning("foreign_answer", call=call.value)
    elif error.code in UPSTREAM:
        theirs = {} if code is None else {"supabase_code": code}
        log.warning("upstream_failed", call=call.value, code=error.code.value, reason=reason(exc), **theirs)
