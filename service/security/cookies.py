"""Every cookie that the service writes or reads (RFC 6265 and its successor draft)."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import Morsel
from typing import Literal

REFRESH_COOKIE = "sb_refresh_token"
CSRF_COOKIE = "latchkey_csrf"
HOST_PREFIX = "__Host-"
_BLANKS = " \t"  # RFC 6265 section 5.2


@dataclass(frozen=True, slots=True)
class CookieJar:
    """Writes Set-Cookie values and reads Cookie headers.

    `max_age` is the refresh cookie's and `csrf_max_age` the CSRF cookie's lifetime, in seconds. No cookie ever has a
    Domain: with one, every subdomain would receive the refresh token.
    """

    secure: bool
    host_prefix: bool
    max_age: int
    csrf_max_age: int
    samesite: Literal["Lax", "Strict"] = "Lax"

    @property
    def refresh_name(self) -> str:
        """The refresh cookie's name."""
        return (HOST_PREFIX if self.host_prefix else "") + REFRESH_COOKIE

    @property
    def csrf_name(self) -> str:
        """The CSRF cookie's name."""
        return (HOST_PREFIX if self.host_prefix else "") + CSRF_COOKIE

    def refresh(self, token: str) -> str:
        """The Set-Cookie value that stores a refresh token."""
        return self._write(self.refresh_name, token, self.max_age)

    def clear_refresh(self) -> str:
        """The Set-Cookie value that removes the refresh token at once."""
        return self._write(self.refresh_name, "", 0)

    def csrf(self, browser_id: str) -> str:
        """The Set-Cookie value that stores the browser's half of the CSRF token."""
        return self._write(self.csrf_name, browser_id, self.csrf_max_age)

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

    def _write(self, name: str, value: str, max_age: int) -> str:
        morsel: Morsel[str] = Morsel()
        morsel.set(name, value, value)
        morsel["path"] = "/"
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
