"""Checks the credentials of a request, by its headers: CSRF token and origin, refresh cookie, bearer token."""

from __future__ import annotations

import re

from starlette.datastructures import Headers

from service.error_codes import ErrorCode
from service.errors import ApiError, unauthorized
from service.request_context import Refusal, current_request
from service.security.access_token import AccessToken, AccessTokenVerifier, InvalidTokenError
from service.security.cookies import CookieJar
from service.security.csrf import CsrfTokens
from service.security.session_mark import PresentedSession, SessionMarks

_OWN_SITES = frozenset({"same-origin", "none"})  # "none": the user typed the address or used a bookmark
_REFRESH_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,2048}")  # opaque, but always of the characters of RFC 6750's b64token


class CredentialChecks:
    """`origins` are those whose pages may send state-changing requests, beside the service's own. Where they were named in the
    settings (`origins_are_named`), no page is believed to be the service's own that comes from somewhere else than its Host.
    `https_only` says that its own pages come by https."""

    def __init__(
        self,
        *,
        csrf: CsrfTokens,
        cookies: CookieJar,
        marks: SessionMarks,
        verifier: AccessTokenVerifier,
        origins: tuple[str, ...],
        origins_are_named: bool,
        https_only: bool,
    ) -> None:
        self._csrf = csrf
        self._cookies = cookies
        self._marks = marks
        self._verifier = verifier
        self._origins = frozenset(origins)
        self._origins_are_named = origins_are_named
        self._own_schemes = ("https",) if https_only else ("https", "http")

    async def check_csrf(self, headers: Headers) -> None:
        """The token, and where the request comes from. Raises ApiError csrf_failed."""
        if not self._origin_allowed(headers):
            raise _csrf_failed("origin")
        tokens = headers.getlist("x-csrf-token")
        if len(tokens) != 1:
            raise _csrf_failed("invalid" if tokens else "missing")
        reason = self._csrf.refusal(tokens[0], self.csrf_cookie(headers))
        if reason is not None:
            raise _csrf_failed(reason)

    async def refresh_token(self, headers: Headers) -> str:
        """The refresh token. Raises ApiError auth_refresh_missing, or auth_refresh_invalid for what cannot be one."""
        token = self._cookies.read(_cookie_header(headers), self._cookies.refresh_name)
        if not token:
            raise ApiError(ErrorCode.auth_refresh_missing)
        if not _REFRESH_TOKEN.fullmatch(token):
            raise ApiError(ErrorCode.auth_refresh_invalid, cookies=self._cookies.clear_session())
        return token

    def presented_session(self, headers: Headers) -> PresentedSession:
        """The session's cookies, for what can do without them."""
        cookies = _cookie_header(headers)
        token = self._cookies.read(cookies, self._cookies.refresh_name) or ""
        mark = self._marks.read(self._cookies.read(cookies, self._cookies.session_name))
        return PresentedSession(token if _REFRESH_TOKEN.fullmatch(token) else None, mark)

    async def access_token(self, headers: Headers) -> AccessToken:
        """The access token; its user is noted as the request's. Raises ApiError unauthorized."""
        values = headers.getlist("authorization")
        scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        if scheme.lower() != "bearer":
            raise unauthorized(presented=bool(values))
        request = current_request()
        try:
            verified = await self._verifier.verify(token.strip(" "))
        except InvalidTokenError as error:
            request.refusal = Refusal("token", error.reason)
            raise unauthorized(presented=True) from None
        request.user_id = verified.user_id
        return verified

    def csrf_cookie(self, headers: Headers) -> str | None:
        """The browser's half of the CSRF token, whatever it is worth."""
        return self._cookies.read(_cookie_header(headers), self._cookies.csrf_name)

    def _origin_allowed(self, headers: Headers) -> bool:
        """Whether a page that may send this request sent it (OWASP CSRF cheat sheet: Fetch Metadata, then Origin).

        A request with neither header comes from no browser; the CSRF token still protects it.
        """
        origins = headers.getlist("origin")
        if len(origins) == 1 and origins[0] in self._origins:
            return True
        sites = headers.getlist("sec-fetch-site")
        if sites == ["same-origin"] and len(origins) <= 1 and not self._origins_are_named:
            return True  # the browser's word: a proxy in between may have changed the Host
        own = {f"{scheme}://{host}" for scheme in self._own_schemes for host in headers.getlist("host")}
        return own.issuperset(origins) and len(origins) <= 1 and _OWN_SITES.issuperset(sites)


def _csrf_failed(reason: str) -> ApiError:
    current_request().refusal = Refusal("csrf", reason)
    return ApiError(ErrorCode.csrf_failed, details={"reason": reason})


def _cookie_header(headers: Headers) -> str:
    # HTTP/2 front ends may split the header; RFC 9113 section 8.2.3 joins it like this.
    return "; ".join(headers.getlist("cookie"))
