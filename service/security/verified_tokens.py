"""What was verified of access tokens, so that a signature is checked once and not for each request.

A signature that was good stays good while its key is good. Everything else is judged at each request: the times by the clock,
the key by whether the project still publishes it, and the session by Supabase.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from joserfc.jwk import Key

from service.telemetry import metrics

MOST_TOKENS: Final = 20_000
# What is kept of a token is a part of it. A longer one than proxies let through is verified each time instead, so that the
# number of tokens bounds the memory, whatever a project's hooks put into them.
LONGEST_TOKEN: Final = 8_192


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token said whose signature was good. `key_id` is None for the shared secret."""

    key: Key
    key_id: str | None
    expires: float
    not_before: float | None
    user_id: str
    session_id: str | None
    aal: str
    authenticated_at: int | None


class VerifiedTokens:
    """The `most` tokens that were used last, by their SHA-256 (FIPS 180-4): nobody can make two tokens of one digest, and none
    can be read from here.

    Only what was accepted is put in, so worthless tokens push nothing out. Not for several threads.
    """

    def __init__(self, most: int = MOST_TOKENS) -> None:
        self._most = most
        self._by_digest: dict[bytes, Verified] = {}  # the one that was used longest ago first

    def __len__(self) -> int:
        return len(self._by_digest)

    def find(self, token: str) -> Verified | None:
        """What is known of the token. Its times and its key are still to be judged."""
        digest = _digest(token)
        verified = self._by_digest.pop(digest, None)
        if verified is not None:
            self._by_digest[digest] = verified
        return verified

    def add(self, token: str, verified: Verified, now: float) -> None:
        """Keeps what was accepted. `now` is in seconds since 1970, less the leeway: what expired by then makes room."""
        if len(token) > LONGEST_TOKEN:
            return
        self._by_digest[_digest(token)] = verified
        # Two at most for each that comes: so the expired ones go as fast as new ones come, and no request pays for many.
        for _ in range(2):
            oldest = next(iter(self._by_digest))
            if len(self._by_digest) <= self._most and self._by_digest[oldest].expires > now:
                break
            del self._by_digest[oldest]
        self._count()

    def forget(self, token: str) -> None:
        """Drops the token, which has expired."""
        self._by_digest.pop(_digest(token), None)
        self._count()

    def forget_key(self, key: Key) -> None:
        """Drops all that the key vouched for: the project does not publish it any more."""
        self._by_digest = {digest: verified for digest, verified in self._by_digest.items() if verified.key is not key}
        self._count()

    def _count(self) -> None:
        metrics.REMEMBERED_TOKENS.set(len(self._by_digest))


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
