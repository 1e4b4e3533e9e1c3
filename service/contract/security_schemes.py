"""What the contract's security schemes call, in the way that Connexion extends: one handler for each kind of scheme.

Connexion's own handlers answer a missing credential with a bare 401 and parse cookies with a parser that illegal cookies
break; these answer with the contract's codes. What they find goes to the operation's handler by name.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connexion.lifecycle import ConnexionRequest
from connexion.security import AbstractSecurityHandler
from starlette.datastructures import Headers

from service.error_codes import ErrorCode
from service.errors import ApiError, unauthorized
from service.request_context import current_request
from service.security.access_token import AccessTokenVerifier, InvalidTokenError
from service.security.cookies import CookieJar
from service.security.csrf import CsrfTokens

_OWN_SITES = frozenset({"same-origin", "none"})  # "none": the user typed the address or used a bookmark
_REFRESH_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,2048}")  # opaque, but always of the characters of RFC 6750's b64token

Check = Callable[[ConnexionRequest], Awaitable[dict[str, Any]]]


class Security:
    """Checks credentials.

    `origins` are those whose pages may send state-changing requests, beside the service's own. `https_only` says that its own
    pages come by https.
    """

    def __init__(
        self,
        *,
        csrf: CsrfTokens,
        cookies: CookieJar,
        verifier: AccessTokenVerifier,
        origins: tuple[str, ...],
        https_only: bool,
    ) -> None:
        self._csrf = csrf
        self._cookies = cookies
        self._verifier = verifier
        self._origins = frozenset(origins)
        self._own_schemes = ("https",) if https_only else ("https", "http")

    def security_map(self) -> dict[str, type[AbstractSecurityHandler]]:
        """What Connexion takes as `security_map`."""
        by_place: Mapping[str, Check] = {"header": self.check_csrf, "cookie": self.check_refresh_cookie}

        class ApiKey(AbstractSecurityHandler):  # type: ignore[misc]  # Connexion has no types
            def get_fn(self, security_scheme: dict[str, str], required_scopes: list[str]) -> Check:  # noqa: ARG002 - Connexion's
                return by_place[security_scheme["in"]]

        check_bearer = self.check_bearer

        class Bearer(AbstractSecurityHandler):  # type: ignore[misc]  # Connexion has no types
            def get_fn(self, security_scheme: dict[str, str], required_scopes: list[str]) -> Check:  # noqa: ARG002 - Connexion's
                return check_bearer

        return {"apiKey": ApiKey, "bearer": Bearer}

    async def check_csrf(self, request: ConnexionRequest) -> dict[str, Any]:
        """The token, and where the request comes from. Raises ApiError csrf_failed."""
        headers: Headers = request.headers
        if not self._origin_allowed(headers):
            raise _csrf_failed("origin")
        tokens = headers.getlist("x-csrf-token")
        cookie = self._cookies.read(_cookie_header(headers), self._cookies.csrf_name)
        refusal = self._csrf.refusal(tokens[0], cookie) if len(tokens) == 1 else ("invalid" if tokens else "missing")
        if refusal is not None:
            raise _csrf_failed(refusal)
        return {}

    async def check_refresh_cookie(self, request: ConnexionRequest) -> dict[str, Any]:
        """The refresh token. Raises ApiError auth_refresh_missing, or auth_refresh_invalid for what cannot be one."""
        token = self._cookies.read(_cookie_header(request.headers), self._cookies.refresh_name)
        if not token:
            raise ApiError(ErrorCode.auth_refresh_missing)
        if not _REFRESH_TOKEN.fullmatch(token):
            raise ApiError(ErrorCode.auth_refresh_invalid, headers={"Set-Cookie": self._cookies.clear_refresh()})
        request.context["refresh_token"] = token
        return {}

    async def check_bearer(self, request: ConnexionRequest) -> dict[str, Any]:
        """The access token. Raises ApiError unauthorized."""
        values = request.headers.getlist("authorization")
        scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        if scheme.lower() != "bearer":
            raise unauthorized(presented=bool(values))
        try:
            request.context["access_token"] = await self._verifier.verify(token.strip(" "))
        except InvalidTokenError as error:
            current_request().log_fields["token_refused"] = error.reason
            raise unauthorized(presented=True) from None
        return {}

    def _origin_allowed(self, headers: Headers) -> bool:
        """Whether a page that may send this request sent it (OWASP CSRF cheat sheet: Fetch Metadata, then Origin).

        A request with neither header comes from no browser; the CSRF token still protects it.
        """
        origins = headers.getlist("origin")
        if len(origins) == 1 and origins[0] in self._origins:
            return True
        own = {f"{scheme}://{host}" for scheme in self._own_schemes for host in headers.getlist("host")}
        sites = headers.getlist("sec-fetch-site")
        return own.issuperset(origins) and len(origins) <= 1 and _OWN_SITES.issuperset(sites)


def _csrf_failed(reason: str) -> ApiError:
    current_request().log_fields["csrf_refused"] = reason
    return ApiError(ErrorCode.csrf_failed, details={"reason": reason})


def _cookie_header(headers: Headers) -> str:
    # HTTP/2 front ends may split the header; RFC 9113 section 8.2.3 joins it like this.
    return "; ".join(headers.getlist("cookie"))
