"""Checks the access tokens that Supabase issues before they are handed out.

A service that does not take its project's tokens signs everybody in and then refuses everybody. Whoever runs it is told at the
first token instead: by a warning that names the setting, by /readyz and by a metric.
"""

from __future__ import annotations

import time
from typing import Final, Literal

import structlog

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.security.access_token import (
    AccessToken,
    AccessTokenVerifier,
    InvalidTokenError,
    Reason,
    unverified,
    unverified_claims,
)
from service.telemetry import metrics

log = structlog.get_logger(__name__)

State = Literal["ok", "degraded", "failed", "unknown"]

_FORGET_AFTER: Final = 60  # seconds: a refusal that no other followed says nothing about the settings any more
_MAX_SHOWN: Final = 200  # characters of a claim

CURES: Final[dict[Reason, tuple[str, str]]] = {
    "algorithm": ("SUPABASE_JWT_SECRET", "the project signs with a shared secret, and this service has none: set it"),
    "signature": ("SUPABASE_JWT_SECRET", "is not the secret that the project signs with, or SUPABASE_URL is another project's"),
    "key": ("SUPABASE_URL", "the project there does not publish the key that signed this token"),
    "issuer": ("SUPABASE_JWT_ISSUER", "must be what the project's tokens name; without it SUPABASE_URL/auth/v1 is expected"),
    "audience": ("SUPABASE_JWT_AUDIENCE", "must be what the project's tokens name"),
    "shape": ("SUPABASE_URL", "what answers there issues something that is no token"),
    "claims": (
        "SUPABASE_URL",
        "what answers there issues tokens without what each token must say; look at the project's hooks",
    ),
    "time": ("", "the clock of this machine is wrong, or the project's"),
}


class IssuedTokens:
    """Remembers how the last tokens fared."""

    def __init__(self, verifier: AccessTokenVerifier) -> None:
        self._verifier = verifier
        self._passed = False
        self._refused_at = float("-inf")

    @property
    def state(self) -> State:
        """`failed` where none has passed yet and one was refused lately; `degraded` where others have passed."""
        if time.monotonic() - self._refused_at < _FORGET_AFTER:
            return "degraded" if self._passed else "failed"
        return "ok" if self._passed else "unknown"

    async def check(self, token: str) -> AccessToken:
        """The token that Supabase just issued, with its claims. Raises ApiError upstream_error where it is definitely not ours.

        What cannot be told (the keys cannot be fetched) and what time may heal (a clock that is wrong) is handed out.
        """
        try:
            verified = await self._verifier.verify_issued(token)
        except InvalidTokenError as error:
            return self._doubted(token, error.reason)
        except ApiError as error:
            return self._unchecked(token, error.code.value)
        self._passed = True
        self._refused_at = float("-inf")
        metrics.series(metrics.ISSUED_TOKENS, "ok").inc()
        return verified

    def _doubted(self, token: str, reason: Reason) -> AccessToken:
        if reason == "time":
            return self._unchecked(token, reason)
        setting, cure = CURES[reason]
        self._refused_at = time.monotonic()
        metrics.series(metrics.ISSUED_TOKENS, "refused").inc()
        log.warning("token_refused_as_issued", reason=reason, setting=setting, cure=cure, **_found(token, reason))
        raise ApiError(ErrorCode.upstream_error, upstream=True)

    def _unchecked(self, token: str, reason: str) -> AccessToken:
        metrics.series(metrics.ISSUED_TOKENS, "unchecked").inc()
        log.warning("token_handed_out_unchecked", reason=reason)
        try:
            return unverified(token)
        except ValueError:
            raise ApiError(ErrorCode.upstream_error, upstream=True) from None


def _found(token: str, reason: Reason) -> dict[str, str]:
    """What the token says where something else was expected. Its signature is good by then, so the project itself said it."""
    claim = {"issuer": "iss", "audience": "aud"}.get(reason)
    if claim is None:
        return {}
    return {"found": str(unverified_claims(token).get(claim))[:_MAX_SHOWN]}
