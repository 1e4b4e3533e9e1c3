"""A Supabase Auth whose users, tokens and times a test chooses: second factors and odd tokens, which the embedded one has not.

It keeps sessions as Supabase does: a refresh token is good until its successor is used, and a session that ended stays ended.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt

from service.supabase.readiness import NEEDED_MIGRATION
from tests.support.answering import AnsweringServer
from tests.support.browser import PASSWORD

Answer = tuple[int, Any]

MOMENT = "2026-01-01T00:00:00Z"
REFUSED = {"code": "invalid_credentials", "message": "Invalid login credentials"}


def factor(name: str | None = "Phone", status: str = "verified") -> dict[str, Any]:
    """A second factor as a user object has it."""
    named = {} if name is None else {"friendly_name": name}
    return {"id": str(uuid4()), "factor_type": "totp", "status": status, "created_at": MOMENT, "updated_at": MOMENT, **named}


@dataclass
class FakeUser:
    """An account. `claims` are added to its tokens."""

    email: str
    factors: list[dict[str, Any]] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)
    identities: list[dict[str, Any]] = field(default_factory=list)
    id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def body(self) -> dict[str, Any]:
        shared = {"aud": "authenticated", "role": "authenticated", "app_metadata": {}, "user_metadata": {}}
        return {
            "id": self.id,
            "email": self.email,
            "created_at": MOMENT,
            "factors": self.factors,
            **shared,
            "identities": self.identities,
        }


@dataclass
class FakeSession:
    """A session, and whose."""

    user: FakeUser
    id: str = field(default_factory=lambda: str(uuid4()))
    ended: bool = False


class AuthFake:
    """Start it with `with`. `requests` lists what came, as "METHOD /path?query", in order, without what readiness asks.

    `secret` signs the tokens (HS256), `claims` are in each. `delays` are seconds before an answer, by "accepted", "wrong",
    "unknown" and "refresh". `answers` go before all else, by "METHOD /path".
    """

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.claims: dict[str, Any] = {}
        self.delays: dict[str, float] = {}
        self.answers: dict[str, Answer] = {}
        self.users: dict[str, FakeUser] = {}
        self.sessions: dict[str, FakeSession] = {}
        self.requests: list[str] = []
        self._refresh_tokens: dict[str, FakeSession] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
                status, body = fake.answer(f"{self.command} {self.path}", json.loads(content or b"{}"), bearer)
                payload = b"" if status == 204 else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("X-Supabase-Api-Version", "2024-01-01")  # errors are {code, message}
                if status != 204:
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the names that http.server looks for

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                """Nothing to say."""

        self._server = AnsweringServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def user(self, email: str, **known: Any) -> FakeUser:
        """Add an account, whose password is PASSWORD."""
        self.users[email] = FakeUser(email, **known)
        return self.users[email]

    def token(self, session: FakeSession, **claims: Any) -> str:
        """An access token of a session; a claim that is None is left out."""
        now = int(time.time())
        said = {
            "iss": f"{self.url}/auth/v1", "aud": "authenticated", "role": "authenticated", "sub": session.user.id,
            "session_id": session.id, "aal": "aal1", "amr": [{"method": "password", "timestamp": now}], "iat": now,
            "exp": now + 3_600, **self.claims, **session.user.claims, **claims,
        }  # fmt: skip
        return jwt.encode({name: value for name, value in said.items() if value is not None}, self.secret, "HS256")

    def open(self, user: FakeUser) -> FakeSession:
        """A new session."""
        session = FakeSession(user)
        self.sessions[session.id] = session
        return session

    def tokens(self, session: FakeSession) -> dict[str, Any]:
        """What a sign-in answers."""
        refresh_token = secrets.token_urlsafe(12)
        self._refresh_tokens[refresh_token] = session
        answer = {"access_token": self.token(session), "refresh_token": refresh_token, "token_type": "bearer"}
        return {**answer, "expires_in": 3_600, "user": session.user.body}

    def count(self, what: str) -> int:
        """How often something was asked that begins like this."""
        return sum(request.startswith(what) for request in self.requests)

    def answer(self, asked: str, body: dict[str, Any], bearer: str) -> Answer:
        method, _, target = asked.partition(" ")
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        known = self.answers.get(f"{method} {parts.path}")
        if known is None and parts.path == "/rest/v1/rpc/latchkey_migration":
            return 404, {"code": "PGRST202", "message": "no such function"}
        if known is None and (parts.path == "/auth/v1/health" or parts.path.startswith("/rest/v1/")):
            return 200, NEEDED_MIGRATION if parts.path.endswith("/latchkey_migration") else []
        self.requests.append(asked)
        if known is not None:
            return known
        match method, parts.path:
            case "POST", "/auth/v1/token" if query.get("grant_type") == "password":
                return self._sign_in(body)
            case "POST", "/auth/v1/token":
                return self._refresh(str(body.get("refresh_token")))
            case "POST", "/auth/v1/logout":
                return self._sign_out(bearer, query.get("scope", "global"))
            case "GET", "/auth/v1/user":
                session = self._session_of(bearer)
                return (200, session.user.body) if session else (403, {"code": "session_not_found", "message": "gone"})
        return 404, {"message": "no such answer"}

    def _sign_in(self, body: dict[str, Any]) -> Answer:
        user = self.users.get(str(body.get("email")))
        outcome = "unknown" if user is None else "accepted" if body.get("password") == PASSWORD else "wrong"
        time.sleep(self.delays.get(outcome, 0))
        return (400, REFUSED) if user is None or outcome == "wrong" else (200, self.tokens(self.open(user)))

    def _refresh(self, refresh_token: str) -> Answer:
        time.sleep(self.delays.get("refresh", 0))
        session = self._refresh_tokens.get(refresh_token)
        if session is None or session.ended:
            return 400, {"code": "refresh_token_not_found", "message": "Invalid Refresh Token"}
        return 200, self.tokens(session)

    def _sign_out(self, bearer: str, scope: str) -> Answer:
        this = self._session_of(bearer)
        if this is None:
            return 403, {"code": "session_not_found", "message": "gone"}
        for session in self.sessions.values():
            same, own = session is this, session.user is this.user
            if own and (scope == "global" or (scope == "local") == same):
                session.ended = True
        return 204, None

    def _session_of(self, bearer: str) -> FakeSession | None:
        claims = jwt.decode(bearer, options={"verify_signature": False})
        session = self.sessions.get(claims["session_id"])
        return None if session is None or session.ended else session

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
