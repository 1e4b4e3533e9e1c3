"""A Supabase project with a captcha, as Supabase Auth treats one, and the captcha's provider. Both speak HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from tests.support.answering import AnsweringServer
from tests.support.project import EMAIL, Project, elliptic

GOOD_TOKEN = "token-of-a-person"
_MAILS = ("/auth/v1/otp", "/auth/v1/recover", "/auth/v1/resend")
_GUARDED = ("/auth/v1/signup", "/auth/v1/token?grant_type=password", *_MAILS)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for what a captcha guards; header names in lower case. `nobody` says that no user of the tests asked."""

    path: str
    headers: dict[str, str]
    captcha_token: str | None
    nobody: bool


class _Server:
    def __init__(self) -> None:
        outer = self
        self.date = ""  # what stands in for the time of the answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, answer = outer.answer(self.path, headers, body)
                payload = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("X-Supabase-Api-Version", "2024-01-01")
                for name, value in outer.headers_for(self.path).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return outer.date or super().date_time_string(timestamp)

            do_GET = do_POST = answer  # noqa: N815 - the names that http.server looks for

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                """Nothing to say."""

        self._server = AnsweringServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        raise NotImplementedError

    def headers_for(self, target: str) -> dict[str, str]:  # noqa: ARG002 - for those who have some
        """What goes out beside the answer."""
        return {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class CaptchaProject(_Server):
    """Lets whoever holds the secret key past its captcha, as Supabase Auth does (verifyCaptcha in internal/api/middleware.go).

    Gateways make such a key an Authorization header; an older key comes as one. `status` stands in for all of its answers to
    what a captcha guards, where it is not None: an outage.
    """

    def __init__(self, *, wants_captcha: bool) -> None:
        super().__init__()
        self.wants_captcha = wants_captcha
        self.status: int | None = None
        self.asked: list[Asked] = []
        self._project = Project(elliptic("key"))
        self._project.issuer = f"{self.url}/auth/v1"

    def asked_by_users(self) -> list[Asked]:
        """What came for users, and not from the service itself."""
        return [asked for asked in self.asked if not asked.nobody]

    def answer(self, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        path = target.partition("?")[0]
        if not target.startswith(_GUARDED):
            return self._project.answer(path)
        sent = json.loads(body)
        nobody, token = sent["email"] != EMAIL, (sent.get("gotrue_meta_security") or {}).get("captcha_token")
        self.asked.append(Asked(path, headers, token, nobody))
        if self.status is not None:
            return self.status, {"code": "unexpected_failure", "message": "no"}
        if self.wants_captcha and not headers["apikey"].startswith("sb_secret_") and token != GOOD_TOKEN:
            found = "no captcha_token found" if not token else "invalid-input-response"
            return 400, {"code": "captcha_failed", "message": f"captcha protection: request disallowed ({found})"}
        if nobody:
            return 400, {"code": "invalid_credentials", "message": "Invalid login credentials"}
        return (200, {}) if path in _MAILS else self._project.answer(path)


class Siteverify(_Server):
    """The provider: one token is good, and good once. `broken` is what it answers instead, status and body."""

    def __init__(self, secret: str) -> None:
        super().__init__()
        self.secret = secret
        self.broken: tuple[int, Any] | None = None
        self.forms: list[dict[str, str]] = []
        self.verify_url = f"{self.url}/siteverify"
        self._used: set[str] = set()

    def renew(self) -> None:
        """Forget which tokens were used."""
        self._used.clear()

    def answer(self, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        assert target == "/siteverify"
        assert headers["content-type"] == "application/x-www-form-urlencoded"
        form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        self.forms.append(form)
        if self.broken is not None:
            return self.broken
        if form.get("secret") != self.secret:
            return 200, {"success": False, "error-codes": ["invalid-input-secret"]}
        if form.get("response") != GOOD_TOKEN or GOOD_TOKEN in self._used:
            return 200, {"success": False, "error-codes": ["invalid-input-response"]}
        self._used.add(GOOD_TOKEN)
        return 200, {"success": True, "error-codes": [], "hostname": "app.example.com"}
