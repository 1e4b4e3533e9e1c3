"""What is known about the request at hand, for logs, limits and errors."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from service.operation import Operation

# What each kind of refusal is called in the log.
_REFUSAL_FIELDS: Final = {"limit": "refused_by", "token": "token_refused", "csrf": "csrf_refused"}


@dataclass(slots=True)
class Limit:
    """A rate limit that was counted: its name, quota, window (seconds), what remains, and seconds until more does."""

    name: str
    quota: int
    window: int
    remaining: int
    reset_after: int


class Refusal(NamedTuple):
    """Why a request, or a credential that it did not need, was refused before Supabase was asked. Never for the caller."""

    kind: Literal["limit", "token", "csrf"]
    reason: str


@dataclass(slots=True)
class RequestContext:
    """One request. Each layer adds what it learns, and the access log reads it at the end.

    `path` is the path below where the service is mounted; `path_parameters` and `user_agent` are as they were sent. `account`,
    `token_in` and `token_out` are keyed hashes, for the log. `answer_at` is when to answer at the earliest, by the event
    loop's clock. `client_gone` says that its client left before it was complete.
    """

    request_id: str = "-"
    client_address: str = ""
    user_agent: str = ""
    path: str = ""
    operation: Operation | None = None
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    user_id: str | None = None
    error_code: str | None = None
    refusal: Refusal | None = None
    limits: list[Limit] = field(default_factory=list)
    account: str | None = None
    token_in: str | None = None
    token_out: str | None = None
    answer_at: float | None = None
    client_gone: bool = False

    @property
    def log_fields(self) -> dict[str, str]:
        """What the log says beside status and time."""
        fields = {"account": self.account, "token_in": self.token_in, "token_out": self.token_out}
        if self.client_gone:
            fields["unanswered"] = "client_gone"
        if self.refusal is not None:
            fields[_REFUSAL_FIELDS[self.refusal.kind]] = self.refusal.reason
        return {name: value for name, value in fields.items() if value is not None}


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
