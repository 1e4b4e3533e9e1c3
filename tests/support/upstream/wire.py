"""Requests to a Supabase as its clients send them, past the service: to make users, and to record answers."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

API_VERSION = "2024-01-01"
"""Sent by Supabase's clients. With it an error is `{code, message}`, without it `{code: <status>, error_code, msg}`."""

NO_KEY = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text) if self.text else None

    @property
    def code(self) -> str:
        """Supabase's error code, in either form; "" where there is none."""
        return error_code(self.status, parsed(self.text))

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it went out."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: Any


Watcher = Callable[[Sent, Answer], None]


def parsed(text: str) -> Any:
    """JSON where it is JSON, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def error_code(status: int, body: Any) -> str:
    """The error code that a parsed body holds, in either form."""
    if status < http.HTTPStatus.BAD_REQUEST or not isinstance(body, dict):
        return ""
    code = body.get("error_code", body.get("code"))
    return code if isinstance(code, str) else ""


class Wire:
    """`watch` sees each exchange. Redirects are not followed. `timeout` in seconds."""

    def __init__(self, url: str, publishable_key: str, secret_key: str, *, timeout: float = 30) -> None:
        self.url = url.rstrip("/")
        self.publishable_key = publishable_key
        self.secret_key = secret_key
        self.watch: Watcher | None = None
        self._timeout = timeout

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        prefix: str = "/auth/v1",
    ) -> Answer:
        """One request. `token` is a user's access token; `key` the publishable one unless another is given, NO_KEY for none."""
        sent = {} if key == NO_KEY else {"apikey": key or self.publishable_key, "X-Supabase-Api-Version": API_VERSION}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent = {name: value for name, value in {**sent, **(headers or {})}.items() if value}
        answer = self._exchange(self.url, method, prefix + path, sent, body)
        if self.watch is not None:
            self.watch(Sent(method, prefix + path, sent, body), answer)
        return answer

    def follow(self, link: str) -> Answer:
        """GET of an absolute URL, as a browser's click."""
        parts = urllib.parse.urlsplit(link)
        target = f"{parts.path}?{parts.query}"
        answer = self._exchange(f"{parts.scheme}://{parts.netloc}", "GET", target, {}, None)
        if self.watch is not None and link.startswith(self.url):
            self.watch(Sent("GET", target, {}, None), answer)
        return answer

    def _exchange(self, base: str, method: str, target: str, headers: Mapping[str, str], body: Any) -> Answer:
        parts = urllib.parse.urlsplit(base)
        host, port = parts.hostname or "", parts.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=self._timeout, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=self._timeout)
        )
        try:
            connection.request(method, target, None if body is None else json.dumps(body), dict(headers))
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
            received: dict[str, str] = {}
            for name, value in response.getheaders():
                lower = name.lower()
                received[lower] = f"{received[lower]}, {value}" if lower in received else value
            return Answer(response.status, received, text)
        finally:
            connection.close()
