"""What handlers of several capabilities share: how sessions begin and end, second factors, and whose address goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

import structlog
from pydantic import BaseModel

from service.background import Background
from service.error_codes import ErrorCode
from service.errors import ApiError, mfa_required
from service.models import MfaFactor, MfaState, Session, User
from service.reply import Reply
from service.request_context import current_request
from service.security.access_token import AccessToken, unverified
from service.security.cookies import CookieJar
from service.security.issued_tokens import IssuedTokens
from service.security.session_mark import PresentedSession, SessionMark, SessionMarks, fingerprint
from service.supabase.auth.account import AccountCalls
from service.supabase.auth.answers import Factor, Tokens
from service.supabase.auth.session import Scope, SessionCalls
from service.supabase.calls import answer_of_supabase

log = structlog.get_logger(__name__)

NextStep = Literal["set_password"]

_AAL2: Final = "aal2"
MAX_PASSWORD_BYTES: Final = 72  # bcrypt's limit, and so Supabase Auth's


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session as it is answered: the body, and the Set-Cookie values that go with it."""

    body: Session
    cookies: tuple[str, ...]
    access_token: AccessToken

    def reply(self, body: BaseModel | None = None) -> Reply:
        """The answer; `body` stands in for the Session where the operation answers something else."""
        return Reply(self.body if body is None else body, cookies=self.cookies)


class ForwardedAddress:
    """The client's address for Supabase's own limits, where `enabled`."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled

    def __call__(self) -> str | None:
        """The address of the request at hand; None where it is not to be told."""
        return current_request().client_address or None if self._enabled else None


class Sessions:
    """How sessions begin, go on and end in a browser. Every method may raise ApiError.

    `hash_token` makes what the log may hold of a refresh token. `timeout` bounds the ending of a session that was replaced, in
    seconds.
    """

    def __init__(
        self,
        *,
        supabase: SessionCalls,
        cookies: CookieJar,
        marks: SessionMarks,
        issued: IssuedTokens,
        background: Background,
        client_address: ForwardedAddress,
        hash_token: Callable[[str], str],
        timeout: float,
    ) -> None:
        self._supabase = supabase
        self._cookies = cookies
        self._marks = marks
        self._issued = issued
        self._background = background
        self._client_address = client_address
        self._hash_token = hash_token
        self._timeout = timeout

    async def open(
        self, tokens: Tokens, presented: PresentedSession, *, remember: bool | None = None, next_step: NextStep | None = None
    ) -> OpenedSession:
        """A new session in this browser, whose cookies it takes. What it replaces is ended at Supabase after the answer.

        Where nobody says whether to remember it, it is as the one before was, if that was the same user's. Raises ApiError
        upstream_error where Supabase issued what this service cannot take; no cookie is set then, and the session is ended.
        """
        try:
            token = await self._issued.check(tokens.access_token)
        except ApiError:
            self._end_later(self.end(tokens.access_token), name="end_unusable_session")
            raise
        mark = presented.mark
        if remember is None:
            remember = mark is None or mark.user_id != token.user_id or mark.remember
        opened = self._opened(token, tokens, remember=remember, next_step=next_step)
        self._end_replaced(token, presented)
        return opened

    async def go_on(self, tokens: Tokens, presented: PresentedSession) -> OpenedSession:
        """The session that was there, with new tokens: after a refresh, or a step-up.

        Raises ApiError upstream_error as `open` does, but with the new cookies: Supabase takes the old ones no more.
        """
        remember = presented.mark is None or presented.mark.remember
        try:
            token = await self._issued.check(tokens.access_token)
        except ApiError as error:
            error.cookies = self._cookies_of(unverified(tokens.access_token), tokens, remember=remember)
            raise
        return self._opened(token, tokens, remember=remember, next_step=None)

    def cleared(self) -> tuple[str, str]:
        """The Set-Cookie values that end a session in this browser."""
        return self._cookies.clear_session()

    def require_own_cookies(self, presented: PresentedSession, user_id: str) -> None:
        """Raises ApiError auth_session_conflict where this browser's cookies are another user's."""
        if not presented.may_be_of(user_id):
            raise ApiError(ErrorCode.auth_session_conflict)

    async def end(self, access_token: str, scope: Scope = "local") -> None:
        """End a session at Supabase, best effort: what goes wrong is logged, and nothing is raised."""
        try:
            await self._supabase.sign_out(access_token, client_address=self._client_address(), scope=scope)
        except ApiError as error:
            _log_unless_over(error)

    async def end_by_cookies(
        self, presented: PresentedSession, *, of: str | None = None, but_not: str | None = None
    ) -> str | None:
        """The same for a session that only its cookies tell of. Returns whose it is; None where that did not come out.

        Supabase ends sessions by access token, so the refresh token is exchanged for one first. Nothing is ended of another
        user than `of` or than the cookies say, nor the session `but_not`.
        """
        if presented.refresh_token is None:
            return None
        self.note_presented(presented.refresh_token)
        try:
            tokens = await self._supabase.refresh(
                presented.refresh_token, mark=presented.mark, client_address=self._client_address()
            )
        except ApiError as error:
            _log_unless_over(error)
            return None
        if of in {None, tokens.user_id} and unverified(tokens.access_token).session_id != but_not:
            await self.end(tokens.access_token)
        return tokens.user_id

    def note_presented(self, refresh_token: str) -> None:
        """Let the log recognize a refresh token that came."""
        current_request().token_in = self._hash_token(refresh_token)

    def _end_replaced(self, token: AccessToken, presented: PresentedSession) -> None:
        same = presented.mark is not None and presented.mark.session_id == token.session_id
        if presented.refresh_token is not None and not same:
            self._end_later(self.end_by_cookies(presented, but_not=token.session_id), name="end_replaced_session")

    def _end_later(self, ending: Coroutine[None, None, object], *, name: str) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(self._timeout):
                await ending

        self._background.start(bounded(), name=name)

    def _opened(self, token: AccessToken, tokens: Tokens, *, remember: bool, next_step: NextStep | None) -> OpenedSession:
        with answer_of_supabase():
            required = bool(tokens.factors) and token.aal != _AAL2
            body = Session(
                access_token=tokens.access_token,
                expires_in=tokens.expires_in,
                user=User(id=UUID(tokens.user_id), email=tokens.email),
                aal=token.aal,
                mfa=MfaState(required=required, factors=[factor_model(factor) for factor in tokens.factors]),
                next="mfa" if required else next_step,
            )
        return OpenedSession(body, self._cookies_of(token, tokens, remember=remember), token)

    def _cookies_of(self, token: AccessToken, tokens: Tokens, *, remember: bool) -> tuple[str, str]:
        """Both cookies; the log can recognize the refresh token."""
        current_request().token_out = self._hash_token(tokens.refresh_token)
        mark = SessionMark(token.user_id, token.session_id, remember, fingerprint(tokens.refresh_token))
        return self._cookies.session(tokens.refresh_token, self._marks.write(mark), remember=remember)


class SecondFactor:
    """Asks for one where the user has one. Every method raises ApiError."""

    def __init__(self, *, supabase: AccountCalls) -> None:
        self._supabase = supabase

    async def require_aal2(self, user: AccessToken) -> None:
        """Raises ApiError auth_mfa_required for a session at aal1 of a user with a verified factor. At aal2 it asks nobody."""
        if user.aal != _AAL2 and (factors := await self._supabase.factors(user)):
            raise _mfa_required(factors)

    async def explained(self, error: ApiError, user: AccessToken) -> ApiError:
        """The error as it can be answered: where Supabase asks for a second factor, it does not say which ones there are."""
        return _mfa_required(await self._supabase.factors(user)) if error.code is ErrorCode.auth_mfa_required else error


def require_bytes_of_password(password: str) -> None:
    """Raises ApiError auth_weak_password for more than Supabase takes: the contract can count characters only."""
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise ApiError(ErrorCode.auth_weak_password, details={"reasons": ["length"]})


def factor_model(factor: Factor) -> MfaFactor:
    """The factor as the contract has it. Raises ValueError where Supabase's does not fit."""
    named = {} if factor.name is None else {"name": factor.name}
    return MfaFactor(id=UUID(factor.id), type=factor.type, **named)


def _mfa_required(factors: Iterable[Factor]) -> ApiError:
    with answer_of_supabase():
        return mfa_required([factor_model(factor).model_dump(mode="json", exclude_none=True) for factor in factors])


def _log_unless_over(error: ApiError) -> None:
    if error.code not in _OVER:  # an ended session is what was asked for
        log.warning("session_not_revoked", code=error.code.value, supabase_code=error.supabase_code)


_OVER: Final = frozenset({ErrorCode.unauthorized, ErrorCode.auth_refresh_invalid})
