"""What Supabase Auth answers, checked against what was asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar
from uuid import UUID

from supabase_auth.errors import AuthApiError

from service.email_address import folded
from service.security.access_token import unverified
from service.supabase.calls import ForeignAnswerError

if TYPE_CHECKING:
    from supabase_auth.types import Session, User

T = TypeVar("T")

_COOKIE_VALUE: Final = re.compile(r"[!#-+\--:<-\[\]-~]{1,2048}", re.ASCII)  # cookie-octet of RFC 6265 section 4.1.1


class Factor(NamedTuple):
    """A second factor that its user has proved to have."""

    id: str
    type: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """An open session. `expires_in` in seconds; `factors` are the user's verified ones."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    user_id: str
    email: str
    factors: tuple[Factor, ...] = ()


def tokens_of(session: Session) -> Tokens:
    """The session's tokens.

    Raises ForeignAnswerError where they are another user's, ValueError where no cookie can carry the refresh token.
    """
    if not _COOKIE_VALUE.fullmatch(session.refresh_token):
        raise ValueError("a refresh token that no cookie can carry")
    user = session.user
    identity = user_id(user.id)
    if unverified(session.access_token).user_id != identity:
        raise ForeignAnswerError
    return Tokens(
        session.access_token, session.refresh_token, session.expires_in, identity, user.email or "", verified_factors(user)
    )


def verified_factors(user: User) -> tuple[Factor, ...]:
    """The user's second factors, without those that were begun only."""
    return tuple(
        Factor(str(UUID(factor.id)), factor.factor_type, factor.friendly_name)
        for factor in user.factors or ()
        if factor.status == "verified"
    )


def require_email(user: User, asked: str) -> None:
    """Raises ForeignAnswerError. Supabase keeps addresses, and finds them, in lower case (GoTrue's internal/models/user.go)."""
    if folded(user.email or "") != folded(asked):
        raise ForeignAnswerError


def user_id(value: object) -> str:
    """A user's id, in the one way of writing it. Raises ValueError where it is none."""
    return str(UUID(str(value)))


def required(value: T | None) -> T:
    """What Supabase promises to answer. Raises ValueError where it did not."""
    if value is None:
        raise ValueError("Supabase answered without what it promises")
    return value


def no_linking() -> AuthApiError:
    """What Supabase says where linking is switched off, for one that does not have it."""
    return AuthApiError("no linking", HTTPStatus.NOT_FOUND, "manual_linking_disabled")
