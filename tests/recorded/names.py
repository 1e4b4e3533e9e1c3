"""Takes out of an exchange what is secret, or other than it would be the next time: ids, tokens, times, keys, hosts.

Two recordings of the same behaviour are then the same text, which is what the self-test of the replay compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.support.upstream.base import SITE, Upstream
from tests.support.upstream.proofs import claims, header
from tests.support.upstream.wire import Answer, Sent, parsed

HEADERS = ("allow", "content-type", "location", "retry-after", "www-authenticate", "x-sb-error-code", "x-supabase-api-version")
PUBLISHABLE_KEY = "sb_publishable_made_up"
SECRET_KEY = "sb_secret_made_up"
PROJECT = "https://project.example.com"
APP = "https://app.example.com"
PROVIDER = "https://provider.example.com"
MOMENT = 1_800_000_000
"""What every Unix time of a recording is; the end of something is later by its lifetime, to the minute."""

_PATTERNS = {
    "access-token": r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+",
    "id": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "hash": r"(?<![0-9a-f])[0-9a-f]{56}(?![0-9a-f])",
    "provider-token": r"gh[or]_[0-9a-f]+",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_UNNAMED = {
    "refresh_token": "refresh-token",
    "secret": "totp-secret",
    "code_verifier": "verifier",
    "code_challenge": "challenge",
}
_MOMENTS = frozenset({"iat", "timestamp"})
_ENDS = frozenset({"exp", "expires_at"})
_AT_PROVIDER = frozenset({"id", "sub", "provider_id"})
_CODES = frozenset({"code", "token", "nonce", "email_otp"})


class Names:
    """The names of one scenario's values, in the order in which they come up."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self.tokens: dict[str, dict[str, Any]] = {}

    def address(self, email: str, name: str) -> str:
        """Note that an address is to be written as name@example.com. Returns the address."""
        assert f"{name}@example.com" not in self._known.values(), f"two people called {name}"
        self._known[email] = f"{name}@example.com"
        return email

    def literal(self, value: str, name: str) -> str:
        """Note that a value is to be written as <name>. Returns the value."""
        self._known[value] = f"<{name}>"
        return value

    def refresh_token(self, value: str) -> None:
        """Note a refresh token that no recorded answer holds."""
        if value not in self._known:
            self._name(value, "refresh-token")

    def exchange(self, sent: Sent, answer: Answer) -> dict[str, Any]:
        """The exchange, with names."""
        body = parsed(answer.text)
        request: dict[str, Any] = {"method": sent.method, "path": self._text(sent.target)}
        sent_headers = dict(sent.headers)
        key = sent_headers.pop("apikey", None)
        bearer = sent_headers.pop("Authorization", None)
        sent_headers.pop("Content-Type", None)
        if key is not None:
            request["key"] = self._text(key)
        if bearer is not None:
            request["bearer"] = self._text(bearer.removeprefix("Bearer "))
        request["headers"] = {name: self._text(value) for name, value in sorted(sent_headers.items())}
        if sent.body is not None:
            request["body"] = self._any(sent.body)
        self._learn(body)
        headers = {
            name: self._prefix(name, self._text(value))
            for name, value in sorted(answer.headers.items())
            if name in HEADERS or name.startswith("sb-auth-")
        }
        return {"request": request, "response": {"status": answer.status, "headers": headers, "body": self._any(body)}}

    def _prefix(self, name: str, value: str) -> str:
        return "<first five characters>" if name == "sb-auth-refresh-token-prefix" else value

    def _learn(self, value: Any) -> None:
        """Name what only the name of its property tells."""
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in _UNNAMED and isinstance(inner, str) and inner not in self._known:
                    self._name(inner, _UNNAMED[key])
                self._learn(inner)
        elif isinstance(value, list):
            for inner in value:
                self._learn(inner)

    def _any(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: self._any(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._any(inner) for inner in value]
        if isinstance(value, bool):
            return value
        if isinstance(value, int) and key in _MOMENTS:
            return MOMENT
        if isinstance(value, int) and key in _ENDS:
            return MOMENT + round((value - self._upstream.now()) / 60) * 60
        if isinstance(value, str):
            return self._string(value, key)
        return value

    def _string(self, value: str, key: str) -> str:
        if key == "qr_code":
            return value[:21] + "... cut ...</svg>"
        if key == "ip":
            return "203.0.113.1"
        if key in _CODES and re.fullmatch(r"\d{6}", value) and value != "000000":
            return "<six digits>"
        if key in _AT_PROVIDER and re.fullmatch(r"\d{4,}", value) and value not in self._known:
            self._name(value, "visitor")
        if key in ("code_verifier", "code_challenge") and value not in self._known:
            self._name(value, _UNNAMED[key])
        return self._text(value)

    def _text(self, text: str) -> str:
        for value, name in self._fixed():
            text = text.replace(value, name)
        for value in sorted(self._known, key=len, reverse=True):
            if value in text:
                text = text.replace(value, self._known[value])
            elif quote(value, safe="") in text:
                text = text.replace(quote(value, safe=""), quote(self._known[value], safe="<>@"))
        for kind, pattern in _PATTERNS.items():
            text = re.sub(pattern, self._namer(kind), text)
        text = re.sub(r"https?://(?:127\.0\.0\.1|localhost):\d+", PROVIDER, text)
        text = re.sub(r"(code_challenge=)[\w-]{43}", r"\1<challenge>", text)
        text = re.sub(r"(?<=[?&])code=(?!<)[\w-]+(?=&state)", "code=<provider-code>", text)
        return _TIME.sub("<time>", text)

    def _fixed(self) -> list[tuple[str, str]]:
        keys, url = self._upstream.keys, self._upstream.url
        pairs = [(keys.publishable_key, PUBLISHABLE_KEY), (keys.secret_key, SECRET_KEY)]
        for value, name in ((url, PROJECT), (SITE, APP), (SITE.split("//")[1], APP.split("//")[1])):
            pairs += [(value, name), (quote(value, safe=""), quote(name, safe=""))]
        return pairs

    def _namer(self, kind: str) -> Callable[[re.Match[str]], str]:
        return lambda found: self._name(found[0], kind)

    def _name(self, value: str, kind: str) -> str:
        if value not in self._known:
            said = self._said(value) if kind == "access-token" else None
            # Two tokens that say the same are one: whether they are the same text is a matter of the second.
            alike = [name for name, known in self.tokens.items() if known == said]
            if not alike:
                self._counts[kind] = self._counts.get(kind, 0) + 1
            name = self._known[value] = alike[0] if alike else f"<{kind}-{self._counts[kind]}>"
            if said is not None:
                self.tokens[name] = said
        return self._known[value]

    def _said(self, token: str) -> dict[str, Any]:
        return {"header": self._header(token), "claims": self._claims(token)}

    def _header(self, token: str) -> dict[str, Any]:
        return {name: value if name != "kid" else "<key-id>" for name, value in header(token).items()}

    def _claims(self, token: str) -> Any:
        said = claims(token)
        if isinstance(said.get("amr"), list):  # its order is not by time where both are of one second
            said["amr"].sort(key=lambda entry: entry["method"])
        return self._any(said)
