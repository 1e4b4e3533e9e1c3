"""Flows: signed, short-lived values that bind what begins in a browser to what comes back to it by mail or from a provider.

A flow travels in URLs, and the browser's id never leaves its HttpOnly cookie: who reads the one still lacks the other. Nothing
is stored. The browser's id is in the salt of the signature, so that a flow of another browser is no flow at all; and the code
verifier of PKCE (RFC 7636) is derived from flow, browser and secret, so that only this service can know it, and only while
that browser asks.

No dot is in it: a "*" in Supabase's list of redirects matches neither a dot nor a slash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from itsdangerous import BadData, URLSafeTimedSerializer

from service.email_address import folded
from service.security.signing import Signing


class Intent(StrEnum):
    """What a flow is for. It is signed: whoever brings the flow back cannot make it another one."""

    sign_up = "sign_up"
    otp = "otp"
    recovery = "recovery"
    email_change = "email_change"
    sign_in = "sign_in"
    link = "link"


_BY_MAIL: Final = 86_400  # seconds: Supabase's links live for an hour by default, and for a day at most
_BY_PROVIDER: Final = 600

LIFETIMES: Final[Mapping[Intent, int]] = {
    Intent.sign_up: _BY_MAIL,
    Intent.otp: _BY_MAIL,
    Intent.recovery: _BY_MAIL,
    Intent.email_change: _BY_MAIL,
    Intent.sign_in: _BY_PROVIDER,
    Intent.link: _BY_PROVIDER,
}

_BROWSER_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}")
# The last character of a signature of 32 bytes has four bits only (RFC 4648 section 3.5): a flow has one spelling.
_VALUE: Final = re.compile(r"[A-Za-z0-9_~-]{1,4095}[AEIMQUYcgkosw048]")


class FlowInvalidError(Exception):
    """This service did not make it, or made it for another browser."""


class FlowExpiredError(FlowInvalidError):
    """It was good once; `intent` says what for."""

    def __init__(self, intent: Intent) -> None:
        super().__init__(intent.value)
        self.intent = intent


@dataclass(frozen=True, slots=True)
class BegunFlow:
    """A flow that begins. `value` is None where there is no browser to bind it to: its code can never be exchanged then.

    `code_challenge` is that of the method S256 (RFC 7636 section 4.2).
    """

    value: str | None
    code_challenge: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow that came back to its browser. `return_to` is where the front end goes on; `code_verifier` is PKCE's."""

    intent: Intent
    return_to: str | None
    code_verifier: str = field(repr=False)
    _tag: str
    _nonce: str
    _secret: str = field(repr=False)

    def is_about(self, subject: str) -> bool:
        """Whether it was begun for this account, named as it was then: by address, in whatever case, or by user id."""
        return hmac.compare_digest(self._tag, _tag(self._secret, self._nonce, subject))


class Flows:
    """Begins flows, and reads those that come back. `clock` gives the seconds since 1970."""

    def __init__(self, signing: Signing, *, clock: Callable[[], float] = time.time) -> None:
        self._secrets = signing.secrets
        self._clock = clock

    def begin(self, browser_id: str | None, intent: Intent, *, subject: str = "", return_to: str | None = None) -> BegunFlow:
        """A new flow for the browser with this id, about the account `subject`, an address or a user id, which nobody can read
        from it."""
        if browser_id is None or not _BROWSER_ID.fullmatch(browser_id):
            return BegunFlow(None, _challenge(secrets.token_urlsafe(32)))
        secret, nonce = self._secrets[0], secrets.token_urlsafe(16)
        content = [intent.value, nonce, _tag(secret, nonce, subject), return_to]
        signed = _serializer(secret, browser_id).dumps(content)
        value = (signed if isinstance(signed, str) else signed.decode()).replace(".", "~")
        return BegunFlow(value, _challenge(_verifier(secret, browser_id, value)))

    def read(self, value: str, browser_id: str | None) -> Flow:
        """What the flow says. Raises FlowInvalidError, or FlowExpiredError where it came back too late."""
        if browser_id is None or not _BROWSER_ID.fullmatch(browser_id) or not _VALUE.fullmatch(value):
            raise FlowInvalidError
        for secret in self._secrets:
            try:
                content, signed_at = _serializer(secret, browser_id).loads(value.replace("~", "."), return_timestamp=True)
            except BadData:
                continue
            flow = _flow(content, _verifier(secret, browser_id, value), secret)
            if self._clock() - signed_at.timestamp() > LIFETIMES[flow.intent]:
                raise FlowExpiredError(flow.intent)
            return flow
        raise FlowInvalidError


def _flow(content: object, code_verifier: str, secret: str) -> Flow:
    match content:
        case [str() as intent, str() as nonce, str() as tag, str() | None as return_to] if intent in LIFETIMES:
            return Flow(Intent(intent), return_to, code_verifier, tag, nonce, secret)
    raise FlowInvalidError


def _serializer(secret: str, browser_id: str) -> URLSafeTimedSerializer:
    return Signing([secret]).timed_serializer(f"latchkey.flow {hashlib.sha256(browser_id.encode()).hexdigest()}")


def _verifier(secret: str, browser_id: str, flow: str) -> str:
    """43 characters of base64url, as RFC 7636 section 4.1 recommends for 32 bytes. A browser's id has a fixed length."""
    return _text(_mac(secret, "pkce", browser_id, flow))


def _challenge(verifier: str) -> str:
    return _text(hashlib.sha256(verifier.encode()).digest())


def _tag(secret: str, nonce: str, subject: str) -> str:
    """16 bytes are enough to tell accounts apart; that nobody guesses an address from it is the secret's doing."""
    return _text(_mac(secret, "subject", nonce, folded(subject))[:16])


def _mac(secret: str, *parts: str) -> bytes:
    return hmac.new(secret.encode(), "\0".join(parts).encode("utf-8", "replace"), hashlib.sha256).digest()


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
