"""One request and what was answered, in a form that every check understands, whoever sent it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from schemathesis.core.transport import Response  # two seconds, which no process needs that only checks answers of httpx

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Header names are in lower case."""

    method: str
    path: str
    request_headers: Headers
    status: int
    headers: Headers
    body: bytes

    @classmethod
    def from_httpx(cls, response: httpx.Response) -> Exchange:
        """From a response of httpx."""
        request = response.request
        return cls(
            method=request.method,
            path=request.url.path,
            request_headers=_lower(request.headers.multi_items()),
            status=response.status_code,
            headers=_lower(response.headers.multi_items()),
            body=response.content,
        )

    @classmethod
    def from_schemathesis(cls, response: Response) -> Exchange:
        """From a response of Schemathesis."""
        request = response.request
        return cls(
            method=request.method or "",
            path=httpx.URL(request.url or "").path,
            request_headers=_lower((str(name), str(value)) for name, value in request.headers.items()),
            status=response.status_code,
            headers=_lower((name, value) for name, values in response.headers.items() for value in values),
            body=response.content or b"",
        )

    @staticmethod
    def sent_json(response: Response) -> Any:
        """The request's body, as Schemathesis sent it."""
        body = response.request.body
        return json.loads(body) if isinstance(body, str | bytes) else None

    def sent(self, name: str) -> list[str]:
        """The request's headers of that name."""
        return [value for key, value in self.request_headers if key == name]

    def got(self, name: str) -> list[str]:
        """The response's headers of that name."""
        return [value for key, value in self.headers if key == name]

    def json(self) -> Any:
        """The body; None where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def _lower(headers: Any) -> Headers:
    return [(name.lower(), value) for name, value in headers]
