"""The project's public signing keys (JWKS, RFC 7517), cached."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.call import Call
from service.supabase.calls import UpstreamCall

if TYPE_CHECKING:
    import httpx

log = structlog.get_logger(__name__)

# What joserfc raises for a key, its own and others' (a point off its curve, an unknown curve, a list for a name), and what the
# lookup raises where no algorithm fits.
_UNREADABLE = (JoseError, ValueError, LookupError, TypeError)


class SigningKeys:
    """Finds a public key by its id. Times are in seconds.

    Keys are fetched again when they are older than `max_age` and when an unknown id appears, but never more than one fetch at a
    time and one in `min_interval`, so that made-up key ids cost Supabase next to nothing. A known key is never waited for, and
    stays good while Supabase is down.

    Only a fetch that began after the question can say that there is no such key: between an earlier one and the question the
    project may have begun to sign with a new key, and its tokens must not be called invalid because a stranger, with made-up
    ids, has just used up the fetch. So who asks too early waits for the next fetch, `max_waiting` of them; the others are told
    to come again, or the stranger could fill the service with requests that wait.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        *,
        timeout: float,
        max_age: float = 600,
        min_interval: float = 1,
        max_waiting: int = 100,
    ) -> None:
        self._http = http
        self._url = f"{base_url}/auth/v1/.well-known/jwks.json"
        self._timeout = timeout
        self._max_age = max_age
        self._min_interval = min_interval
        self._max_waiting = max_waiting
        self._waiting = 0
        self._keys: dict[str, Key] = {}
        self._fetched_at = float("-inf")
        self._began_at = float("-inf")
        self._next_fetch_at = float("-inf")
        self._failure: ApiError | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> Key | None:
        """The key, or None where the project has no such key. What it is for is in its `alg`. It stays the same object
        for as long as the project keeps it.

        Raises ApiError when nobody can tell: the keys cannot be fetched, or too many ask for keys that are not known.
        """
        asked_at = time.monotonic()
        key = self._keys.get(key_id)
        if key is not None:
            if asked_at - self._fetched_at >= self._max_age:
                self._fetch_in_turn()
            return key
        while self._began_at < asked_at:
            await self._wait_for_fetch()
            if key_id in self._keys:
                break
            if self._failure is not None:
                raise ApiError(self._failure.code, details=self._failure.details)
        return self._keys.get(key_id)

    async def _wait_for_fetch(self) -> None:
        too_early = time.monotonic() < self._next_fetch_at
        if too_early and self._failure is not None:
            return
        if too_early and self._waiting >= self._max_waiting:
            raise ApiError(ErrorCode.upstream_unavailable, details={"retryAfter": max(ceil(self._min_interval), 1)})
        self._waiting += too_early
        try:
            await asyncio.shield(self._fetch_in_turn())
        finally:
            self._waiting -= too_early

    def _fetch_in_turn(self) -> asyncio.Task[None]:
        """The fetch that is under way, or a new one, which begins as soon as it may."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _fetch(self) -> None:
        await asyncio.sleep(self._next_fetch_at - time.monotonic())
        self._began_at = time.monotonic()
        try:
            async with UpstreamCall(Call.jwks, self._timeout):
                answer = await self._http.get(self._url)
                answer.raise_for_status()
                self._keys = _kept(self._keys, _usable(answer.json()["keys"]))
                self._fetched_at = time.monotonic()
                self._failure = None
        except ApiError as error:
            self._failure = error
            log.warning("signing_keys_not_fetched", code=error.code.value, known=len(self._keys))
        finally:
            self._next_fetch_at = time.monotonic() + self._min_interval


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


def _kept(known: Mapping[str, Key], published: Mapping[str, Key]) -> dict[str, Key]:
    """The published keys, each as the object that is known already where nothing changed: it is how callers know it again."""
    return {key_id: known[key_id] if _same(known.get(key_id), key) else key for key_id, key in published.items()}


def _same(known: Key | None, published: Key) -> bool:
    return known is not None and known.as_dict(private=False) == published.as_dict(private=False)
