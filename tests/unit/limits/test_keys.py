"""service/limits/keys.py: what is counted together."""

from uuid import UUID

import pytest

from service.limits.keys import (
    RATE_LIMITS,
    by_address,
    by_body,
    by_guessed_account,
    by_mailbox,
    by_parameter,
    by_user,
)
from service.operation import Checked

CHECKED = Checked(
    "2001:db8::1", {"email": "Ada@Example.com"}, {"thing_id": UUID("0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11")}, "the-user"
)


def test_a_limit_can_be_by_whatever_is_known_of_a_checked_request() -> None:
    assert by_address(CHECKED) == "2001:db8::/64"
    assert by_body("email")(CHECKED) == "ada@example.com"
    assert by_parameter("thing_id")(CHECKED) == "0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11"
    assert by_user(CHECKED) == "the-user"


def test_what_is_absent_is_counted_together() -> None:
    nothing = Checked("192.0.2.1")
    assert [by_body("email")(nothing), by_parameter("thing_id")(nothing)] == ["", ""]


def test_who_names_no_account_is_not_counted_with_everybody_who_names_none() -> None:
    link = Checked("192.0.2.1", {"type": "recovery", "tokenHash": "pkce_0"})
    assert [key(link) for key in (by_user, by_mailbox, by_guessed_account)] == [None, None, None]


@pytest.mark.parametrize(
    ("body", "user_id", "account"),
    [
        ({"type": "email", "email": "Ada@Example.com", "code": "123456"}, None, "ada@example.com"),
        ({"newPassword": "x", "nonce": "123456"}, "the-user", "the-user"),
        ({"newPassword": "x", "currentPassword": "y"}, "the-user", "the-user"),
        ({"factorId": "f", "code": "123456"}, "the-user", "the-user"),
        ({"newPassword": "x"}, "the-user", None),
        ({"type": "recovery", "tokenHash": "pkce_0", "email": "ada@example.com"}, None, None),
    ],
)
def test_guesses_are_counted_by_the_account_that_they_are_at(
    body: dict[str, str], user_id: str | None, account: str | None
) -> None:
    assert by_guessed_account(Checked("192.0.2.1", body, {}, user_id)) == account


@pytest.mark.parametrize("name", [name for name, limit in RATE_LIMITS.items() if limit.early])
def test_an_early_limit_asks_for_the_address_only(name: str) -> None:
    address_only = Checked("192.0.2.1")
    assert [count.key(address_only) for count in RATE_LIMITS[name].counts] == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("ada@x.de", "ADA@x.de"), ("inge@x.de", "\u0130nge@x.de"), ("k@x.de", "\u212a@x.de"), ("\u03c3@x.de", "\u03a3@x.de")],
)
def test_spellings_that_are_one_account_to_supabase_are_counted_as_one(one: str, other: str) -> None:
    """It lowers letters one by one (Go's strings.ToLower): a dotted capital I becomes an i."""
    assert by_body("email")(Checked("192.0.2.1", {"email": one})) == by_body("email")(Checked("192.0.2.1", {"email": other}))
