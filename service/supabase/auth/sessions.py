"""The sessions of a signed-in user: functions of supabase/migrations, called as that user."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from uuid import UUID

from postgrest.exceptions import APIError
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter

from service.error_codes import ErrorCode
from service.errors import ApiError, unauthorized
from service.supabase.auth.answers import required
from service.supabase.both import both
from service.supabase.call import Call
from service.supabase.calls import ForeignAnswerError

if TYPE_CHECKING:
    from service.security.access_token import AccessToken
    from service.supabase.auth.gotrue import GoTrue
    from service.supabase.calls import UpstreamCall
    from service.supabase.data_api import DataApi


class OwnSession(BaseModel):
    """A session of the user's, as the database keeps it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    created_at: AwareDatetime
    refreshed_at: AwareDatetime
    user_agent: str | None
    ip: str | None
    aal: str
    not_after: AwareDatetime | None


_SESSIONS: Final[TypeAdapter[tuple[OwnSession, ...]]] = TypeAdapter(tuple[OwnSession, ...])


class OwnSessionsCalls:
    """`upstream` bounds each call, and translates what goes wrong in it: every method raises ApiError."""

    def __init__(self, gotrue: GoTrue, data_api: DataApi, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._gotrue = gotrue
        self._data_api = data_api
        self._upstream = upstream

    async def list(self, user: AccessToken) -> tuple[OwnSession, ...]:
        """The sessions, the one used last first. Raises ApiError unauthorized where the user's own is over.

        Supabase Auth is asked at the same time: the data API takes the token of a banned user until it expires.
        """
        _, sessions = await both(self._ask_auth(user), self._list(user))
        if not sessions:
            raise unauthorized(presented=True)
        return sessions

    async def end(self, user: AccessToken, session_id: UUID) -> bool:
        """End a session of the user's; False where there is none of that id.

        Raises ApiError unauthorized where the user's own is over, and auth_mfa_required, without the factors, where the
        database asks for the second one.
        """
        ended: object = None
        async with self._upstream(Call.end_session):
            try:
                ended = (await self._data_api.call("end_own_session", {"session_id": str(session_id)}, user).execute()).data
            except APIError as error:
                if error.message != "insufficient_aal":
                    raise
            else:
                if not isinstance(ended, bool):
                    raise ValueError("not what was asked for")
        if ended is None:
            raise ApiError(ErrorCode.auth_mfa_required, details={"factors": []}, upstream=True)
        if not ended and not await self._list(user):
            raise unauthorized(presented=True)
        return bool(ended)

    async def _list(self, user: AccessToken) -> tuple[OwnSession, ...]:
        async with self._upstream(Call.list_sessions):
            return _SESSIONS.validate_python((await self._data_api.call("list_own_sessions", {}, user).execute()).data)

    async def _ask_auth(self, user: AccessToken) -> None:
        async with self._upstream(Call.get_user):
            found = required(await self._gotrue.client_of(user).get_user(user.value)).user
            if str(found.id) != user.user_id:
                raise ForeignAnswerError
