"""A user's second factors: authenticator apps (TOTP, RFC 6238)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import structlog
from supabase_auth.types import MFAEnrollTOTPParams, Session

from service.security.qr_code import MAX_TEXT
from service.supabase.auth.answers import Tokens, required, tokens_of
from service.supabase.call import Call
from service.supabase.calls import ForeignAnswerError
from service.supabase.translation import supabase_code

if TYPE_CHECKING:
    from service.security.access_token import AccessToken
    from service.supabase.auth.gotrue import GoTrue
    from service.supabase.calls import UpstreamCall

log = structlog.get_logger(__name__)

_SECRET: Final = re.compile(r"[A-Z2-7]{16,200}=*")  # base 32 (RFC 4648 section 6)


@dataclass(frozen=True, slots=True)
class EnrolledFactor:
    """A factor of the user's; one that is not `verified` does not count."""

    id: UUID
    type: str
    name: str | None
    verified: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A factor that was just begun. Secret and URI are told this once."""

    id: UUID
    type: str
    name: str | None
    secret: str = field(repr=False)
    uri: str = field(repr=False)


class MfaCalls:
    """`upstream` bounds each call, and translates what goes wrong in it: every method raises ApiError."""

    def __init__(self, gotrue: GoTrue, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._gotrue = gotrue
        self._upstream = upstream

    async def list(self, user: AccessToken) -> tuple[EnrolledFactor, ...]:
        """The user's factors, those that were never verified included."""
        async with self._upstream(Call.get_user):
            found = required(await self._gotrue.client_of(user).get_user(user.value)).user
            if str(found.id) != user.user_id:
                raise ForeignAnswerError
            return tuple(
                EnrolledFactor(
                    UUID(factor.id),
                    factor.factor_type,
                    factor.friendly_name or None,
                    factor.status == "verified",
                    factor.created_at,
                )
                for factor in found.factors or ()
            )

    async def enroll(self, user: AccessToken, *, name: str | None, issuer: str | None) -> Enrollment:
        """Begin a factor. Without an `issuer` Supabase takes the host of the project's site URL.

        Raises ApiError auth_mfa_required, without the factors, where the user has one and the session has not seen it.
        """
        asked: MFAEnrollTOTPParams = {"factor_type": "totp", "friendly_name": name or ""}
        if issuer is not None:
            asked["issuer"] = issuer
        async with self._upstream(Call.enroll_factor):
            answer = await self._gotrue.client_of(user).mfa.enroll(asked)
            totp = required(answer.totp)
            _require_key_uri(totp.uri, totp.secret)
            return Enrollment(UUID(answer.id), answer.type, answer.friendly_name or None, totp.secret, totp.uri)

    async def delete(self, user: AccessToken, factor_id: UUID) -> None:
        """Delete a factor. Raises ApiError not_found, or auth_mfa_required without the factors."""
        async with self._upstream(Call.delete_factor):
            answer = await self._gotrue.client_of(user).mfa.unenroll({"factor_id": str(factor_id)})
            if UUID(answer.id) != factor_id:
                raise ForeignAnswerError

    async def verify(self, user: AccessToken, factor_id: UUID, code: str, *, client_address: str | None) -> Tokens:
        """Raise the user's session to aal2, and give its new tokens.

        Supabase takes the code only from the address that the challenge was for, so both are asked for here, and from one.
        Raises ApiError auth_mfa_code_invalid or not_found.
        """
        factor = str(factor_id)
        async with self._upstream(Call.challenge_factor):
            gotrue = self._gotrue.client_of(user, Call.challenge_factor, client_address=client_address)
            challenge = (await gotrue.mfa.challenge({"factor_id": factor})).id
        async with self._upstream(Call.verify_factor):
            gotrue = self._gotrue.client_of(user, Call.verify_factor, client_address=client_address)
            try:
                answer = await gotrue.mfa.verify({"factor_id": factor, "challenge_id": challenge, "code": code})
            except Exception as error:
                _tell_if_from_another_address(error)
                raise
            tokens = tokens_of(Session.model_validate(answer.model_dump()))
            if tokens.user_id != user.user_id:
                raise ForeignAnswerError
            return tokens


def _require_key_uri(uri: str, secret: str) -> None:
    """Raises ValueError for what an authenticator app would not understand, or would take for another secret.

    https://github.com/google/google-authenticator/wiki/Key-Uri-Format
    """
    parts = urlsplit(uri)
    if not uri.isascii() or len(uri) > MAX_TEXT or not _SECRET.fullmatch(secret):
        raise ValueError("not a key URI")
    if (parts.scheme, parts.netloc) != ("otpauth", "totp") or parse_qs(parts.query).get("secret") != [secret]:
        raise ValueError("not the key URI of this secret")


def _tell_if_from_another_address(error: Exception) -> None:
    """The challenge was new, so it is no old one that was sent again: the two requests left from two addresses."""
    if supabase_code(error) == "mfa_ip_address_mismatch":
        log.warning(
            "mfa_address_mismatch",
            cure="set FORWARD_CLIENT_IP, or let all requests to Supabase leave from one address",
        )
