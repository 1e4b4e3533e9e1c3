"""The rate limits that an operation may name as `x-rate-limits`: one line for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from service.email_address import folded
from service.limits.client_address import limit_key
from service.operation import Checked
from service.settings import Settings


class RateLimit(NamedTuple):
    """`quota` is in the notation of the `limits` library: "10/minute". `key` says what is counted together.

    An `early` limit counts a request as it comes, whatever becomes of it, when nothing but the address is known. The others
    count requests that passed their checks: one that tests no password is no guess.
    """

    quota: Callable[[Settings], str]
    key: Callable[[Checked], str]
    early: bool = False


def by_address(checked: Checked) -> str:
    """The client's address, or its network."""
    return limit_key(checked.client_address)


def by_body(name: str) -> Callable[[Checked], str]:
    """A property of the body, in lower case: many addresses cannot guess together. Absent is a value, too."""
    return lambda checked: folded(str(checked.body.get(name, "")))


def by_parameter(argument: str) -> Callable[[Checked], str]:
    """A parameter of path or query, by the handler's name for it."""
    return lambda checked: str(checked.parameters.get(argument, ""))


def by_user(checked: Checked) -> str:
    """The bearer token's user."""
    return checked.user_id or ""


RATE_LIMITS: Final[Mapping[str, RateLimit]] = {
    "address": RateLimit(lambda settings: settings.rate_limit_address, by_address, early=True),
    "credentials": RateLimit(lambda settings: settings.rate_limit_credentials, by_address),
    "account": RateLimit(lambda settings: settings.rate_limit_account, by_body("email")),
}
