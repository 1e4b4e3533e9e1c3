"""Checks a bearer token before anything is sent upstream, as RFC 8725 (JWT Best Current Practices) asks.

Supabase stays the authority on whether the session still lives; what is refused here costs it no request.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from joserfc.errors import ClaimError, ExpiredTokenError, JoseError, MissingClaimError
from joserfc.jwa import JWS_ALGORITHMS, JWSAlgModel
from joserfc.jwk import Key, OctKey
from joserfc.jws import CompactSignature, extract_compact
from joserfc.jwt import JWTClaimsRegistry
from joserfc.util import urlsafe_b64decode
from pydantic_core import from_json

from service.security.verified_tokens import Verified, VerifiedTokens
from service.telemetry import metrics

MAX_TOKEN_BYTES: Final = 32_768  # hooks put claims into tokens; the head of a request has room for one beside all else
ASYMMETRIC: Final = frozenset({"ES256", "RS256", "EdDSA"})  # what Supabase signs with
_ALGORITHMS: Final[Mapping[str, JWSAlgModel]] = {
    algorithm.name: algorithm for algorithm in JWS_ALGORITHMS if algorithm.name in ASYMMETRIC | {"HS256"}
}
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)

# joserfc's own, and what Python's JSON and number parsing raise through it: deep nesting, endless numbers.
_UNREADABLE: Final = (JoseError, ValueError, RecursionError, OverflowError, TypeError)

Reason = Literal["shape", "algorithm", "key", "signature", "time", "issuer", "audience", "claims"]
FindKey = Callable[[str], Awaitable[Key | None]]

_REASONS: Final[Mapping[str, Reason]] = {"iss": "issuer", "aud": "audience", "nbf": "time"}


class InvalidTokenError(Exception):
    """The token is refused; `reason` is for logs and metrics, never for the caller."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token that passed: the token itself, whose it is and which session it belongs to.

    `aal` is the authenticator assurance level: `aal2` once a second factor was given. `authenticated_at` is when its user last
    proved who that is, in seconds since 1970; None where the token does not say.
    """

    value: str = field(repr=False)
    user_id: str
    session_id: str | None
    aal: str = "aal1"
    authenticated_at: int | None = None


def access_token_of(token: str, claims: Mapping[str, object]) -> AccessToken:
    """The token with what it says. Raises ValueError where it names nobody."""
    user_id, session_id, aal = claims.get("sub"), claims.get("session_id"), claims.get("aal")
    if not isinstance(user_id, str):
        raise ValueError("a token that names nobody")
    return AccessToken(
        token,
        user_id,
        session_id if isinstance(session_id, str) else None,
        aal if isinstance(aal, str) and aal else "aal1",
        _authenticated_at(claims.get("amr")),
    )


def _authenticated_at(amr: object) -> int | None:
    """The newest time in `amr`, whose entries Supabase does not sort by time."""
    times = [entry.get("timestamp") for entry in amr if isinstance(entry, dict)] if isinstance(amr, list) else []
    return max((time for time in times if isinstance(time, int)), default=None)


def unverified_claims(token: str) -> Mapping[str, object]:
    """What a token claims, for one that Supabase just issued. Raises ValueError where it is no token."""
    _, payload, _ = token.split(".")
    claims = from_json(base64.urlsafe_b64decode(payload + "=="))
    if not isinstance(claims, dict):
        raise ValueError("a token without claims")
    return claims


def unverified(token: str) -> AccessToken:
    """The token with what it claims, the same way. Raises ValueError where it is no token, or names nobody."""
    return access_token_of(token, unverified_claims(token))


class _Claims(JWTClaimsRegistry):
    """What RFC 7519 section 4.1 asks of the claims, and no more."""

    def validate_iat(self, value: object) -> None:
        """Says when the token was issued, and nothing about whether it is good (section 4.1.6): a clock may run ahead."""


class AccessTokenVerifier:
    """Verifies access tokens.

    `secret` verifies HS256; without it HS256 is refused. `find_key` gives the project's public key for a key id, its algorithm
    in `alg`, or None. `leeway` is in seconds. A token without an issuer passes, since a project may be set up to name none and
    the signature says whose it is; another issuer is refused. A signature is checked once: `verified` remembers it, and the
    times and the key are judged each time.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        leeway: int,
        secret: str | None,
        find_key: FindKey,
        verified: VerifiedTokens | None = None,
    ) -> None:
        self._secret = None if secret is None else OctKey.import_key(secret, {"alg": "HS256"})
        self._find_key = find_key
        self._verified = VerifiedTokens() if verified is None else verified
        self._claims = _Claims(
            leeway=leeway,
            exp={"essential": True},
            sub={"essential": True},
            aud={"essential": True, "value": audience},
            iss={"value": issuer},
        )

    async def verify(self, token: str) -> AccessToken:
        """The token's claims. Raises InvalidTokenError, and what `find_key` raises."""
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise InvalidTokenError("shape")
        known = self._verified.find(token)
        if known is None or not await self._still_vouched_for(known):
            passed = await self.verify_issued(token)
            metrics.series(metrics.TOKEN_CHECKS, "miss").inc()
            return passed
        self._judge_times(token, known)
        metrics.series(metrics.TOKEN_CHECKS, "hit").inc()
        return AccessToken(token, known.user_id, known.session_id, known.aal, known.authenticated_at)

    async def verify_issued(self, token: str) -> AccessToken:
        """The same for a token that Supabase just issued, however long it is: nobody has seen it yet."""
        if not _SHAPE.fullmatch(token):
            raise InvalidTokenError("shape")
        raw = token.encode()
        parts = _parts(raw)
        algorithm, key = await self._key_for(parts.protected)
        if not _is_signed(raw, algorithm, key):
            raise InvalidTokenError("signature")
        claims = self._checked(parts.payload)
        passed = access_token_of(token, claims)
        verified = Verified(
            key,
            None if key is self._secret else parts.protected["kid"],
            claims["exp"],
            claims.get("nbf"),
            passed.user_id,
            passed.session_id,
            passed.aal,
            passed.authenticated_at,
        )
        self._verified.add(token, verified, self._claims.now - self._claims.leeway)
        return passed

    async def _still_vouched_for(self, known: Verified) -> bool:
        """Whether the project still has the key, the very same. What a key that is gone vouched for is forgotten."""
        if known.key_id is None or await self._find_key(known.key_id) is known.key:
            return True
        self._verified.forget_key(known.key)
        return False

    def _judge_times(self, token: str, known: Verified) -> None:
        try:
            self._claims.validate_exp(known.expires)
            if known.not_before is not None:
                self._claims.validate_nbf(known.not_before)
        except ClaimError as error:
            self._verified.forget(token)
            raise InvalidTokenError("time") from error

    async def _key_for(self, header: Mapping[str, Any]) -> tuple[JWSAlgModel, Key]:
        """The algorithm and the key: never a key of one kind for an algorithm of the other (RFC 8725 section 3.1)."""
        name, key_id = header.get("alg"), header.get("kid")
        if name == "HS256" and self._secret is not None:
            return _ALGORITHMS[name], self._secret
        if not isinstance(name, str) or name not in ASYMMETRIC:
            raise InvalidTokenError("algorithm")
        key = await self._find_key(key_id) if isinstance(key_id, str) else None
        if key is None or key.alg != name:
            raise InvalidTokenError("key")
        return _ALGORITHMS[name], key

    def _checked(self, payload: bytes) -> dict[str, Any]:
        """The claims, which the project signed. Of a claim that is there twice the last one counts (RFC 7519 section 4)."""
        try:
            claims = json.loads(payload)
            if not isinstance(claims, dict):
                raise InvalidTokenError("claims")
            self._claims.validate(claims)
        except ExpiredTokenError as error:
            raise InvalidTokenError("time") from error
        except MissingClaimError as error:
            raise InvalidTokenError("claims") from error
        except ClaimError as error:
            raise InvalidTokenError(_REASONS.get(error.claim, "claims")) from error
        except _UNREADABLE as error:
            raise InvalidTokenError("claims") from error
        return claims


def _parts(token: bytes) -> CompactSignature:
    """Header and payload, neither of them verified. Base64 has one spelling only (RFC 4648 section 3.5)."""
    try:
        parts = extract_compact(token)
    except _UNREADABLE as error:
        raise InvalidTokenError("shape") from error
    # `crit` names extensions that must be understood (RFC 7515 section 4.1.11), and Supabase uses none.
    if not isinstance(parts.protected, dict) or "crit" in parts.protected:
        raise InvalidTokenError("shape")
    return parts


def _is_signed(token: bytes, algorithm: JWSAlgModel, key: Key) -> bool:
    signed, _, signature = token.rpartition(b".")
    try:
        return algorithm.verify(signed, urlsafe_b64decode(signature), key)
    except _UNREADABLE:
        return False
