"""Every cookie that the service writes or reads (RFC 6265 and its successor draft)."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import Morsel
from typing import Final, Literal

REFRESH_COOKIE = "sb_refresh_token"
SESSION_COOKIE = "latchkey_session"
CSRF_COOKIE = "latchkey_csrf"
HOST_PREFIX = "__Host-"
BROWSER_ID_MAX_AGE: Final = 2_592_000  # seconds: 30 days, whatever the tokens live that it binds
_BLANKS = " \t"  # RFC 6265 section 5.2


@dataclass(frozen=True, slots=True)
class CookieJar:
    """Writes Set-Cookie values and reads Cookie headers.

    `max_age` is the session cookies' lifetime, in seconds. No cookie ever has a Domain: with one, every subdomain would receive
    the refresh token.
    """

    secure: bool
    host_prefix: bool
    max_age: int
    samesite: Literal["Lax", "Strict"] = "Lax"

    @property
    def refresh_name(self) -> str:
        """The name of the cookie that holds the refresh token."""
        return self._name(REFRESH_COOKIE)

    @property
    def session_name(self) -> str:
        """The name of the cookie that says whose the refresh token is."""
        return self._name(SESSION_COOKIE)

    @property
    def csrf_name(self) -> str:
        """The name of the cookie that holds the browser's id."""
        return self._name(CSRF_COOKIE)

    def session(self, refresh_token: str, mark: str, *, remember: bool) -> tuple[str, str]:
        """The Set-Cookie values that store a session. Without `remember` they have no Max-Age, and go with the browser."""
        max_age = self.max_age if remember else None
        return (
            self._write(self.refresh_name, refresh_token, max_age),
            self._write(self.session_name, mark, max_age),
        )

    def clear_session(self) -> tuple[str, str]:
        """The Set-Cookie values that remove a session at once."""
        return self._write(self.refresh_name, "", 0), self._write(self.session_name, "", 0)

    def csrf(self, browser_id: str) -> str:
        """The Set-Cookie value that stores the browser's id."""
        return self._write(self.csrf_name, browser_id, BROWSER_ID_MAX_AGE)

    def read(self, header: str, name: str) -> str | None:
        """The value of the cookie `name` in a Cookie header, or None where there is none.

        Cookies of other programs, illegal ones included, are passed over. A name that comes twice with different values
        was planted (RFC 6265 section 8.6: a sibling domain can do that); neither value is believed. Around a name only a
        space and a tab are cut off: browsers let other hosts set `__Host-x` with any other blank before it, which Python's
        cookie parsers would take for the real one. A part without "=" is the value of a cookie that has no name.
        Quotes around a value are grammar (RFC 6265 section 4.1.1): Java's CookieManager writes them (RFC 2965).
        """
        pairs = (part.partition("=") for part in header.split(";"))
        values = {_unquoted(value.strip(_BLANKS)) for key, sign, value in pairs if sign and key.strip(_BLANKS) == name}
        return values.pop() if len(values) == 1 else None

    def _name(self, name: str) -> str:
        return HOST_PREFIX + name if self.host_prefix else name

    def _write(self, name: str, value: str, max_age: int | None) -> str:
        morsel: Morsel[str] = Morsel()
        morsel.set(name, value, value)
        morsel["path"] = "/"
        if max_age is not None:
            morsel["max-age"] = max_age
        if max_age == 0:
            morsel["expires"] = "Thu, 01 Jan 1970 00:00:00 GMT"
        morsel["httponly"] = True
        morsel["samesite"] = self.samesite
        morsel["secure"] = self.secure
        return morsel.OutputString()


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] == '"'
    return value[1:-1] if quoted else value
