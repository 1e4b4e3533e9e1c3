"""A server for what stands in for others. Its clients go away as they please: that is what many tests are about."""

from __future__ import annotations

import sys
from http.server import ThreadingHTTPServer
from typing import Any


class AnsweringServer(ThreadingHTTPServer):
    """On a free port of 127.0.0.1. A client that does not wait for its answer is no error."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
