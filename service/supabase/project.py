"""Everything of one Supabase project, over one connection pool."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from service.supabase.admin import AdminClient
from service.supabase.auth.account import AccountCalls
from service.supabase.auth.config import ConfigCalls
from service.supabase.auth.gotrue import GoTrue
from service.supabase.auth.identities import IdentityCalls
from service.supabase.auth.oauth import OauthCalls
from service.supabase.auth.requests import AuthRequests
from service.supabase.auth.session import SessionCalls
from service.supabase.auth.sign_up import SignUpCalls
from service.supabase.calls import UpstreamCall
from service.supabase.data_api import DataApi
from service.supabase.http.httpx_client import httpx_client
from service.supabase.http.pool import PoolState
from service.supabase.http.wire import Wire
from service.supabase.readiness import ReadinessProbe
from service.supabase.signing_keys import SigningKeys

if TYPE_CHECKING:
    from service.settings import Settings


class Supabase:
    """What can be asked, by capability. Make it inside the running event loop; close it with `aclose()`.

    `timeout` bounds each call, in seconds.
    """

    def __init__(self, settings: Settings) -> None:
        url, self.timeout = settings.supabase_url, settings.upstream_timeout
        publishable_key = settings.supabase_publishable_key.get_secret_value()
        secret_key = settings.supabase_secret_key.get_secret_value()
        self._wire = Wire(
            url,
            connect_timeout=settings.upstream_connect_timeout,
            read_timeout=settings.upstream_read_timeout,
            max_connections=settings.upstream_max_connections,
            keepalive=settings.upstream_keepalive,
        )
        http = httpx_client(self._wire)
        upstream = partial(UpstreamCall, seconds=self.timeout, on_foreign_answer=self._wire.renew_connections)
        gotrue = GoTrue(http, url, publishable_key=publishable_key, secret_key=secret_key)
        self.session = SessionCalls(gotrue, upstream)
        self.sign_up = SignUpCalls(gotrue, upstream)
        self.account = AccountCalls(gotrue, DataApi(http, url, publishable_key=publishable_key), upstream)
        requests = AuthRequests(http, url, gotrue)
        self.config = ConfigCalls(requests, upstream)
        self.oauth = OauthCalls(gotrue, requests, self.config, upstream, base_url=url)
        self.identities = IdentityCalls(gotrue, requests, upstream)
        self.signing_keys = SigningKeys(http, url, timeout=self.timeout)
        admin = AdminClient(http, url, secret_key=secret_key)
        self.readiness = ReadinessProbe(self._wire, url, admin, api_key=publishable_key, timeout=settings.upstream_read_timeout)

    def pool(self) -> PoolState:
        """How the connection pool stands."""
        return self._wire.pool()

    async def aclose(self) -> None:
        """Close the connection pool."""
        self._wire.close()
