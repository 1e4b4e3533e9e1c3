"""Whether Supabase can be worked with: Auth answers, the data API answers, the migrations are applied."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal

import structlog

from service.telemetry import metrics

if TYPE_CHECKING:
    from service.supabase.admin import AdminClient
    from service.supabase.http.sender import Sender

log = structlog.get_logger(__name__)

Result = Literal["ok", "failed", "unknown"]
Migration = Literal["ok", "outdated", "failed", "unknown"]

NEEDED_MIGRATION: Final = "20260901000100"
"""The migration that brought what this service calls in the database."""


@dataclass(frozen=True, slots=True)
class SupabaseState:
    """What was found. The migration is `outdated` where the table is there, and functions that came later are not."""

    auth: Result
    data_api: Result
    migration: Migration


class ReadinessProbe:
    """Asks Supabase, at most once in `max_age` seconds however often it is called: the endpoint is open to everybody.

    `timeout` bounds each question, in seconds.
    """

    def __init__(
        self,
        sender: Sender,
        base_url: str,
        admin: AdminClient,
        *,
        api_key: str,
        timeout: float,
        max_age: float = 2,
    ) -> None:
        self._sender = sender
        self._target = f"{base_url}/auth/v1/health".removeprefix(sender.origin)
        self._api_key = api_key
        self._admin = admin
        self._timeout = timeout
        self._max_age = max_age
        self._state: SupabaseState | None = None
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def state(self) -> SupabaseState:
        """The state, at most `max_age` seconds old."""
        async with self._lock:
            if self._state is None or time.monotonic() - self._asked_at >= self._max_age:
                auth, (data_api, migration) = await asyncio.gather(self._ask_auth(), self._ask_data_api())
                self._state = SupabaseState(auth, data_api, migration)
                self._asked_at = time.monotonic()
                for part, result in asdict(self._state).items():
                    metrics.SUPABASE_UP.labels(part).set(1 if result in _GOOD_ENOUGH else 0)
            return self._state

    async def _ask_auth(self) -> Result:
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._sender.send("GET", self._target, [("apikey", self._api_key)])
        except Exception as error:
            log.warning("not_ready", part="auth", reason=type(error).__name__)
            return "failed"
        if answer.status != HTTPStatus.OK:
            log.warning("not_ready", part="auth", reason=f"HTTP {answer.status}")
            return "failed"
        return "ok"

    async def _ask_data_api(self) -> tuple[Result, Migration]:
        try:
            async with asyncio.timeout(self._timeout):
                applied = await self._admin.migration_applied()
                newest = await self._admin.newest_migration() if applied else None
        except Exception as error:
            log.warning("not_ready", part="data_api", reason=type(error).__name__)
            return "failed", "unknown"
        if not applied:
            log.warning("not_ready", part="migration", reason="table user_profile is missing")
            return "ok", "failed"
        if newest is None or newest < NEEDED_MIGRATION:
            self._tell_once_of_outdated(newest)
            return "ok", "outdated"
        return "ok", "ok"

    def _tell_once_of_outdated(self, newest: str | None) -> None:
        """It keeps nothing else from working, so it is no news the second time."""
        if self._state is None or self._state.migration != "outdated":
            log.warning("migration_outdated", newest=newest, needed=NEEDED_MIGRATION, missing="listing and ending sessions")


_GOOD_ENOUGH: Final = frozenset({"ok", "outdated"})
