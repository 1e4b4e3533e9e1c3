"""What a handler answers: a model of the contract or text, and the cookies that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Text:
    """A body that is not JSON."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: a model is serialized with the contract's names; `cookies` are Set-Cookie values."""

    body: BaseModel | Text
    status: int = 200
    cookies: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> tuple[bytes, str]:
        """The body as bytes, and its media type."""
        if isinstance(self.body, Text):
            return self.body.content, self.body.media_type
        return self.body.model_dump_json(by_alias=True).encode(), "application/json"
