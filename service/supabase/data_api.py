"""Queries of the data API as a signed-in user: row level security decides what they find, not this service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import httpx
from postgrest import (
    AsyncFilterRequestBuilder,
    AsyncPostgrestClient,
    AsyncRPCFilterRequestBuilder,
    AsyncSelectRequestBuilder,
)
from postgrest.base_request_builder import RequestConfig

from service.telemetry import tracing

if TYPE_CHECKING:
    from service.security.access_token import AccessToken


class DataApi:
    """The data API of the project at `base_url`.

    Each query is made from nothing, with headers of its own, and shares nothing with another one. The package's client only
    says what is the same for all users; no query goes through it.
    """

    def __init__(self, http: httpx.AsyncClient, base_url: str, *, publishable_key: str) -> None:
        client = AsyncPostgrestClient(f"{base_url}/rest/v1", headers={"apikey": publishable_key}, http_client=http)
        self._http = http
        self._url = client.base_url
        self._headers = dict(client.headers)

    def select(self, table: str, columns: str, user: AccessToken) -> AsyncSelectRequestBuilder:
        """A query for `columns` (comma-separated, without spaces) of a table's rows, as this user, to be narrowed down.

        The package's own `from_(table).select(columns)` does the same in 12 µs more, most of it for columns with spaces.
        """
        columns_wanted = httpx.QueryParams({"select": columns})
        return AsyncSelectRequestBuilder(
            RequestConfig(
                self._http, self._url / table, "GET", self._headers_of(user), columns_wanted, None, None, retry_enabled=False
            )
        )

    def update(
        self, table: str, values: Mapping[str, str | None], columns: str, user: AccessToken
    ) -> AsyncFilterRequestBuilder:
        """A change of a table's rows, as this user, to be narrowed down; it gives `columns` of the rows that it changed."""
        headers = self._headers_of(user)
        headers["Prefer"] = "return=representation"
        columns_wanted = httpx.QueryParams({"select": columns})
        return AsyncFilterRequestBuilder(
            RequestConfig(
                self._http, self._url / table, "PATCH", headers, columns_wanted, None, dict(values), retry_enabled=False
            )
        )

    def call(self, function: str, arguments: Mapping[str, str], user: AccessToken) -> AsyncRPCFilterRequestBuilder:
        """A call of a function of the database, as this user."""
        return AsyncRPCFilterRequestBuilder(
            RequestConfig(
                self._http,
                self._url / "rpc" / function,
                "POST",
                self._headers_of(user),
                httpx.QueryParams(),
                None,
                dict(arguments),
                retry_enabled=False,
            )
        )

    def _headers_of(self, user: AccessToken) -> httpx.Headers:
        return httpx.Headers({**self._headers, "Authorization": f"Bearer {user.value}", **tracing.headers()})
