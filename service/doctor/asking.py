"""Asks Supabase as plainly as can be: a path, a key, and what came back."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from service.settings import Settings
from service.supabase.http.errors import WireError
from service.supabase.http.wire import Wire


@dataclass(frozen=True, slots=True)
class Said:
    """`status` is 0 where nobody answered; `reason` then says why, as the name of an error."""

    status: int
    headers: dict[str, str]
    body: object
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return self.status == HTTPStatus.OK

    @property
    def code(self) -> str:
        """Supabase's own error code; empty where it named none."""
        found = self.body.get("error_code") or self.body.get("code") if isinstance(self.body, dict) else None
        return found if isinstance(found, str) else ""

    @property
    def in_short(self) -> str:
        """For a person: no word of the answer itself but its code."""
        if not self.status:
            return f"no answer ({self.reason})"
        return f"HTTP {self.status}{f' {self.code}' if self.code.isidentifier() else ''}"


class Asking:
    """`timeout` in seconds for each question."""

    def __init__(self, settings: Settings) -> None:
        self._wire = Wire(
            settings.supabase_url,
            connect_timeout=settings.upstream_connect_timeout,
            read_timeout=settings.upstream_read_timeout,
            max_connections=4,
            keepalive=settings.upstream_keepalive,
        )
        self._base = settings.supabase_url.removeprefix(self._wire.origin)
        self._timeout = settings.upstream_timeout
        self._keys = {
            "publishable": settings.supabase_publishable_key.get_secret_value(),
            "secret": settings.supabase_secret_key.get_secret_value(),
        }

    async def get(self, path: str, key: Literal["publishable", "secret"] = "publishable") -> Said:
        """What GET answers; nothing is raised."""
        return await self._ask("GET", path, key, None)

    async def post(self, path: str, key: Literal["publishable", "secret"], body: object) -> Said:
        """What POST answers; nothing is raised."""
        return await self._ask("POST", path, key, json.dumps(body).encode())

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    async def _ask(self, method: str, path: str, key: Literal["publishable", "secret"], body: bytes | None) -> Said:
        value = self._keys[key]
        headers = [("apikey", value), ("Content-Type", "application/json"), ("X-Supabase-Api-Version", "2024-01-01")]
        if key == "secret" and not value.startswith("sb_secret_"):
            headers.append(("Authorization", f"Bearer {value}"))  # an older key is a JWT, whose role is read there
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._wire.send(method, self._base + path, headers, body)
        except (WireError, TimeoutError) as error:
            return Said(0, {}, None, type(error.__cause__ or error).__name__)
        try:
            parsed: object = json.loads(answer.body)
        except ValueError:
            parsed = None
        return Said(
            answer.status, {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}, parsed
        )
