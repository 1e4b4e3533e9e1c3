"""The devices that a user is signed in on."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Final
from uuid import UUID

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.handlers.shared import SecondFactor, Sessions
from service.models import ListedSession, SessionList
from service.reply import Reply
from service.security.access_token import AccessToken
from service.security.session_mark import PresentedSession
from service.supabase.auth import user_agent
from service.supabase.auth.sessions import OwnSession, OwnSessionsCalls
from service.supabase.calls import answer_of_supabase

_ADDRESS: Final = re.compile(r"[0-9A-Fa-f.:]{2,45}")


class OwnSessionsHandlers:
    """`shows_addresses` where the devices' own ones reach Supabase; else it has seen this service's only."""

    def __init__(
        self, *, supabase: OwnSessionsCalls, sessions: Sessions, second_factor: SecondFactor, shows_addresses: bool
    ) -> None:
        self._supabase = supabase
        self._sessions = sessions
        self._second_factor = second_factor
        self._shows_addresses = shows_addresses

    async def list_sessions(self, access_token: AccessToken) -> Reply:
        """The user's sessions, the one used last first."""
        sessions = await self._supabase.list(access_token)
        with answer_of_supabase():
            return Reply(SessionList(sessions=[self._listed(session, access_token) for session in sessions]))

    async def end_session(self, session_id: UUID, access_token: AccessToken, presented: PresentedSession) -> Reply:
        """End one of the user's sessions. Where it is the one of this browser's cookies, they go too."""
        if str(session_id) != access_token.session_id:
            await self._second_factor.require_aal2(access_token)
        try:
            ended = await self._supabase.end(access_token, session_id)
        except ApiError as error:
            raise await self._second_factor.explained(error, access_token) from None
        if not ended:
            raise ApiError(ErrorCode.not_found)
        of_the_cookies = presented.mark is not None and presented.mark.session_id == str(session_id)
        return Reply(status=204, cookies=self._sessions.cleared() if of_the_cookies else ())

    def _listed(self, session: OwnSession, asking: AccessToken) -> ListedSession:
        known = self._shows_addresses and session.ip is not None and _ADDRESS.fullmatch(session.ip) is not None
        return ListedSession(
            id=session.id,
            current=str(session.id) == asking.session_id,
            created_at=session.created_at.astimezone(UTC),
            last_used_at=session.refreshed_at.astimezone(UTC),
            user_agent=user_agent.shown(session.user_agent),
            ip=session.ip if known else None,
            aal=session.aal,
        )
