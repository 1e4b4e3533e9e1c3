"""What is known about the request at hand, for logs, limits and errors."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Limit:
    """A rate limit that was counted: its name, quota, window (seconds), what remains, and seconds until more does."""

    name: str
    quota: int
    window: int
    remaining: int
    reset_after: int


@dataclass(slots=True)
class RequestContext:
    """One request. Mutable on purpose: each layer adds what it learns, and the access log reads it at the end."""

    request_id: str = "-"
    client_address: str = ""
    operation: str | None = None
    error_code: str | None = None
    limits: list[Limit] = field(default_factory=list)
    log_fields: dict[str, str | int | float] = field(default_factory=dict)


_current: ContextVar[RequestContext] = ContextVar("latchkey_request")


def enter(context: RequestContext) -> None:
    """Make `context` the current one for this task and the tasks that it starts."""
    _current.set(context)


def current_request_id() -> str | None:
    """The current request's id; None outside of any."""
    request = _current.get(None)
    return None if request is None else request.request_id


def current_request() -> RequestContext:
    """The current request; outside of any, an empty one."""
    return _current.get(None) or RequestContext()
