"""Signing in by a provider or by the company's own directory, and exchanging what the browser comes back with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from json import JSONDecodeError
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

from supabase_auth.errors import AuthApiError

from service.error_codes import ErrorCode
from service.errors import ApiError, rate_limited
from service.supabase.auth.answers import Tokens, no_linking, required, tokens_of
from service.supabase.auth.captcha import CaptchaAnswer, CaptchaCall
from service.supabase.call import Call
from service.supabase.error_codes import RETURNED
from service.supabase.translation import RETRY_AFTER_UNKNOWN

if TYPE_CHECKING:
    from service.security.access_token import AccessToken
    from service.supabase.auth.config import ConfigCalls
    from service.supabase.auth.gotrue import GoTrue
    from service.supabase.auth.requests import AuthRequests
    from service.supabase.calls import UpstreamCall

MAX_URL: Final = 16_384  # characters, as the contract bounds it


@dataclass(frozen=True, slots=True)
class Return:
    """Where a flow leads back to, and the challenge (RFC 7636, S256) that its code is bound to."""

    redirect_to: str
    code_challenge: str

    @property
    def parameters(self) -> dict[str, str]:
        """Both as Supabase names them."""
        return {
            "redirect_to": self.redirect_to,
            "code_challenge": self.code_challenge,
            "code_challenge_method": "s256",
        }


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The session that a code opened, and the provider's own tokens, which Supabase tells but once."""

    tokens: Tokens
    provider_token: str | None = field(default=None, repr=False)
    provider_refresh_token: str | None = field(default=None, repr=False)


class OauthCalls:
    """`upstream` bounds each call, and translates what goes wrong in it: every method that asks Supabase raises ApiError."""

    def __init__(
        self,
        gotrue: GoTrue,
        requests: AuthRequests,
        config: ConfigCalls,
        upstream: Callable[[Call], UpstreamCall],
        *,
        base_url: str,
    ) -> None:
        self._gotrue = gotrue
        self._requests = requests
        self._config = config
        self._upstream = upstream
        self._authorize = f"{base_url}/auth/v1/authorize"

    async def require_provider(self, provider: str) -> None:
        """Raises ApiError auth_provider_disabled where the project has not switched it on.

        Supabase does not list every provider that it has, nor those that the project made itself: of one that is not known to
        be on, it is asked as a browser would ask.
        """
        if provider.lower() in (await self._config.get()).config.providers:
            return
        async with self._upstream(Call.try_provider):
            try:
                await self._requests.ask(Call.try_provider, "GET", f"/authorize?{urlencode({'provider': provider})}")
            except AuthApiError as error:
                if not HTTPStatus.MULTIPLE_CHOICES <= error.status < HTTPStatus.BAD_REQUEST:
                    raise

    def sign_in_url(self, provider: str, back: Return, *, scopes: str | None) -> str:
        """The project's own page that sends a browser on to the provider; it asks for no API key."""
        return f"{self._authorize}?{urlencode(_asked(provider, back, scopes))}"

    async def link_url(self, user: AccessToken, provider: str, back: Return, *, scopes: str | None) -> str:
        """The provider's page, for a flow that links what is consented to there to this user."""
        query = _asked(provider, back, scopes) | {"skip_http_redirect": "true"}
        async with self._upstream(Call.link_identity):
            path = f"/user/identities/authorize?{urlencode(query)}"
            try:
                return _url(await self._requests.ask_as(user, Call.link_identity, "GET", path))
            except JSONDecodeError as error:
                if error.doc.startswith("<"):  # the embedded Supabase has no linking, and shows a page of its own there
                    raise no_linking() from error
                raise

    async def sso_url(self, domain: str, back: Return, *, client_address: str | None, captcha: CaptchaAnswer) -> str:
        """The page of the directory that the project has for a domain.

        Raises ApiError auth_provider_disabled where it has none at all, and auth_sso_domain_unknown.
        """
        if not (await self._config.get()).config.sso:
            raise ApiError(ErrorCode.auth_provider_disabled)
        body: dict[str, object] = {"domain": domain.lower(), "skip_http_redirect": True, **back.parameters}
        async with CaptchaCall(self._upstream(Call.start_sso), captcha):
            return _url(
                await self._requests.ask(Call.start_sso, "POST", "/sso", body, client_address=client_address, captcha=captcha)
            )

    async def exchange(self, code: str, code_verifier: str, *, client_address: str | None) -> Exchanged:
        """The session that a code stands for. Raises ApiError auth_flow_invalid, or auth_flow_expired where it is too old."""
        async with self._upstream(Call.exchange_code):
            gotrue = self._gotrue.client(Call.exchange_code, client_address=client_address)
            answer = await gotrue.exchange_code_for_session(
                {"auth_code": code, "code_verifier": code_verifier, "redirect_to": ""}
            )
            session = required(answer.session)
            return Exchanged(tokens_of(session), session.provider_token or None, session.provider_refresh_token or None)


def returned_error(error_code: str | None) -> ApiError:
    """What the `error_code` in the URL that a browser came back with stands for.

    Without one it is the provider's own refusal, with one that is not known Supabase's trouble with the provider: the cure is
    the same.
    """
    code = RETURNED.get(error_code or "", ErrorCode.auth_provider_denied)
    match code:
        case ErrorCode.rate_limited:
            return rate_limited(RETRY_AFTER_UNKNOWN)
        case ErrorCode.auth_rejected:
            return ApiError(code, details={"explanation": ""})
    return ApiError(code)


def _asked(provider: str, back: Return, scopes: str | None) -> dict[str, str]:
    return {"provider": provider, **({"scopes": scopes} if scopes else {}), **back.parameters}


def _url(answer: object) -> str:
    """The URL that was asked for. Raises ValueError where it is none that a browser could be sent to by it."""
    match answer:
        case {"url": str() as url} if len(url) <= MAX_URL and _is_web(url):
            return url
        case _:
            raise ValueError("no address to go to")


def _is_web(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
