"""How everything is signed that a browser keeps for the service: one list of secrets, and a salt of its own for each use."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from itsdangerous import TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer

# HMAC derives each use's key from the secret and the salt, as itsdangerous recommends over its default.
_OPTIONS: dict[str, Any] = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


class Signing:
    """`secrets` come newest first: the first signs, all verify. `salt` names the use, such as "latchkey.csrf"."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secrets)

    @property
    def secrets(self) -> tuple[str, ...]:
        """All of them, newest first, for what is derived and not signed."""
        return self._secrets

    def timestamp_signer(self, salt: str) -> TimestampSigner:
        """Signs bytes, with the time."""
        return TimestampSigner(self._oldest_first(), salt=salt, **_OPTIONS)

    def serializer(self, salt: str) -> URLSafeSerializer:
        """Signs JSON values, in characters that a cookie and a URL can hold."""
        return URLSafeSerializer(self._oldest_first(), salt=salt, signer_kwargs=_OPTIONS)

    def timed_serializer(self, salt: str) -> URLSafeTimedSerializer:
        """Signs JSON values, with the time."""
        return URLSafeTimedSerializer(self._oldest_first(), salt=salt, signer_kwargs=_OPTIONS)

    def _oldest_first(self) -> list[str]:
        # itsdangerous signs with the last key and tries all of them.
        return list(reversed(self._secrets))
