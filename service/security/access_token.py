"""Checks a bearer token before anything is sent upstream, as RFC 8725 (JWT Best Current Practices) asks.

Supabase stays the authority on whether the session still lives; what is refused here costs it no request.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import jwt
from jwt import PyJWK
from jwt.algorithms import HMACAlgorithm

MAX_TOKEN_BYTES = 8_192
ASYMMETRIC = frozenset({"ES256", "RS256", "EdDSA"})  # what Supabase signs with
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)

# PyJWT's own, and what Python's JSON and number parsing raise through it: deep nesting, endless numbers.
_UNREADABLE = (jwt.PyJWTError, ValueError, RecursionError, OverflowError, TypeError)


class _Jws(jwt.PyJWS):
    """PyJWT's, which looks at each character of a token in Python; that took a fifth of all the time for a request."""

    @staticmethod
    def _decode_base64url_segment(segment: bytes, name: str) -> bytes:
        try:
            decoded = base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
        except ValueError as error:
            raise jwt.DecodeError(f"Invalid {name} padding") from error
        # What does not come back as it was had other characters in it, or bits that mean nothing (RFC 4648 section 3.5).
        if base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment:
            raise jwt.DecodeError(f"Invalid {name} padding")
        return decoded


class _Hs256(HMACAlgorithm):
    """PyJWT's, which asks at each token whether the secret might be a public key. It comes from the settings: once will do."""

    def __init__(self) -> None:
        super().__init__(self.SHA256)
        self._prepared = lru_cache(maxsize=1)(super().prepare_key)

    def prepare_key(self, key: str | bytes) -> bytes:
        return self._prepared(key)

    def sign(self, msg: bytes, key: bytes) -> bytes:
        return hmac.digest(key, msg, "sha256")


_JWS = _Jws(algorithms=[*ASYMMETRIC, "HS256"])
_JWS.unregister_algorithm("HS256")
_JWS.register_algorithm("HS256", _Hs256())
_JWT = jwt.PyJWT()
_JWT._jws = _JWS  # noqa: SLF001 - PyJWT takes one nowhere; a test notices a change


@lru_cache(maxsize=64)
def _header(segment: str) -> dict[str, Any]:
    """A token's first part, not to be changed. It names algorithm and key: the same for all tokens that a key has signed."""
    try:
        return _JWS.get_unverified_header(f"{segment}..")
    except _UNREADABLE as error:
        raise InvalidTokenError("shape") from error


def unverified_subject(token: str) -> str:
    """Whose a token claims to be, for tokens that Supabase just issued. Raises ValueError where it says nothing of the kind."""
    _, payload, _ = token.split(".")
    match json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()):
        case {"sub": str() as subject}:
            return subject
        case _:
            raise ValueError("a token that names nobody")


Reason = Literal["shape", "algorithm", "key", "signature", "time", "issuer", "audience", "claims"]
FindKey = Callable[[str], Awaitable[PyJWK | None]]


class InvalidTokenError(Exception):
    """The token is refused; `reason` is for logs and metrics, never for the caller."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token that passed: the token itself, whose it is and which session it belongs to."""

    value: str = field(repr=False)
    user_id: str
    session_id: str | None


@dataclass(frozen=True, slots=True)
class AccessTokenVerifier:
    """Verifies access tokens.

    `secret` verifies HS256; without it HS256 is refused. `find_key` gives the project's public key for a key id, or None.
    `leeway` is in seconds. `require_issuer` is off for the embedded Supabase only, whose tokens (HS256) name none; a wrong
    issuer is refused always.
    """

    issuer: str
    audience: str
    leeway: int
    secret: str | None
    find_key: FindKey
    require_issuer: bool = True

    async def verify(self, token: str) -> AccessToken:
        """The token's claims. Raises InvalidTokenError."""
        if len(token) > MAX_TOKEN_BYTES or not _SHAPE.fullmatch(token):
            raise InvalidTokenError("shape")
        algorithm, key = await self._key_for(token)
        claims = self._decode(token, algorithm, key)
        if claims.get("iss") != self.issuer and (self.require_issuer or "iss" in claims or algorithm != "HS256"):
            raise InvalidTokenError("issuer")
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject:
            raise InvalidTokenError("claims")
        session_id = claims.get("session_id")
        return AccessToken(token, subject, session_id if isinstance(session_id, str) else None)

    async def _key_for(self, token: str) -> tuple[str, str | PyJWK]:
        """The algorithm and the key: never a key of one kind for an algorithm of the other (RFC 8725 section 3.1)."""
        header = _header(token.partition(".")[0])
        if "crit" in header:  # extensions that must be understood (RFC 7515 section 4.1.11); Supabase uses none
            raise InvalidTokenError("shape")
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm == "HS256" and self.secret is not None:
            return algorithm, self.secret
        if not isinstance(algorithm, str) or algorithm not in ASYMMETRIC:
            raise InvalidTokenError("algorithm")
        key = await self.find_key(key_id) if isinstance(key_id, str) else None
        if key is None or key.algorithm_name != algorithm:
            raise InvalidTokenError("key")
        return algorithm, key

    def _decode(self, token: str, algorithm: str, key: str | PyJWK) -> dict[str, Any]:
        try:
            return _JWT.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self.audience,
                leeway=self.leeway,
                options={"require": ["exp", "sub", "aud"]},
            )
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError) as error:
            raise InvalidTokenError("time") from error
        except jwt.InvalidAudienceError as error:
            raise InvalidTokenError("audience") from error
        except jwt.InvalidSignatureError as error:
            raise InvalidTokenError("signature") from error
        except jwt.DecodeError as error:
            raise InvalidTokenError("shape") from error
        except _UNREADABLE as error:
            raise InvalidTokenError("claims") from error
