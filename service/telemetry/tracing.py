"""OpenTelemetry, where TRACING is on; otherwise nothing of it is imported.

A span for each request, and one for each call to Supabase, which gets a traceparent of its own (W3C Trace Context). Where
callers are trusted, the request's span is a child of theirs; a stranger's trace would choose what is sampled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from service.request_context import current_request

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

_NOTHING: Final[AbstractContextManager[None]] = nullcontext()
_NO_HEADERS: Final[Mapping[str, str]] = {}

_provider: TracerProvider | None = None


def middleware(*, trusted: bool) -> Callable[[ASGIApp], ASGIApp]:
    """Turn tracing on for this process; returns the middleware, which wants the request's context around it.

    `trusted` says whether the trace context and the baggage of callers are taken over. Its own variables say the rest.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    global _provider
    resource = Resource.create({SERVICE_NAME: "latchkey"}).merge(OTELResourceDetector().detect())
    _provider = TracerProvider(resource=resource)
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))

    def name_by_operation(span: Span, scope: dict[str, Any]) -> None:
        # A path that nobody knows is anything at all, and so no name.
        operation = current_request().operation
        span.update_name(scope["method"] if operation is None else operation.id)

    def wrap(app: ASGIApp) -> ASGIApp:
        traced: ASGIApp = OpenTelemetryMiddleware(
            app,
            tracer_provider=_provider,
            server_request_hook=name_by_operation,
            exclude_spans=["send", "receive"],
            excluded_urls="healthz,readyz,metrics",
        )
        return traced if trusted else _without_callers_context(traced)

    return wrap


def _without_callers_context(app: ASGIApp) -> ASGIApp:
    from opentelemetry.propagate import get_global_textmap

    fields = frozenset(name.lower().encode() for name in get_global_textmap().fields)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [header for header in scope["headers"] if header[0] not in fields]}
        await app(scope, receive, send)

    return serve


async def stop() -> None:
    """Send what is left to send, and end."""
    if _provider is not None:
        await asyncio.to_thread(_provider.shutdown)


def client_span(target: str, call: str) -> AbstractContextManager[object]:
    """A span for one call to Supabase."""
    return _NOTHING if _provider is None else _client_span(_provider, target, call)


@contextmanager
def _client_span(provider: TracerProvider, target: str, call: str) -> Iterator[None]:
    from opentelemetry.trace import SpanKind, StatusCode

    with provider.get_tracer("latchkey").start_as_current_span(
        f"supabase {call}",
        kind=SpanKind.CLIENT,
        attributes={"peer.service": "supabase", "latchkey.target": target, "latchkey.call": call},
        # Messages of exceptions quote what was sent and answered; the type has to do.
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except Exception as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def headers() -> Mapping[str, str]:
    """The headers that carry the current span on to Supabase."""
    if _provider is None:
        return _NO_HEADERS
    from opentelemetry.propagate import inject

    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier
