"""Signing in by a provider or by the company's own directory, and linking a provider to who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from pydantic import ValidationError

from service.error_codes import ErrorCode
from service.errors import ApiError, invalid_request, unauthorized
from service.handlers.shared import ForwardedAddress, NextStep, OpenedSession, SecondFactor, Sessions
from service.models import (
    CompleteOauthRequest,
    FlowStart,
    ProviderTokens,
    Session,
    StartOauthRequest,
    StartSsoRequest,
)
from service.reply import Reply
from service.request_context import Refusal, current_request
from service.security.access_token import AccessToken
from service.security.flow import LIFETIMES, BegunFlow, Flow, FlowExpiredError, FlowInvalidError, Flows, Intent
from service.security.return_path import is_own_path
from service.security.session_mark import PresentedSession
from service.supabase.auth.oauth import Exchanged, OauthCalls, Return, returned_error
from service.supabase.calls import answer_of_supabase
from service.supabase.captcha_provider import CaptchaGate

log = structlog.get_logger(__name__)

RETURN_PATH: Final = "/account/return"

# What a session is for that a mail's own link has opened.
_NEXT_STEPS: Final[Mapping[Intent, NextStep]] = {Intent.recovery: "set_password"}
_BY_PROVIDER: Final = frozenset({Intent.sign_in, Intent.link})


class OauthHandlers:
    """`frontend_url` is the only place that a flow leads back to. `expose_provider_tokens` hands over what a provider gave."""

    def __init__(
        self,
        *,
        supabase: OauthCalls,
        flows: Flows,
        sessions: Sessions,
        second_factor: SecondFactor,
        captcha: CaptchaGate,
        client_address: ForwardedAddress,
        frontend_url: str,
        expose_provider_tokens: bool,
    ) -> None:
        self._supabase = supabase
        self._flows = flows
        self._sessions = sessions
        self._second_factor = second_factor
        self._captcha = captcha
        self._client_address = client_address
        self._page = f"{frontend_url}{RETURN_PATH}"
        self._expose_provider_tokens = expose_provider_tokens

    async def start_oauth(
        self,
        body: StartOauthRequest,
        csrf_cookie: str | None,
        presented: PresentedSession,
        access_token: AccessToken | None = None,
    ) -> Reply:
        """Where to send the browser: to the project's own page, which sends it on; for linking to the provider's."""
        if body.intent == "link":
            return await self._start_link(body, csrf_cookie, presented, access_token)
        begun = self._begin(csrf_cookie, Intent.sign_in, body.return_to)
        await self._supabase.require_provider(body.provider)
        return _started(begun, self._supabase.sign_in_url(body.provider, self._back(begun), scopes=body.scopes))

    async def start_sso(self, body: StartSsoRequest, csrf_cookie: str | None) -> Reply:
        """Where to send the browser: to the page of the directory that the project has for the domain."""
        begun = self._begin(csrf_cookie, Intent.sign_in, body.return_to)
        address = self._client_address()
        captcha = await self._captcha.pass_through(body.captcha_token, address)
        url = await self._supabase.sso_url(body.domain, self._back(begun), client_address=address, captcha=captcha)
        return _started(begun, url)

    async def complete_oauth(self, body: CompleteOauthRequest, csrf_cookie: str | None, presented: PresentedSession) -> Reply:
        """Open the session that the code stands for, or say what the error stands for."""
        _require_one_outcome(body)
        flow = self._taken(body.flow, csrf_cookie)
        if body.code is None:
            raise returned_error(body.error_code)
        if flow.intent is Intent.link and not flow.is_about(_whose(presented)):
            raise ApiError(ErrorCode.auth_session_conflict)  # somebody came after, or the user has signed out since
        exchanged = await self._supabase.exchange(body.code, flow.code_verifier, client_address=self._client_address())
        if flow.intent is Intent.link and not flow.is_about(exchanged.tokens.user_id):
            await self._sessions.end(exchanged.tokens.access_token)
            raise _invalid("user")
        opened = await self._sessions.open(exchanged.tokens, presented, next_step=_NEXT_STEPS.get(flow.intent))
        return opened.reply(self._session(flow, exchanged, opened))

    async def _start_link(
        self, body: StartOauthRequest, csrf_cookie: str | None, presented: PresentedSession, access_token: AccessToken | None
    ) -> Reply:
        if access_token is None:
            raise unauthorized(presented=False)
        # Supabase links before `complete_oauth` could refuse: what cannot be finished in this browser is not begun.
        if _whose(presented) != access_token.user_id:
            raise ApiError(ErrorCode.auth_session_conflict)
        begun = self._begin(csrf_cookie, Intent.link, body.return_to, subject=access_token.user_id)
        await self._supabase.require_provider(body.provider)
        await self._second_factor.require_aal2(access_token)
        try:
            url = await self._supabase.link_url(access_token, body.provider, self._back(begun), scopes=body.scopes)
        except ApiError as error:
            raise await self._second_factor.explained(error, access_token) from None
        return _started(begun, url)

    def _begin(self, csrf_cookie: str | None, intent: Intent, return_to: str | None, *, subject: str = "") -> BegunFlow:
        if return_to is not None and not is_own_path(return_to):
            raise invalid_request("/returnTo", "is not a path of the front end", "pattern")
        begun = self._flows.begin(csrf_cookie, intent, subject=subject, return_to=return_to)
        if begun.value is None:
            current_request().refusal = Refusal("csrf", "cookie_missing")
            raise ApiError(ErrorCode.csrf_failed, details={"reason": "cookie_missing"})
        return begun

    def _back(self, begun: BegunFlow) -> Return:
        return Return(f"{self._page}?flow={begun.value}", begun.code_challenge)

    def _taken(self, value: str, csrf_cookie: str | None) -> Flow:
        try:
            return self._flows.read(value, csrf_cookie)
        except FlowExpiredError:
            raise ApiError(ErrorCode.auth_flow_expired) from None
        except FlowInvalidError:
            raise _invalid("signature") from None

    def _session(self, flow: Flow, exchanged: Exchanged, opened: OpenedSession) -> Session:
        more: dict[str, object] = {}
        if flow.return_to is not None:
            more["return_to"] = flow.return_to
        if self._expose_provider_tokens and flow.intent in _BY_PROVIDER and (tokens := _provider_tokens(exchanged)) is not None:
            more["provider_tokens"] = tokens
        return opened.body.model_copy(update=more)


def _started(begun: BegunFlow, url: str) -> Reply:
    with answer_of_supabase():
        return Reply(FlowStart(url=url, flow=begun.value or "", expires_in=LIFETIMES[Intent.sign_in]))


def _require_one_outcome(body: CompleteOauthRequest) -> None:
    if body.code is not None and (body.error is not None or body.error_code is not None):
        raise invalid_request("/error", "cannot come with a code", "shape")
    if body.code is None and body.error is None:
        raise invalid_request("/error" if body.error_code is not None else "/code", "is required", "required")


def _whose(presented: PresentedSession) -> str:
    """The user whose session the cookies hold; "" where they hold none, or do not say whose it is."""
    return "" if presented.mark is None or presented.refresh_token is None else presented.mark.user_id


def _invalid(reason: str) -> ApiError:
    log.info("flow_refused", reason=reason)
    return ApiError(ErrorCode.auth_flow_invalid)


def _provider_tokens(exchanged: Exchanged) -> ProviderTokens | None:
    """Nobody is kept out for a token that does not fit into an answer."""
    if exchanged.provider_token is None:
        return None
    given = {"access_token": exchanged.provider_token}
    if exchanged.provider_refresh_token is not None:
        given["refresh_token"] = exchanged.provider_refresh_token
    try:
        return ProviderTokens(**given)
    except ValidationError:
        log.warning("provider_tokens_left_out")
        return None
