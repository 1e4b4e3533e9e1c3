"""All the Supabase clients of one process, over one connection pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.supabase.admin import AdminClient
from service.supabase.auth.account import UserScopedClient
from service.supabase.auth.client import AuthClient
from service.supabase.http.pool import PoolState
from service.supabase.http.transport import SupabaseHttpClient
from service.supabase.light_clients import GoTrueClients, ProfileQueries
from service.supabase.readiness import ReadinessProbe
from service.supabase.signing_keys import SigningKeys

if TYPE_CHECKING:
    from service.security.access_token import AccessToken
    from service.settings import Settings


class Supabase:
    """Make it inside the running event loop; close it with `aclose()`. `timeout` bounds each call, in seconds."""

    def __init__(self, settings: Settings) -> None:
        self._http = SupabaseHttpClient(
            settings.supabase_url,
            connect_timeout=settings.upstream_connect_timeout,
            read_timeout=settings.upstream_read_timeout,
            max_connections=settings.upstream_max_connections,
            keepalive=settings.upstream_keepalive,
        )
        self._url = settings.supabase_url
        self._gotrue_clients = GoTrueClients(self._http, self._url)
        self._publishable_key = settings.supabase_publishable_key.get_secret_value()
        self._profiles = ProfileQueries(self._http, self._url, self._publishable_key)
        self.timeout = settings.upstream_timeout
        secret_key = settings.supabase_secret_key.get_secret_value()
        self.auth = AuthClient(
            self._gotrue_clients,
            publishable_key=self._publishable_key,
            secret_key=secret_key,
            timeout=self.timeout,
            renew_connections=self._http.renew_connections,
        )
        self.signing_keys = SigningKeys(self._http, self._url, timeout=self.timeout)
        self.readiness = ReadinessProbe(
            self._http,
            self._url,
            AdminClient(self._http, self._url, secret_key=secret_key),
            api_key=self._publishable_key,
            timeout=settings.upstream_read_timeout,
        )

    def as_user(self, token: AccessToken) -> UserScopedClient:
        """A client for one request that acts as the user whom the token names."""
        return UserScopedClient(
            self._gotrue_clients,
            self._profiles,
            publishable_key=self._publishable_key,
            token=token,
            timeout=self.timeout,
            renew_connections=self._http.renew_connections,
        )

    def pool(self) -> PoolState:
        """How the connection pool stands."""
        return self._http.pool()

    async def aclose(self) -> None:
        """Close the connection pool."""
        await self._http.aclose()
