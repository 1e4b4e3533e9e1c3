"""Users with a browser each, who do what users do, and note what no user should see."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.support.browser import PASSWORD, new_email

OUTAGE = frozenset({502, 503, 504, 429})  # what an injected fault may show
REFRESH_COOKIE = "sb_refresh_token"


@dataclass
class Record:
    """What was seen. `problems` fail the run."""

    answers: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def problem(self, kind: str, example: str) -> None:
        """Count a problem, and keep the first few."""
        self.problems[kind] += 1
        if len(self.examples) < 20:
            self.examples.append(f"{kind}: {example}")


class User:
    """One user. `faulty` says whether a fault was injected at any moment between two times (of time.monotonic)."""

    def __init__(self, url: str, record: Record, faulty: Callable[[float, float], bool], seed: int) -> None:
        self._record = record
        self._faulty = faulty
        self._random = random.Random(seed)  # noqa: S311 - choices, not secrets
        self._http = aiohttp.ClientSession(
            url, cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=30)
        )
        self._email = new_email()
        self._csrf = ""
        self._token = ""

    async def live(self, until: float) -> None:
        """Use the service until that time; in the end the session must still be there."""
        await self._repeat(self._fetch_csrf)
        await self._repeat(self._sign_up)
        await self._repeat(self._sign_in)
        while time.monotonic() < until:
            await self._random.choices(
                [self._me, self._reload, self._wrong_password, self._nonsense, self._leave_and_return],
                weights=[60, 30, 3, 4, 3],
            )[0]()
            await asyncio.sleep(self._random.uniform(0.05, 0.5))
        await self._repeat(self._refresh)

    async def _me(self) -> None:
        if await self._request("getMe", "GET", "/auth/me", bearer=True) == 401:
            await self._repeat(self._refresh)

    async def _reload(self) -> None:
        self._token = ""
        if self._random.random() < 0.3:
            await self._repeat(self._fetch_csrf)
        await self._repeat(self._refresh)

    async def _wrong_password(self) -> None:
        body = {"email": self._email, "password": "not this one"}
        await self._request("signIn", "POST", "/auth/signin", body, expected=401)

    async def _nonsense(self) -> None:
        await self._request("signIn", "POST", "/auth/signin", {"nobody": 1}, expected=400)

    async def _leave_and_return(self) -> None:
        await self._request("logout", "POST", "/auth/logout", bearer=True)
        await self._repeat(self._sign_in)

    async def _fetch_csrf(self) -> bool:
        return await self._request("getCsrfToken", "GET", "/auth/csrf") == 200

    async def _sign_up(self) -> bool:
        body = {"email": self._email, "password": PASSWORD, "profile": {"displayName": "Ada"}}
        status = await self._request("signUp", "POST", "/auth/signup", body, also=frozenset({409}))
        return status in (200, 409)  # taken, when an answer was lost: then it was this user's

    async def _sign_in(self) -> bool:
        return await self._request("signIn", "POST", "/auth/signin", {"email": self._email, "password": PASSWORD}) == 200

    async def _refresh(self) -> bool:
        return await self._request("refreshSession", "POST", "/auth/refresh") == 200

    async def _repeat(self, step: Callable[[], Any]) -> None:
        """Until it works: a front end tries again after 502, 503 and 504. Two minutes are longer than any fault here."""
        for _ in range(240):
            if await step():
                return
            await asyncio.sleep(0.5)
        self._record.problem("a step never worked", step.__name__)

    async def _request(
        self,
        operation: str,
        method: str,
        path: str,
        body: object = None,
        *,
        bearer: bool = False,
        expected: int = 200,
        also: frozenset[int] = frozenset(),
    ) -> int:
        headers = {"X-CSRF-Token": self._csrf} if method == "POST" else {}
        if bearer and self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        before = self._refresh_cookie()
        started = time.monotonic()
        try:
            async with self._http.request(method, path, json=body, headers=headers) as response:
                status, answer = response.status, await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self._record.problem("no answer in the error schema", f"{operation} {type(error).__name__}")
            return 0
        ended = time.monotonic()
        code = str(answer.get("code", ""))
        self._record.answers[operation, status, code] += 1
        self._record.slowest = max(self._record.slowest, ended - started)
        self._keep(answer)
        self._judge(operation, status, code, {expected, *also}, self._faulty(started, ended))
        if operation != "logout" and before and not self._refresh_cookie():
            self._record.problem("a session was lost", f"{operation} {status} {code}")
        return status

    def _judge(self, operation: str, status: int, code: str, expected: set[int], faulty: bool) -> None:
        if status in expected or (operation == "getMe" and status == 401 and not self._token):
            return
        if status == 500:
            self._record.problem("internal error", operation)
        elif code == "auth_refresh_invalid":
            self._record.problem("a session was lost", operation)
        elif status in OUTAGE and not faulty:
            self._record.problem("an outage without a fault", f"{operation} {status} {code}")
        elif status not in OUTAGE:
            self._record.problem("another answer than expected", f"{operation} {status} {code}")

    def _keep(self, answer: dict[str, Any]) -> None:
        self._csrf = answer.get("csrfToken", self._csrf)
        self._token = answer.get("accessToken", self._token)

    def _refresh_cookie(self) -> str:
        return next((cookie.value for cookie in self._http.cookie_jar if cookie.key == REFRESH_COOKIE), "")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.close()
