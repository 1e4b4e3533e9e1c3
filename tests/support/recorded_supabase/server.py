"""The server. What it was not recorded to answer is 501, and fails the test."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from local.keys import Keys
from tests.support.answering import AnsweringServer
from tests.support.project import SigningKey
from tests.support.recorded_supabase import accounts, data, factors, mails, other, providers, sessions
from tests.support.recorded_supabase.project import RecordedProject
from tests.support.recorded_supabase.recordings import NotRecordedError, Recorded, Refused, recordings
from tests.support.recorded_supabase.requests import OPERATIONS, PlainAnswer, Reply, Request

CAPABILITIES = (accounts, data, factors, mails, other, providers, sessions)  # importing them fills OPERATIONS
VERSION = "x-supabase-api-version"
NO_KEY_FOR = ("verify", "authorize", "callback", ".well-known")
LARGEST = 1_000_000  # bytes of a request's body
MOST_HEADERS = {"sb-auth-session-id", "sb-auth-user-id", "sb-auth-refresh-token-prefix", "sb-auth-refresh-token-counter"}


class RecordedSupabase:
    """Start it with `with`; leaving raises AssertionError where it was asked for what nobody recorded.

    Tokens are signed by the keys' secret (HS256), or by `signing_key`, whose public half is then published as JWKS.
    """

    def __init__(self, keys: Keys, signing_key: SigningKey | None = None) -> None:
        self.project = RecordedProject(keys, signing_key)
        self.not_recorded: list[str] = []
        self._lock = threading.Lock()
        recorded = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(min(length, LARGEST))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, sent, body = recorded.answer(self.command, self.path, headers, raw)
                self.send_response(status)
                for name, value in sent.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the names that http.server looks for

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                """Nothing to say."""

        self._server = AnsweringServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = self.project.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        assert self.not_recorded == [], f"no recording answers this: {self.not_recorded}"

    def answer(self, method: str, target: str, headers: dict[str, str], raw: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        request = Request(self.project, method, target, headers, raw)
        if urlsplit(target).path == providers.PROVIDER:
            return 302, {"Location": providers.consent(request)}, b""
        try:
            with self._lock:
                return _wire(*self._decide(request))
        except (NotRecordedError, LookupError, ValueError, TypeError) as error:
            text = f"{request.operation}: {type(error).__name__}: {error}"
            self.not_recorded.append(text)
            return 501, {"Content-Type": "text/plain"}, f"THIS WAS NOT RECORDED: {text}".encode()

    def _decide(self, request: Request) -> tuple[int, dict[str, str], Any]:
        about = request.operation
        try:
            self._pass_gateway(request)
            handler = OPERATIONS.get(about)
            if handler is None:
                raise NotRecordedError("no such operation was recorded")
            reply: Reply = handler(request)
        except PlainAnswer as plain:
            found = recordings().plain(about, str(plain))
            return found.status, found.headers, found.body
        except Refused as refused:
            return _refusal(request, recordings().refusal(about, refused), refused)
        found = recordings().success(about, reply.status, reply.body)
        kept = {name: value for name, value in found.headers.items() if not name.startswith("sb-auth-") and name != "location"}
        return reply.status, {**kept, **_values(found, reply)}, reply.body

    def _pass_gateway(self, request: Request) -> None:
        """What stands before Auth and the data API. Raises PlainAnswer."""
        path, keys, key = request.path, self.project.keys, request.headers.get("apikey")
        if path[:2] == ["auth", "v1"] and len(path) > 2 and path[2] in NO_KEY_FOR:
            return
        if key is None:
            raise PlainAnswer("No API key found")
        if key not in (keys.publishable_key, keys.secret_key):
            raise PlainAnswer("Invalid API key")
        if key == keys.secret_key and "Mozilla" in request.headers.get("user-agent", ""):
            raise PlainAnswer("Forbidden use of secret")


def _values(found: Recorded, reply: Reply) -> dict[str, str]:
    """The reply's headers, as far as the recorded answer has them or they depend on the token's version and reuse."""
    sent = dict(reply.headers)
    if not any(name in found.headers for name in MOST_HEADERS):
        sent = {name: value for name, value in sent.items() if not name.startswith("sb-auth-")}
    if "sb-auth-refresh-token-counter" in sent:
        sent.pop("sb-auth-refresh-token-prefix", None)
    return sent


def _refusal(request: Request, found: Recorded, refused: Refused) -> tuple[int, dict[str, str], Any]:
    headers = {name: value for name, value in found.headers.items() if not name.startswith("sb-auth-")} | refused.headers
    body = found.body
    if VERSION in request.headers:
        if "msg" in body:  # recorded without a key, as browsers come; with one it has the newer form
            body = {"code": body["error_code"], "message": body["msg"]}
        return found.status, headers, body
    if "message" in body:
        rest = {name: value for name, value in body.items() if name not in {"code", "message"}}
        body = {"code": found.status, "error_code": body["code"], "msg": body["message"], **rest}
    return found.status, {name: value for name, value in headers.items() if name != VERSION}, body


def _wire(status: int, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], bytes]:
    if isinstance(body, str) and "json" not in headers.get("content-type", ""):
        return status, headers, body.encode()
    return status, headers, json.dumps(body).encode()
