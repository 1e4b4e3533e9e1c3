"""A Sender in the shape of an httpx.AsyncClient, which is what Supabase's packages take.

Version 3 of supabase-py takes a `send` instead; then this file goes.

Neither object here is one of httpx's, nor a half of one: they have the part of the interface that the packages use, and no
more. To build httpx's own response and request takes 62 µs, of the 650 µs of CPU that a whole request with two of them takes.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Self, cast

import httpx

from service.supabase.http.errors import UnsendableRequestError, UnusableResponseError
from service.supabase.http.sender import Answer, Sender

_ASK_FOR_ROWS: Final = frozenset({"GET", "PATCH"})

_encode_json = json_module.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def httpx_client(sender: Sender) -> httpx.AsyncClient:
    """What Supabase's packages take for an httpx.AsyncClient. What is raised by `send` passes through it."""
    return cast("httpx.AsyncClient", _Client(sender))


class _Client:
    auth: Final = None  # the data API's client reads it, and passes it on

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._origin = sender.origin

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> _Response:
        return await self.request("GET", url, headers=headers)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: httpx.QueryParams | None = None,
        content: bytes | None = None,
        json: object = None,
        auth: object = None,
    ) -> _Response:
        """Send a request and read its response.

        Raises HTTPStatusError where the status says that Supabase itself is in trouble: the client of the data API would forget
        the status over a body that it can parse.
        """
        if auth is not None:
            raise TypeError("credentials travel in headers")
        target = self._target(url, params)
        body = _encode_json(json).encode() if json is not None else content
        answer = await self._sender.send(method, target, _fields(headers), body)
        response = _Response(answer, _Request(method, self._origin + target, headers))
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            response.raise_for_status()
        if not answer.body and response.is_success and (method == "GET" or answer.status == HTTPStatus.OK):
            raise UnusableResponseError("empty")  # the data API's client takes it for "no rows"
        return response

    def _target(self, url: str, params: httpx.QueryParams | None) -> str:
        if not url.startswith(self._origin):
            raise UnsendableRequestError("not an address of this Supabase project")
        target = url[len(self._origin) :]
        return f"{target}{'&' if '?' in target else '?'}{params}" if params else target


class _Request:
    def __init__(self, method: str, url: str, headers: Mapping[str, str] | None) -> None:
        self.method = method
        self.url = url
        self._headers = headers

    @property
    def headers(self) -> httpx.Headers:
        return self._headers if isinstance(self._headers, httpx.Headers) else httpx.Headers(self._headers)


class _Response:
    def __init__(self, answer: Answer, request: _Request) -> None:
        self.status_code = answer.status
        self.content = answer.body
        self.request = request
        self._raw_headers = answer.headers

    @property
    def headers(self) -> httpx.Headers:
        return httpx.Headers(self._raw_headers)

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")  # JSON is UTF-8: RFC 8259 section 8.1

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code <= 299

    @property
    def reason_phrase(self) -> str:
        return httpx.codes.get_reason_phrase(self.status_code)

    def json(self) -> object:
        return json_module.loads(self.content)

    def raise_for_status(self) -> Self:
        if not self.is_success:
            request, response = cast("httpx.Request", self.request), cast("httpx.Response", self)
            raise httpx.HTTPStatusError(f"HTTP {self.status_code}", request=request, response=response)
        return self


def _fields(headers: Mapping[str, str] | None) -> list[tuple[str, str]]:
    if isinstance(headers, httpx.Headers):  # whose `items` merges what has the same name, at some cost
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw]
    return list(headers.items()) if headers else []
