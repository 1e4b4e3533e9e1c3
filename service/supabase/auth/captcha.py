"""Which key goes with a call that a captcha guards: Supabase lets the secret key past the project's captcha.

So it is the publishable key, unless this service has asked the captcha's provider itself, or Supabase has just said that the
project wants no captcha. That the settings name no captcha does not count: who switches one on in the project's dashboard does
not think of this service.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Literal

import structlog
from supabase_auth.errors import AuthApiError

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.call import GUARDED_BY_CAPTCHA, MAY_CARRY_SECRET_KEY, Call
from service.supabase.calls import UpstreamCall

if TYPE_CHECKING:
    from supabase_auth import AsyncGoTrueClient

log = structlog.get_logger(__name__)

Wanted = Literal["yes", "no", "unknown"]

# What Supabase answers to a sign-in of nobody once it is past the captcha. Anything else, a limit or an outage, tells nothing.
_PAST_THE_CAPTCHA = frozenset({"invalid_credentials", "email_provider_disabled"})


@dataclass(frozen=True, slots=True)
class CaptchaAnswer:
    """What the caller's captcha came to: a token for Supabase to check, or that this service has `checked` it."""

    token: str | None = field(default=None, repr=False)
    checked: bool = False


NO_CAPTCHA = CaptchaAnswer()


class CaptchaProbe:
    """Asks Supabase whether the project wants a captcha, by a sign-in of nobody, with the publishable key and without a token.

    `make_client` gives a client of Supabase Auth for that one call. What is known is asked for again after `max_age` seconds,
    and what is not after `retry_after`; it is believed for twice `max_age`, should no later question get an answer.
    """

    def __init__(
        self,
        make_client: Callable[[], AsyncGoTrueClient],
        *,
        timeout: float,
        max_age: float = 60,
        retry_after: float = 5,
    ) -> None:
        self._make_client = make_client
        self._timeout = timeout
        self._max_age = max_age
        self._retry_after = retry_after
        self._wanted: Wanted = "unknown"
        self._known_at = float("-inf")
        self._ask_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    def wanted(self) -> Wanted:
        """What is known right now; a question is on its way where it is time for one."""
        now = time.monotonic()
        if now >= self._ask_at:
            self._ask_in_background()
        return self._wanted if now - self._known_at < 2 * self._max_age else "unknown"

    async def asked(self) -> Wanted:
        """What is known once a question that is due was answered."""
        if time.monotonic() >= self._ask_at:
            self._ask_in_background()
        if self._asking is not None:
            await asyncio.shield(self._asking)
        return self.wanted()

    def _ask_in_background(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        self._ask_at = float("inf")
        asked_at = time.monotonic()
        found: Wanted = "unknown"
        try:
            found = await self._question()
        finally:
            self._ask_at = time.monotonic() + (self._retry_after if found == "unknown" else self._max_age)
        if found == "unknown":
            return
        if found != self._wanted and found == "yes":
            log.warning("captcha_not_configured", cure="set CAPTCHA=upstream, or CAPTCHA=here with the provider's secret")
        self._wanted, self._known_at = found, asked_at

    async def _question(self) -> Wanted:
        nobody = f"nobody-{secrets.token_hex(8)}@latchkey.invalid"
        try:
            async with asyncio.timeout(self._timeout):
                await self._make_client().sign_in_with_password({"email": nobody, "password": secrets.token_urlsafe(24)})
        except AuthApiError as error:
            if error.code == "captcha_failed":
                return "yes"
            if error.code in _PAST_THE_CAPTCHA and error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return "no"
            reason = f"HTTP {error.status}"
        except Exception as error:
            reason = type(error).__name__
        else:
            reason = "somebody was signed in"
        log.warning("captcha_unknown", reason=reason)
        return "unknown"


class SecretKeyRule:
    """`probe` is None where nothing is believed about the project's captcha: the settings name one, or no address is told."""

    def __init__(self, probe: CaptchaProbe | None) -> None:
        self._probe = probe

    def allows(self, call: Call, captcha: CaptchaAnswer) -> bool:
        """Whether the call may carry the secret key."""
        if call not in GUARDED_BY_CAPTCHA:
            return call in MAY_CARRY_SECRET_KEY
        return captcha.checked or (self._probe is not None and self._probe.wanted() == "no")


class CaptchaCall:
    """`async with CaptchaCall(upstream(call), captcha)`: a call to Supabase that a captcha guards.

    Supabase has one code for a token that is missing and one that is no good; what was sent tells them apart.
    """

    __slots__ = ("_captcha", "_upstream")

    def __init__(self, upstream: UpstreamCall, captcha: CaptchaAnswer) -> None:
        self._upstream = upstream
        self._captcha = captcha

    async def __aenter__(self) -> None:
        await self._upstream.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._upstream.__aexit__(kind, exc, traceback)
        except ApiError as error:
            if error.code is ErrorCode.auth_captcha_failed and self._captcha.token is None:
                raise ApiError(ErrorCode.auth_captcha_required, upstream=True) from error
            raise
