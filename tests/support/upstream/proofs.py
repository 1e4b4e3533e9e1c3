"""What a person's devices compute: one-time codes, PKCE verifiers, and what a token says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import struct
from typing import Any


def totp(secret: str, at: float) -> str:
    """The code of an authenticator app at a Unix time (RFC 6238: SHA-1, 30 seconds, six digits)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(at) // 30), "sha1")
    offset = digest[-1] & 15
    number: int = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def pkce() -> tuple[str, str]:
    """A new verifier and its challenge."""
    verifier = secrets.token_urlsafe(48)
    return verifier, challenge_of(verifier)


def claims(token: str) -> dict[str, Any]:
    """What an access token says, unverified."""
    return _part(token, 1)


def header(token: str) -> dict[str, Any]:
    return _part(token, 0)


def _part(token: str, index: int) -> dict[str, Any]:
    part = token.split(".")[index]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded
