"""The rate limits that an operation may name as `x-rate-limits`: one line for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from service.email_address import folded
from service.limits.client_address import limit_key
from service.operation import Checked
from service.settings import Settings

# What is counted together; None where a request is not to be counted.
Key = Callable[[Checked], str | None]

# Behind one address stand an office or a school: it may ask for so many times the mails that one account gets.
MAIL_BY_ADDRESS: Final = 10


class Count(NamedTuple):
    """What one limit counts: the quota, `times` over, for each value of the key."""

    key: Key
    times: int = 1


class RateLimit(NamedTuple):
    """`quota` is in the notation of the `limits` library: "10/minute". Of several `counts` each has to have room.

    `early` counts a request as it comes, whatever becomes of it, and can ask for the address only. The others count requests
    that passed their checks: one that tests no password is no guess.
    """

    quota: Callable[[Settings], str]
    counts: tuple[Count, ...]
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


def by_user(checked: Checked) -> str | None:
    """The bearer token's user; nothing where there is none."""
    return checked.user_id


def by_mailbox(checked: Checked) -> str | None:
    """The address that a mail goes to; nothing where the body names none, and it goes to the user's own."""
    email = checked.body.get("email")
    return email.lower() if isinstance(email, str) else None


def by_guessed_account(checked: Checked) -> str | None:
    """Whose code or password a request tries: the bearer token's user, or the address that the code was sent to.

    A link's hash is nobody's guess, and would be counted with everybody's; nor is a new password without a proof.
    """
    if not checked.body.keys() & {"code", "nonce", "currentPassword"}:
        return None
    return checked.user_id or by_mailbox(checked)


RATE_LIMITS: Final[Mapping[str, RateLimit]] = {
    "address": RateLimit(lambda settings: settings.rate_limit_address, (Count(by_address),), early=True),
    "credentials": RateLimit(lambda settings: settings.rate_limit_credentials, (Count(by_address),)),
    "account": RateLimit(lambda settings: settings.rate_limit_account, (Count(by_body("email")),)),
    "mail": RateLimit(
        lambda settings: settings.rate_limit_mail,
        (Count(by_address, MAIL_BY_ADDRESS), Count(by_user), Count(by_mailbox)),
    ),
    "codes": RateLimit(lambda settings: settings.rate_limit_codes, (Count(by_guessed_account),)),
}
