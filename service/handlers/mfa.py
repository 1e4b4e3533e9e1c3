"""Second factors: to set one up, to give its code, to be rid of it."""

from __future__ import annotations

import asyncio
from datetime import UTC
from uuid import UUID

from service.errors import ApiError
from service.handlers.shared import ForwardedAddress, SecondFactor, Sessions
from service.models import (
    EnrollFactorRequest,
    FactorEnrollment,
    FactorList,
    ListedFactor,
    TotpEnrollment,
    VerifyFactorRequest,
)
from service.reply import Reply
from service.security.access_token import AccessToken
from service.security.qr_code import qr_svg
from service.security.session_mark import PresentedSession
from service.supabase.auth.mfa import EnrolledFactor, MfaCalls
from service.supabase.calls import answer_of_supabase


class MfaHandlers:
    """`issuer` is what authenticator apps show beside the user's address; without one it is the host of the project's site."""

    def __init__(
        self,
        *,
        supabase: MfaCalls,
        sessions: Sessions,
        second_factor: SecondFactor,
        client_address: ForwardedAddress,
        issuer: str | None,
    ) -> None:
        self._supabase = supabase
        self._sessions = sessions
        self._second_factor = second_factor
        self._client_address = client_address
        self._issuer = issuer

    async def list_factors(self, access_token: AccessToken) -> Reply:
        """All of the user's factors."""
        factors = await self._supabase.list(access_token)
        with answer_of_supabase():
            return Reply(FactorList(factors=[_listed(factor) for factor in factors]))

    async def enroll_factor(self, body: EnrollFactorRequest, access_token: AccessToken) -> Reply:
        """Begin a factor, and show its secret once."""
        try:
            enrollment = await self._supabase.enroll(access_token, name=body.name, issuer=self._issuer)
        except ApiError as error:
            raise await self._second_factor.explained(error, access_token) from None
        picture = await asyncio.to_thread(qr_svg, enrollment.uri)  # drawing takes a while, in which others want to be served
        with answer_of_supabase():
            totp = TotpEnrollment(secret=enrollment.secret, uri=enrollment.uri, qr_svg=picture)
            named = {} if enrollment.name is None else {"name": enrollment.name}
            return Reply(FactorEnrollment(id=enrollment.id, type=enrollment.type, totp=totp, **named), status=201)

    async def delete_factor(self, factor_id: UUID, access_token: AccessToken) -> Reply:
        """Delete a factor, verified or not."""
        try:
            await self._supabase.delete(access_token, factor_id)
        except ApiError as error:
            raise await self._second_factor.explained(error, access_token) from None
        return Reply(status=204)

    async def verify_factor(self, body: VerifyFactorRequest, access_token: AccessToken, presented: PresentedSession) -> Reply:
        """Raise the session to aal2. Nothing is verified that this browser's cookies could not take."""
        self._sessions.require_own_cookies(presented, access_token.user_id)
        tokens = await self._supabase.verify(access_token, body.factor_id, body.code, client_address=self._client_address())
        return (await self._sessions.go_on(tokens, presented)).reply()


def _listed(factor: EnrolledFactor) -> ListedFactor:
    named = {} if factor.name is None else {"name": factor.name}
    return ListedFactor(
        id=factor.id, type=factor.type, verified=factor.verified, created_at=factor.created_at.astimezone(UTC), **named
    )
