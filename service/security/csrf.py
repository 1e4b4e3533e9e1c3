"""CSRF tokens: signed double submit (OWASP Cross-Site Request Forgery Prevention Cheat Sheet), with no state on the server.

A token is `<hash of the browser's id>.<time>.<HMAC>`. The browser's id is random and lives in an HttpOnly cookie, so a token
works only in the browser that fetched it, and only while its signature is not older than the lifetime.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from typing import Literal

from itsdangerous import BadSignature

from service.security.signing import Signing

CsrfReason = Literal["missing", "invalid", "expired", "cookie_missing"]

_BROWSER_ID = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 random bytes in base64url


class CsrfTokens:
    """Issues and checks tokens.

    `ttl` and `leeway` are in seconds: as much may the clock of another replica, which issued a token, be ahead of this one's.
    `static_token`, for development only, is accepted as it is.
    """

    def __init__(self, signing: Signing, *, ttl: int, leeway: int, static_token: str | None = None) -> None:
        self._signer = signing.timestamp_signer("latchkey.csrf")
        self._ttl = ttl
        self._leeway = leeway
        self._static_token = static_token

    def browser_id(self, cookie: str | None) -> str:
        """The browser's id: the one in its cookie, so that other tabs' tokens stay good, or a new one."""
        return cookie if cookie is not None and _BROWSER_ID.fullmatch(cookie) else secrets.token_urlsafe(32)

    def issue(self, browser_id: str) -> str:
        """A token for this browser."""
        return self._signer.sign(_binding(browser_id)).decode()

    def refusal(self, token: str | None, cookie: str | None) -> CsrfReason | None:
        """Why the token is not accepted from the browser with this cookie; None when it is."""
        if not token:
            return "missing"
        if self._static_token is not None and hmac.compare_digest(token.encode(), self._static_token.encode()):
            return None
        try:
            binding, issued_at = self._signer.unsign(token, return_timestamp=True)
        except BadSignature:
            return "invalid"
        if not -self._leeway <= time.time() - issued_at.timestamp() <= self._ttl:
            return "expired"
        if cookie is None:
            return "cookie_missing"
        if not hmac.compare_digest(binding, _binding(cookie).encode()):
            return "invalid"
        return None


def _binding(browser_id: str) -> str:
    return hashlib.sha256(browser_id.encode("utf-8", "replace")).hexdigest()
