"""What a handler answers: a model of the contract, and the cookie that goes with it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: `body` is serialized with the contract's names, `cookie` is a Set-Cookie value."""

    body: BaseModel
    status: int = 200
    cookie: str | None = None
