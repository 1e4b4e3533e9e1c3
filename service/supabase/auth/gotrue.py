"""Makes clients of Supabase Auth: which key goes with a call, whose address, whose program, which trace, and how much patience.

A client keeps the session of whoever signs in with it, and the package keeps more in it (code verifiers, second factors). So
each call gets one of its own, made from nothing, in no more time than copying one takes. The connections under them are shared.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from supabase_auth import AsyncGoTrueClient, AsyncSupportedStorage
from supabase_auth.types import Session, User

from service.request_context import current_request
from service.supabase.auth import user_agent
from service.supabase.auth.captcha import NO_CAPTCHA, CaptchaAnswer
from service.supabase.call import GUARDED_BY_CAPTCHA, SENDS_MAIL, Call
from service.telemetry import tracing

if TYPE_CHECKING:
    import httpx

    from service.security.access_token import AccessToken


MayCarrySecretKey = Callable[[Call, CaptchaAnswer], bool]


class GoTrue:
    """Clients for the project at `base_url`. `patient_http` waits as long for an answer as Supabase takes to send a mail.

    What they send that makes Supabase send mail carries a code challenge (RFC 7636), a new one each time: the link in the mail
    then leads to a URL with a code, and not to one with the session's tokens.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        *,
        publishable_key: str,
        secret_key: str,
        may_carry_secret_key: MayCarrySecretKey,
        patient_http: httpx.AsyncClient,
    ) -> None:
        self._http = http
        self._patient_http = patient_http
        self._url = f"{base_url}/auth/v1"
        self._publishable_key = publishable_key
        self._secret_key = secret_key
        self._may_carry_secret_key = may_carry_secret_key

    def client(
        self, call: Call, *, client_address: str | None = None, captcha: CaptchaAnswer = NO_CAPTCHA
    ) -> AsyncGoTrueClient:
        """A client for one call of a caller who is not signed in yet, or whose tokens go with the call."""
        headers = self.headers(call, client_address=client_address, captcha=captcha)
        return _ClientOfNobody(self.http_for(call), self._url, headers)

    def client_of(self, user: AccessToken, call: Call | None = None, *, client_address: str | None = None) -> AsyncGoTrueClient:
        """A client for one call as a signed-in user. The address goes with those calls that may carry the secret key."""
        return _ClientOfUser(self._http, self._url, self.headers_of(user, call, client_address=client_address), user)

    def http_for(self, call: Call) -> httpx.AsyncClient:
        """The connections for this call: what sends a mail may take longer."""
        return self._patient_http if call in SENDS_MAIL else self._http

    def headers(self, call: Call, *, client_address: str | None = None, captcha: CaptchaAnswer = NO_CAPTCHA) -> dict[str, str]:
        """What goes with one call of a caller who is not signed in yet, or whose tokens go with the call."""
        headers = dict(tracing.headers())
        # Supabase takes the user's address for its own rate limits, but only from who holds the secret key.
        if (client_address is not None or captcha.checked) and self._may_carry_secret_key(call, captcha):
            headers |= self._secret_key_headers(call) | {"User-Agent": user_agent.summary(current_request().user_agent)}
            if client_address is not None:
                headers["Sb-Forwarded-For"] = client_address
        else:
            headers |= {"apikey": self._publishable_key, "User-Agent": user_agent.as_sent(current_request().user_agent)}
        return headers

    def headers_of(self, user: AccessToken, call: Call | None = None, *, client_address: str | None = None) -> dict[str, str]:
        """What goes with one call as a signed-in user."""
        headers = {"Authorization": f"Bearer {user.value}", **tracing.headers()}
        program = current_request().user_agent
        if client_address is not None and call is not None and self._may_carry_secret_key(call, NO_CAPTCHA):
            headers |= {"apikey": self._secret_key, "Sb-Forwarded-For": client_address}
            headers["User-Agent"] = user_agent.summary(program)
        else:
            headers |= {"apikey": self._publishable_key, "User-Agent": user_agent.as_sent(program)}
        return headers

    def client_of_owner(self) -> AsyncGoTrueClient:
        """A client for one call as whoever holds the secret key, for what Supabase lets no user do."""
        headers = {"apikey": self._secret_key, "User-Agent": user_agent.OURS, **tracing.headers()}
        if not self._secret_key.startswith("sb_secret_"):  # for a newer key the gateway puts a token there by itself
            headers["Authorization"] = f"Bearer {self._secret_key}"
        return _Client(self._http, self._url, headers)

    def client_of_nobody(self) -> AsyncGoTrueClient:
        """A client for one call on the service's own behalf, which must not count as anybody's."""
        return _ClientOfNobody(self._http, self._url, {"apikey": self._publishable_key, "User-Agent": user_agent.OURS})

    def _secret_key_headers(self, call: Call) -> dict[str, str]:
        headers = {"apikey": self._secret_key}
        if call in GUARDED_BY_CAPTCHA and not self._secret_key.startswith("sb_secret_"):
            # The gateway puts a newer key there by itself; an older one is a JWT, and its role lets the call past the captcha.
            headers["Authorization"] = f"Bearer {self._secret_key}"
        return headers


class _Client(AsyncGoTrueClient):
    """A client without parts that nobody here uses and that hold methods of what they are parts of.

    Such a part and its owner keep each other, and the session of a sign-in with them, until the garbage collector comes, whose
    work was a tenth of the CPU for the request.
    """

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
        del self.admin.mfa, self.admin.oauth


class _ClientOfNobody(_Client):
    """Before there is a user there are no second factors."""

    def __init__(self, http: httpx.AsyncClient, url: str, headers: dict[str, str]) -> None:
        super().__init__(http, url, headers)
        del self.mfa


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
    """Where the clients would put code verifiers, for whoever comes next. Here each is derived from its flow."""

    async def get_item(self, key: str) -> str | None:  # noqa: ARG002 - the package names it
        return None

    async def set_item(self, key: str, value: str) -> None:
        pass

    async def remove_item(self, key: str) -> None:
        pass


_NO_STORAGE: Final = _KeepsNothing()
_UNKNOWN_TIME: Final = datetime.fromtimestamp(0, UTC)
