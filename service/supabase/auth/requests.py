"""Requests to Supabase Auth that its package does not make, or not as they are needed here.

The package makes a code challenge of its own where the service needs one that belongs to a flow, sends none when a mail is sent
again, takes no answer to a verification that opens no session, and drops the code of an error that comes with a 502 to 504.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, cast

import httpx
from supabase_auth.constants import API_VERSION_HEADER_NAME, API_VERSIONS_2024_01_01_NAME
from supabase_auth.errors import AuthApiError, AuthError, AuthWeakPasswordError

from service.supabase.auth.captcha import NO_CAPTCHA, CaptchaAnswer

if TYPE_CHECKING:
    from supabase_auth.errors import ErrorCode as AuthErrorCode

    from service.security.access_token import AccessToken
    from service.security.mail_links import MailLink
    from service.supabase.auth.gotrue import GoTrue
    from service.supabase.call import Call

_COMMON: Final = {API_VERSION_HEADER_NAME: API_VERSIONS_2024_01_01_NAME}


class AuthRequests:
    """For the project at `base_url`. `gotrue` says what goes with each call, and over which connections."""

    def __init__(self, base_url: str, gotrue: GoTrue) -> None:
        self._url = f"{base_url}/auth/v1"
        self._gotrue = gotrue

    async def ask(
        self,
        call: Call,
        method: Literal["GET", "POST"],
        path: str,
        body: dict[str, object] | None = None,
        *,
        link: MailLink | None = None,
        client_address: str | None = None,
        captcha: CaptchaAnswer = NO_CAPTCHA,
    ) -> dict[str, object]:
        """The JSON object that answers. `link` goes with what sends a mail. Raises AuthError, and what the client raises."""
        headers = self._gotrue.headers(call, client_address=client_address, captcha=captcha)
        if captcha.token is not None:
            body = (body or {}) | {"gotrue_meta_security": {"captcha_token": captcha.token}}
        return await self._ask(call, headers, method, path, body, link)

    async def ask_as(
        self,
        user: AccessToken,
        call: Call,
        method: Literal["GET", "PUT", "DELETE"],
        path: str,
        body: dict[str, object] | None = None,
        *,
        link: MailLink | None = None,
        client_address: str | None = None,
    ) -> dict[str, object]:
        """The same as a signed-in user."""
        headers = self._gotrue.headers_of(user, call, client_address=client_address)
        return await self._ask(call, headers, method, path, body, link)

    async def _ask(
        self,
        call: Call,
        headers: dict[str, str],
        method: str,
        path: str,
        body: dict[str, object] | None,
        link: MailLink | None,
    ) -> dict[str, object]:
        http, url, query = self._gotrue.http_for(call), self._url + path, None
        if link is not None:
            query = httpx.QueryParams({"redirect_to": link.redirect_to})
            body = (body or {}) | {"code_challenge": link.code_challenge, "code_challenge_method": "s256"}
        try:
            response = await http.request(method, url, headers=_COMMON | headers, json=body, params=query)
            response.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise _refusal(error.response) from error
        answer: object = response.json()
        if not isinstance(answer, dict):
            raise ValueError("not an object")
        return answer


def _refusal(response: httpx.Response) -> AuthError:
    """What Supabase says, as the package would raise it."""
    try:
        said: object = response.json()
    except (ValueError, RecursionError):
        said = None
    code = _code(said)
    match said:
        case {"weak_password": {"reasons": list() as reasons}} if code == "weak_password":
            return AuthWeakPasswordError("", response.status_code, [str(reason) for reason in reasons])
        case {"message": str() as message} | {"msg": str() as message}:
            return AuthApiError(message, response.status_code, code)
    return AuthApiError("", response.status_code, code)


def _code(said: object) -> AuthErrorCode | None:
    """Supabase's own code, which stands in one place or the other, by the version of its API. It may be one of tomorrow."""
    match said:
        case {"code": str() as code} | {"error_code": str() as code}:
            return cast("AuthErrorCode", code)
    return None
