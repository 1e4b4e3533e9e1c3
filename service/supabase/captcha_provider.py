"""Asks a captcha's provider whether a token is good: hCaptcha, or Cloudflare's Turnstile.

It stands in this room for its HTTP client, and shares nothing with Supabase but the code of that.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import urlencode, urlsplit

import structlog

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.auth.captcha import CaptchaAnswer
from service.supabase.call import TARGETS, Call
from service.supabase.http.wire import Wire
from service.supabase.translation import RETRY_AFTER_OUTAGE
from service.telemetry import metrics

log = structlog.get_logger(__name__)

Provider = Literal["hcaptcha", "turnstile"]

# https://docs.hcaptcha.com/#verify-the-user-response-server-side,
# https://developers.cloudflare.com/turnstile/get-started/server-side-validation/
VERIFY_URLS: Final[Mapping[Provider, str]] = {
    "hcaptcha": "https://api.hcaptcha.com/siteverify",
    "turnstile": "https://challenges.cloudflare.com/turnstile/v0/siteverify",
}

# What the providers say about the service's own set-up, and about themselves. All else is about the token.
_OUR_FAULT: Final = frozenset(
    {"missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "not-using-dummy-secret", "bad-request"}
)
_THEIR_FAULT: Final = frozenset({"internal-error"})


class CaptchaProvider:
    """`verify_url` is the only address that is asked, and `deadline` bounds each question, in seconds."""

    def __init__(self, verify_url: str, *, secret: str, site_key: str | None, deadline: float) -> None:
        parts = urlsplit(verify_url)
        self._wire = Wire(
            f"{parts.scheme}://{parts.netloc}",
            connect_timeout=deadline,
            read_timeout=deadline,
            max_connections=64,
            keepalive=30,
        )
        self._target = parts.path or "/"
        self._known = {"secret": secret} | ({"sitekey": site_key} if site_key else {})
        self._deadline = deadline

    async def check(self, token: str, client_address: str | None) -> None:
        """Raises ApiError: auth_captcha_failed for a token that is no good, else what keeps anybody from knowing.

        An outage of the provider lets nobody past.
        """
        started = time.perf_counter()
        outcome = ErrorCode.upstream_unavailable.value
        try:
            refusals = await self._ask(token, client_address)
            if refusals is None:
                outcome = "ok"
            elif refusals & _OUR_FAULT:
                outcome = ErrorCode.upstream_error.value
                log.error("captcha_misconfigured", reasons=sorted(refusals & _OUR_FAULT), cure="check CAPTCHA_SECRET")
                raise ApiError(ErrorCode.upstream_error, upstream=True)
            elif refusals & _THEIR_FAULT:
                raise _unavailable("internal-error")
            else:
                outcome = "refused"
                raise ApiError(ErrorCode.auth_captcha_failed, upstream=True)
        finally:
            target, call = TARGETS[Call.siteverify], Call.siteverify.value
            metrics.series(metrics.UPSTREAM_CALLS, target, call, outcome).inc()
            metrics.series(metrics.UPSTREAM_SECONDS, target, call).observe(time.perf_counter() - started)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    async def _ask(self, token: str, client_address: str | None) -> frozenset[str] | None:
        """What the provider has against the token; None where it is good."""
        fields = self._known | {"response": token} | ({"remoteip": client_address} if client_address else {})
        headers = [("Content-Type", "application/x-www-form-urlencoded")]
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._wire.send("POST", self._target, headers, urlencode(fields).encode())
            said = json.loads(answer.body)
        except Exception as error:
            raise _unavailable(type(error).__name__) from None
        match said:
            case {"success": True} if answer.status == 200:
                return None
            case {"success": False, "error-codes": list(codes)}:
                return frozenset(code for code in codes if isinstance(code, str))
            case {"success": False}:
                return frozenset()
            case _:
                raise _unavailable(f"HTTP {answer.status}")


class CaptchaGate:
    """What the caller's captcha comes to. `provider` is None where Supabase checks it, or nobody does."""

    def __init__(self, provider: CaptchaProvider | None) -> None:
        self._provider = provider

    async def pass_through(self, token: str | None, client_address: str | None) -> CaptchaAnswer:
        """Raises ApiError where this service checks the captcha, and it is missing or not passed."""
        if self._provider is None:
            return CaptchaAnswer(token or None)
        if not token:
            raise ApiError(ErrorCode.auth_captcha_required)
        await self._provider.check(token, client_address)
        return CaptchaAnswer(checked=True)

    def close(self) -> None:
        """Close the connections to the provider."""
        if self._provider is not None:
            self._provider.close()


def _unavailable(reason: str) -> ApiError:
    log.warning("upstream_failed", call=Call.siteverify.value, code=ErrorCode.upstream_unavailable.value, reason=reason)
    return ApiError(ErrorCode.upstream_unavailable, details={"retryAfter": RETRY_AFTER_OUTAGE}, upstream=True)
