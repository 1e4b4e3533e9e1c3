"""httpx's response and request, as Supabase's packages read them: what is costly and seldom asked for is made when it is."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from service.supabase.http.response_reader import Answer


class LazyResponse(httpx.Response):
    """A response that has been read to its end."""

    def __init__(self, answer: Answer, request: SentRequest) -> None:
        # In the place of httpx's, which parses and copies all of this.
        self.status_code = answer.status
        self.extensions = {}
        self.history = []
        self.next_request = None
        self.is_closed = True
        self.is_stream_consumed = True
        self.default_encoding = "utf-8"
        self._content = answer.body
        self._num_bytes_downloaded = len(answer.body)
        self._request = request
        self._raw_headers = answer.headers

    def __getattr__(self, name: str) -> httpx.Headers:
        if name != "headers":
            raise AttributeError(name)
        self.headers = httpx.Headers(self._raw_headers)
        return self.headers


class SentRequest(httpx.Request):
    """What was sent, as far as a response's reader may ask: method, URL and headers."""

    def __init__(self, method: str, url: str, headers: Mapping[str, str] | None) -> None:
        self.method = method
        self.extensions = {}
        self._sent = url, headers

    def __getattr__(self, name: str) -> httpx.URL | httpx.Headers:
        if name == "url":
            self.url = httpx.URL(self._sent[0])
            return self.url
        if name == "headers":
            given = self._sent[1]
            self.headers = given if isinstance(given, httpx.Headers) else httpx.Headers(given)
            return self.headers
        raise AttributeError(name)
