"""What a handler answers: a model of the contract, text or nothing, and the cookies that go with it."""

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
    """A response: a model is serialized with the contract's names, and None is for a 204; `cookies` are Set-Cookie values.

    What nobody set is left out: an optional property of the contract is absent, and null only where the contract says so.
    """

    body: BaseModel | Text | None = None
    status: int = 200
    cookies: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> tuple[bytes, str] | None:
        """The body as bytes, and its media type; None where there is no body."""
        if self.body is None:
            return None
        if isinstance(self.body, Text):
            return self.body.content, self.body.media_type
        return self.body.model_dump_json(by_alias=True, exclude_unset=True).encode(), "application/json"
