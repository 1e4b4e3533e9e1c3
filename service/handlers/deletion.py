"""Leaving."""

from __future__ import annotations

import time
from typing import Final, Literal

import structlog

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.handlers.shared import SecondFactor, Sessions
from service.models import DeletionRequest, DeletionResult
from service.reply import Reply
from service.security.access_token import AccessToken
from service.security.session_mark import PresentedSession
from service.supabase.auth.deletion import DeletionCalls

log = structlog.get_logger(__name__)

FRESH_FOR: Final = 600  # seconds since the user last proved who that is


class DeletionHandlers:
    """`kind` says whether accounts can be deleted, and whether a row of the user stays (soft)."""

    def __init__(
        self,
        *,
        supabase: DeletionCalls,
        sessions: Sessions,
        second_factor: SecondFactor,
        kind: Literal["off", "hard", "soft"],
    ) -> None:
        self._supabase = supabase
        self._sessions = sessions
        self._second_factor = second_factor
        self._kind = kind

    async def delete_account(self, body: DeletionRequest, access_token: AccessToken, presented: PresentedSession) -> Reply:
        """Delete the user who asks, who has typed the address once more and proved just now who that is."""
        if self._kind == "off":
            raise ApiError(ErrorCode.auth_deletion_disabled)
        named = await self._supabase.email(access_token) or access_token.user_id
        if body.confirm.strip().lower() != named.lower():
            raise ApiError(ErrorCode.auth_confirmation_mismatch)
        await self._second_factor.require_aal2(access_token)
        _require_fresh(access_token)
        delete = self._supabase.delete_softly if self._kind == "soft" else self._supabase.delete
        await delete(access_token)
        log.info("account_deleted", user_id=access_token.user_id, kind=self._kind)
        own = presented.mark is not None and presented.mark.user_id == access_token.user_id
        return Reply(DeletionResult(ok=True), cookies=self._sessions.cleared() if own else ())


def _require_fresh(user: AccessToken) -> None:
    """Raises ApiError auth_reauthentication_required, also where the token does not say when its user signed in."""
    if user.authenticated_at is None:
        log.warning("authentication_time_unknown", cure="let the project's access token hook keep the claim amr")
    elif time.time() - user.authenticated_at < FRESH_FOR:
        return
    raise ApiError(ErrorCode.auth_reauthentication_required, details={"method": "sign_in"})
