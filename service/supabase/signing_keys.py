"""The project's public signing keys (JWKS, RFC 7517), cached."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from service.errors import ApiError
from service.supabase.errors import Call, upstream

if TYPE_CHECKING:
    import httpx

log = structlog.get_logger(__name__)


class SigningKeys:
    """Finds a public key by its id. Times are in seconds.

    Keys are kept for `max_age`, refetched when an unknown id appears, and fetched at most once at a time and once in
    `min_interval`, so that made-up key ids cost Supabase next to nothing. While Supabase is down, known keys stay good.
    """

    def __init__(
        self, http: httpx.AsyncClient, base_url: str, *, timeout: float, max_age: float = 600, min_interval: float = 10
    ) -> None:
        self._http = http
        self._url = f"{base_url}/auth/v1/.well-known/jwks.json"
        self._timeout = timeout
        self._max_age = max_age
        self._min_interval = min_interval
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, key_id: str) -> PyJWK | None:
        """The key, or None where the project has no such key.

        Raises ApiError when the keys cannot be fetched and this one is not known: then nobody can tell.
        """
        key = self._keys.get(key_id)
        if key is not None and time.monotonic() - self._fetched_at < self._max_age:
            return key
        async with self._lock:
            if time.monotonic() - self._tried_at >= self._min_interval:
                await self._fetch(known=key_id in self._keys)
        return self._keys.get(key_id)

    async def _fetch(self, *, known: bool) -> None:
        self._tried_at = time.monotonic()
        try:
            async with upstream(Call.jwks, self._timeout):
                answer = await self._http.get(self._url)
                answer.raise_for_status()
                keys = answer.json()["keys"]
                self._keys = {key["kid"]: _parsed(key) for key in keys if key.get("kid") and key.get("kty") != "oct"}
                self._fetched_at = time.monotonic()
        except ApiError:
            if not known:
                self._tried_at = float("-inf")  # the next request asks again: the user may be in the right
                raise
            log.warning("signing_keys_kept", age=round(time.monotonic() - self._fetched_at))


def _parsed(key: dict[str, str]) -> PyJWK:
    try:
        return PyJWKSet.from_dict({"keys": [key]}).keys[0]
    except PyJWTError as error:
        raise ValueError("a key that cannot be read") from error
