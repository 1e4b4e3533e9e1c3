"""Receives traces as an OpenTelemetry collector does: OTLP over HTTP."""

from __future__ import annotations

import gzip
import time
from http.server import BaseHTTPRequestHandler
from threading import Thread
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.answering import AnsweringServer


class TraceReceiver:
    """Keeps the spans that arrive, and everything that arrived as bytes."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.keep(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                """Nothing to say."""

        self._server = AnsweringServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def keep(self, body: bytes) -> None:
        """Add what one request brought."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = [item.value.string_value for item in resource.resource.attributes if item.key == "service.name"]
            self.services.update(names)
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)

    def named(self, name: str, timeout: float = 20) -> Span:
        """The first span of that name, as soon as it is there."""
        deadline = time.monotonic() + timeout
        while True:
            found = [span for span in list(self.spans) if span.name == name]
            if found:
                return found[0]
            assert time.monotonic() < deadline, [span.name for span in self.spans]
            time.sleep(0.05)

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
