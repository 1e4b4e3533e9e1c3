"""What the project has switched on, as far as it tells."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import BaseModel

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.call import Call

if TYPE_CHECKING:
    from service.supabase.auth.requests import AuthRequests
    from service.supabase.calls import UpstreamCall

log = structlog.get_logger(__name__)

MAX_AGE: Final = 60.0  # seconds
_RETRY_AFTER: Final = 5.0  # seconds between two questions while there is no answer

# What stands among the providers, and is none to be sent to.
_NO_PROVIDERS: Final = frozenset({"email", "phone", "anonymous_users", "saml"})


class _Settings(BaseModel):
    """GET /settings of Supabase Auth, as much as is used of it."""

    external: dict[str, bool]
    disable_signup: bool
    mailer_autoconfirm: bool
    saml_enabled: bool = False


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """What the project told. `providers` are sorted."""

    sign_up: bool
    email_sign_in: bool
    email_confirmation: bool
    providers: tuple[str, ...]
    sso: bool
    anonymous: bool


@dataclass(frozen=True, slots=True)
class KnownConfig:
    """`good_for` says how many seconds it may be kept."""

    config: ProjectConfig
    good_for: int


class ConfigCalls:
    """Asks at most once in MAX_AGE, however many want to know, and tells what it knew before while Supabase does not answer."""

    def __init__(self, requests: AuthRequests, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._requests = requests
        self._upstream = upstream
        self._known: ProjectConfig | None = None
        self._known_at = self._failed_at = float("-inf")
        self._failure = ApiError(ErrorCode.upstream_unavailable)  # the last one, once there was one
        self._asking: asyncio.Task[None] | None = None

    async def get(self) -> KnownConfig:
        """The configuration. Raises ApiError where Supabase does not answer and never has."""
        if self._age() >= MAX_AGE and time.monotonic() - self._failed_at >= _RETRY_AFTER:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.get_running_loop().create_task(self._ask())
            await asyncio.shield(self._asking)  # whoever began it may go; the others still wait
        if self._known is not None:
            return KnownConfig(self._known, max(ceil(MAX_AGE - self._age()), ceil(_RETRY_AFTER)))
        raise ApiError(self._failure.code, details=self._failure.details, upstream=True)

    def _age(self) -> float:
        return time.monotonic() - self._known_at

    async def _ask(self) -> None:
        asked_at = time.monotonic()
        try:
            async with self._upstream(Call.settings):
                answer = _Settings.model_validate(await self._requests.ask(Call.settings, "GET", "/settings"))
        except ApiError as error:
            self._failure, self._failed_at = error, time.monotonic()
            return
        self._known, self._known_at = _config(answer), asked_at


def _config(answer: _Settings) -> ProjectConfig:
    on = {name for name, enabled in answer.external.items() if enabled}
    return ProjectConfig(
        sign_up=not answer.disable_signup,
        email_sign_in="email" in on,
        email_confirmation=not answer.mailer_autoconfirm,
        providers=tuple(sorted(name for name in on - _NO_PROVIDERS if not name.startswith("web3"))),
        sso=answer.saml_enabled,
        anonymous="anonymous_users" in on,
    )
