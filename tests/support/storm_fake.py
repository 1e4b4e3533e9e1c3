"""A Supabase Auth for thousands of refreshes at once: it rotates as Supabase does, and says who asked how often for whom.

Two ports, so that it can be told which replica asked. It lives in the event loop of the test.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import jwt
from aiohttp import web

REUSE_INTERVAL = 10.0  # seconds, as hosted projects have it


@dataclass
class Family:
    """A session: its refresh tokens, the last one that is good, and when the one before was exchanged."""

    user_id: str = field(default_factory=lambda: str(uuid4()))
    session_id: str = field(default_factory=lambda: str(uuid4()))
    active: str = ""
    before: str = ""
    exchanged_at: float = 0
    ended: bool = False


class StormFake:
    """`refreshes` counts by (user id, port). Exchanges wait while it is held."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._answering = asyncio.Event()
        self._answering.set()
        self._families: dict[str, Family] = {}
        self._runners: list[web.AppRunner] = []
        self.refreshes: Counter[tuple[str, int]] = Counter()
        self.ports: list[int] = []

    def hold(self) -> None:
        """Answer no exchange until `go_on`."""
        self._answering.clear()

    def go_on(self) -> None:
        """Answer what waits, and what comes."""
        self._answering.set()

    def ended(self) -> list[str]:
        """The users whose session is over."""
        return [family.user_id for family in self._families.values() if family.ended]

    async def _token(self, request: web.Request) -> web.Response:
        body = await request.json()
        if request.query["grant_type"] == "password":
            return web.json_response(self._session(Family(), body["email"]))
        port = self._port(request)
        family = self._families.get(body["refresh_token"])
        if family is not None:
            self.refreshes[family.user_id, port] += 1
        await self._answering.wait()
        if family is None or family.ended:
            return _refused("refresh_token_not_found")
        if body["refresh_token"] == family.active:
            return web.json_response(self._session(family, f"{family.user_id}@example.com"))
        if body["refresh_token"] != family.before or time.monotonic() - family.exchanged_at > REUSE_INTERVAL:
            family.ended = True
            return _refused("refresh_token_already_used")
        return web.json_response(self._answer(family, f"{family.user_id}@example.com"))

    def _session(self, family: Family, email: str) -> dict[str, Any]:
        """The same session with new tokens."""
        family.before, family.active, family.exchanged_at = family.active, secrets.token_urlsafe(9), time.monotonic()
        self._families[family.active] = family
        return self._answer(family, email)

    def _answer(self, family: Family, email: str) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "authenticated",
            "sub": family.user_id,
            "session_id": family.session_id,
            "exp": now + 3_600,
        }
        moment = "2026-01-01T00:00:00Z"
        user = {"id": family.user_id, "email": email, "aud": "authenticated", "role": "authenticated", "created_at": moment}
        return {
            "access_token": jwt.encode(claims, self._secret, "HS256"),
            "refresh_token": family.active,
            "token_type": "bearer",
            "expires_in": 3_600,
            "user": {**user, "app_metadata": {}, "user_metadata": {}},
        }

    @property
    def issuer(self) -> str:
        """Of the tokens, whichever port was asked: it is one project."""
        return f"http://127.0.0.1:{self.ports[0]}/auth/v1"

    @staticmethod
    def _port(request: web.Request) -> int:
        assert request.url.port is not None
        return request.url.port

    async def __aenter__(self) -> Self:
        for _ in range(2):
            app = web.Application()
            app.router.add_post("/auth/v1/token", self._token)
            app.router.add_route("*", "/{any:.*}", _nothing)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4_096)
            await site.start()
            self._runners.append(runner)
            self.ports.append(runner.addresses[0][1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for runner in self._runners:
            await runner.cleanup()


def _refused(code: str) -> web.Response:
    return web.json_response({"code": 400, "error_code": code, "msg": "Invalid Refresh Token"}, status=400)


async def _nothing(_request: web.Request) -> web.Response:
    return web.json_response([])
