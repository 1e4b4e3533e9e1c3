"""Makes clients of Supabase Auth: which key goes with a call, whose address, which trace.

A client keeps the session of whoever signs in with it, and the package keeps more in it (code verifiers, second factors). So
each call gets one of its own, made from nothing: 6 µs, as much as copying one takes. The connections under them are shared.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from supabase_auth import AsyncGoTrueClient, AsyncSupportedStorage
from supabase_auth.types import Session, User

from service.supabase.call import Call
from service.telemetry import tracing

if TYPE_CHECKING:
    import httpx

    from service.security.access_token import AccessToken

# The calls that may carry the secret key, because Supabase never asks for a captcha there. Whoever holds that key is let past a
# project's captcha, so any call that is not named here goes with the publishable key: sign-up and sign-in by password, and
# later one-time passwords, recovery, resending, magic links and SSO.
MAY_CARRY_SECRET_KEY: Final = frozenset({Call.refresh, Call.sign_out})


class GoTrue:
    """Clients for the project at `base_url`.

    What they send that makes Supabase send mail carries a code challenge (RFC 7636), a new one each time: the link in the mail
    then leads to a URL with a code, and not to one with the session's tokens.
    """

    def __init__(self, http: httpx.AsyncClient, base_url: str, *, publishable_key: str, secret_key: str) -> None:
        self._http = http
        self._url = f"{base_url}/auth/v1"
        self._publishable_key = publishable_key
        self._secret_key = secret_key

    def client(self, call: Call, *, client_address: str | None = None) -> AsyncGoTrueClient:
        """A client for one call of a caller who is not signed in yet, or whose tokens go with the call."""
        return _Client(self._http, self._url, self.headers(call, client_address=client_address))

    def client_of(self, user: AccessToken) -> AsyncGoTrueClient:
        """A client for one call as a signed-in user."""
        return _ClientOfUser(self._http, self._url, self.headers_of_user(), user)

    def headers(self, call: Call, *, client_address: str | None = None) -> dict[str, str]:
        """What goes with one call of a caller who is not signed in yet, or whose tokens go with the call."""
        # Supabase takes the user's address for its own rate limits, but only from who holds the secret key.
        if client_address is None or call not in MAY_CARRY_SECRET_KEY:
            return {"apikey": self._publishable_key, **tracing.headers()}
        return {"apikey": self._secret_key, "Sb-Forwarded-For": client_address, **tracing.headers()}

    def headers_of_user(self) -> dict[str, str]:
        """What goes with one call as a signed-in user, beside the user's token."""
        return {"apikey": self._publishable_key, **tracing.headers()}


class _Client(AsyncGoTrueClient):
    def __init__(self, http: httpx.AsyncClient, url: str, headers: dict[str, str]) -> None:
        super().__init__(
            url=url,
            headers=headers,
            http_client=http,
            auto_refresh_token=False,
            persist_session=False,
            flow_type="pkce",
            storage=_NO_STORAGE,
        )


class _ClientOfUser(_Client):
    """The package asks for the session before it changes anything about a user, and needs no more of it than the token."""

    def __init__(self, http: httpx.AsyncClient, url: str, headers: dict[str, str], user: AccessToken) -> None:
        super().__init__(http, url, headers)
        self._user = user

    async def get_session(self) -> Session:
        """The caller's session, as far as the bearer token tells: no refresh token, and nothing about the user but the id."""
        user = User(id=self._user.user_id, aud="", app_metadata={}, user_metadata={}, created_at=_UNKNOWN_TIME)
        return Session(
            access_token=self._user.value,
            refresh_token="",
            expires_in=0,
            token_type="bearer",  # noqa: S106 - a kind of token
            user=user,
        )


class _KeepsNothing(AsyncSupportedStorage):
    """Where the clients put code verifiers. Nobody exchanges the codes yet: a link confirms its address before that."""

    async def get_item(self, key: str) -> str | None:  # noqa: ARG002 - the package names it
        return None

    async def set_item(self, key: str, value: str) -> None:
        pass

    async def remove_item(self, key: str) -> None:
        pass


_NO_STORAGE: Final = _KeepsNothing()
_UNKNOWN_TIME: Final = datetime.fromtimestamp(0, UTC)
