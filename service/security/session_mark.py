"""What stands beside the refresh token in this browser: whose session it is, signed.

A refresh token says nothing about itself. With this the service knows whose it is before and after it asks Supabase.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from itsdangerous import BadData

from service.security.signing import Signing

_FINGERPRINT_LENGTH = 24  # hexadecimal digits
_VALUE = re.compile(r"[A-Za-z0-9_.-]{1,1024}")


@dataclass(frozen=True, slots=True)
class SessionMark:
    """Whose session the refresh token of this browser is; `remember` says that it outlives the browser's.

    `fingerprint` is a hash of the refresh token that it was written with, and tells whether the two still belong together.
    """

    user_id: str
    session_id: str | None
    remember: bool
    fingerprint: str

    def belongs_to(self, refresh_token: str) -> bool:
        """Whether it was written with this refresh token."""
        return self.fingerprint == fingerprint(refresh_token)


@dataclass(frozen=True, slots=True)
class PresentedSession:
    """The session's cookies as they came. Either may be missing: a bare refresh token works, and tells nobody's name."""

    refresh_token: str | None = field(default=None, repr=False)
    mark: SessionMark | None = None

    def may_be_of(self, user_id: str) -> bool:
        """Whether the cookies are this user's, as far as they tell."""
        return self.mark is None or self.mark.user_id == user_id


class SessionMarks:
    """Signs and reads them."""

    def __init__(self, signing: Signing) -> None:
        self._serializer = signing.serializer("latchkey.session")

    def write(self, mark: SessionMark) -> str:
        """The cookie's value."""
        value: str | bytes = self._serializer.dumps([mark.user_id, mark.session_id, int(mark.remember), mark.fingerprint])
        return value if isinstance(value, str) else value.decode()

    def read(self, value: str | None) -> SessionMark | None:
        """What a cookie says; None where this service did not write it."""
        if value is None or not _VALUE.fullmatch(value):
            return None
        try:
            found: object = self._serializer.loads(value)
        except BadData:
            return None
        match found:
            case [str() as user_id, str() | None as session_id, 0 | 1 as remember, str() as token]:
                return SessionMark(user_id, session_id, bool(remember), token)
        return None


def fingerprint(refresh_token: str) -> str:
    """Tells one refresh token from another."""
    return hashlib.sha256(refresh_token.encode()).hexdigest()[:_FINGERPRINT_LENGTH]
