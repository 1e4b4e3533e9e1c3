"""Supabase's own client objects, a new one for each call, made by copying one that was never used.

Such an object keeps the session of whoever signs in with it, so no two calls may share one. To make one from nothing asks the
platform for its name, parses URLs and builds a dozen parts that no call here uses: a third of all the work for a request.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import httpx
from postgrest import AsyncPostgrestClient, AsyncSelectRequestBuilder
from supabase_auth import AsyncGoTrueClient, AsyncSupportedStorage


class GoTrueClients:
    """Makes clients of Supabase Auth at `base_url` that keep no session beyond themselves.

    What they send that makes Supabase send mail carries a code challenge (RFC 7636), a new one each time: the link in the mail
    then leads to a URL with a code, and not to one with the session's tokens.
    """

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        self._unused = AsyncGoTrueClient(
            url=f"{base_url}/auth/v1",
            headers={},
            http_client=http,
            auto_refresh_token=False,
            persist_session=False,
            flow_type="pkce",
            storage=_KeepsNothing(),
        )
        self._headers = dict(self._unused._headers)  # noqa: SLF001 - tests/unit/supabase/test_light_clients.py watches over it

    def make(self, headers: Mapping[str, str]) -> AsyncGoTrueClient:
        """A client that sends `headers` with each of its requests."""
        client = copy.copy(self._unused)
        client._headers = {**self._headers, **headers}  # noqa: SLF001 - as above
        client.admin = copy.copy(client.admin)
        client.admin._headers = client._headers  # noqa: SLF001 - as above
        return client


class _KeepsNothing(AsyncSupportedStorage):
    """Where the clients put code verifiers, all under one name: they would send one user's for another.

    Nobody exchanges the codes yet. A link confirms its address before that, so the verifier can go.
    """

    async def get_item(self, key: str) -> str | None:  # noqa: ARG002 - the package names it
        return None

    async def set_item(self, key: str, value: str) -> None:
        pass

    async def remove_item(self, key: str) -> None:
        pass


class ProfileQueries:
    """Makes queries for one user's row of `user_profile` in the data API at `base_url`."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, publishable_key: str) -> None:
        client = AsyncPostgrestClient(
            f"{base_url}/rest/v1", headers={"apikey": publishable_key}, http_client=http, retry_enabled=False
        )
        self._unused = client.from_("user_profile").select("id,display_name").limit(1).request

    def make(self, user_id: str, access_token: str, headers: Mapping[str, str]) -> AsyncSelectRequestBuilder:
        """A query as the user whose `access_token` it is; `headers` go with it."""
        request = copy.copy(self._unused)
        request.headers = httpx.Headers(self._unused.headers)
        request.headers["Authorization"] = f"Bearer {access_token}"
        request.headers.update(headers)
        return AsyncSelectRequestBuilder(request).eq("id", user_id)
