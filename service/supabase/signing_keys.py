"""The project's public signing keys (JWKS, RFC 7517), cached."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry

from service.errors import ApiError
from service.supabase.calls import Call, UpstreamCall

if TYPE_CHECKING:
    import httpx

log = structlog.get_logger(__name__)

# joserfc's own, and what it lets through (a point off its curve, an unknown curve, a list for a name); no algorithm fits.
_UNREADABLE = (JoseError, ValueError, LookupError, TypeError)


class SigningKeys:
    """Finds a public key by its id. Times are in seconds.

    Keys are fetched again when they are older than `max_age` and when an unknown id appears, but never more than one fetch at a
    time and one in `min_interval` (`retry_interval` after one that failed), so that made-up key ids cost Supabase next to
    nothing. A known key is never waited for, and stays good while Supabase is down.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        *,
        timeout: float,
        max_age: float = 600,
        min_interval: float = 10,
        retry_interval: float = 1,
    ) -> None:
        self._http = http
        self._url = f"{base_url}/auth/v1/.well-known/jwks.json"
        self._timeout = timeout
        self._max_age = max_age
        self._min_interval = min_interval
        self._retry_interval = retry_interval
        self._keys: dict[str, Key] = {}
        self._fetched_at = float("-inf")
        self._next_fetch_at = float("-inf")
        self._failure: ApiError | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> Key | None:
        """The key, or None where the project has no such key. What it is for is in its `alg`.

        Raises ApiError when the keys cannot be fetched and this one is not known: then nobody can tell.
        """
        key = self._keys.get(key_id)
        now = time.monotonic()
        if key is not None:
            if now - self._fetched_at >= self._max_age:
                self._start_fetch(now)
            return key
        self._start_fetch(now)
        if self._fetching is not None:
            await asyncio.shield(self._fetching)
        if key_id not in self._keys and self._failure is not None:
            raise ApiError(self._failure.code, details=self._failure.details)
        return self._keys.get(key_id)

    def _start_fetch(self, now: float) -> None:
        if self._fetching is None and now >= self._next_fetch_at:
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)

    def _fetched(self, _task: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _fetch(self) -> None:
        interval = self._min_interval
        try:
            async with UpstreamCall(Call.jwks, self._timeout):
                answer = await self._http.get(self._url)
                answer.raise_for_status()
                self._keys = _usable(answer.json()["keys"])
                self._fetched_at = time.monotonic()
                self._failure = None
        except ApiError as error:
            interval = self._retry_interval
            self._failure = error
            log.warning("signing_keys_not_fetched", code=error.code.value, known=len(self._keys))
        finally:
            self._next_fetch_at = time.monotonic() + interval


def _usable(keys: list[dict[str, Any]]) -> dict[str, Key]:
    """The public keys that verify signatures, by id. One that cannot be read does not take the others with it."""
    usable: dict[str, Key] = {}
    for jwk in keys:
        if not jwk.get("kid") or jwk.get("kty") == "oct" or jwk.get("use", "sig") != "sig":
            continue
        try:
            fitting = JWSRegistry.filter_algorithms(JWKRegistry.import_key(jwk))
            usable[jwk["kid"]] = JWKRegistry.import_key(jwk, parameters={"alg": fitting[0].name})
        except _UNREADABLE:
            log.warning("signing_key_unreadable")
    return usable
