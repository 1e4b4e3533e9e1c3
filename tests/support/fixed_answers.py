"""An upstream that answers what the real Supabase cannot be made to answer. It speaks HTTP on a loopback port."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from threading import Thread
from types import TracebackType
from typing import Any, Self

import jwt

from tests.support.answering import AnsweringServer

Answer = tuple[int, Any]

USER = {
    "id": "0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11",
    "aud": "authenticated",
    "role": "authenticated",
    "email": "ada@example.com",
    "app_metadata": {},
    "user_metadata": {},
    "created_at": "2026-01-01T00:00:00Z",
}
SESSION = {
    "access_token": jwt.encode({"sub": USER["id"]}, "the fixed answers' secret, which verifies nothing", "HS256"),
    "refresh_token": "refresh-token-of-the-fixed-answers",
    "token_type": "bearer",
    "expires_in": 3600,
    "user": USER,
}


class FixedAnswers:
    """Answers by "METHOD /path", with a JSON body; 404 for the rest. `answers` may change while it runs; `requests` lists
    what was asked, in order."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = dict(answers)
        current = self.answers
        self.requests: list[str] = []
        recorded = self.requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = f"{self.command} {self.path.partition('?')[0]}"
                recorded.append(asked)
                status, body = current.get(asked, (404, {"message": "no such answer"}))
                payload = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = answer  # noqa: N815 - the names that http.server looks for

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                """Nothing to say."""

        self._server = AnsweringServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
