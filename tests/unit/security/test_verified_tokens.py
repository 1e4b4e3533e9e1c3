"""What is remembered of tokens, how much of it, and for how long."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterable
from typing import Any

import jwt
import pytest
from joserfc.jwk import JWKRegistry, Key, OctKey

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.security.access_token import AccessToken, AccessTokenVerifier, InvalidTokenError
from service.security.verified_tokens import LONGEST_TOKEN, MOST_TOKENS, Verified, VerifiedTokens
from tests.support.project import SigningKey, elliptic

ISSUER = "https://abc.supabase.co/auth/v1"
SECRET = "5d0c7f3ab94e61287f0a3c5e9b81d2647ae0f19c83b5d6e2"
KEY = OctKey.import_key(SECRET)


class Published:
    """The keys of a project, and a verifier that asks for them."""

    def __init__(self, *keys: SigningKey, most: int = 100) -> None:
        self.keys = {key.key_id: imported(key) for key in keys}
        self.down = False
        self.remembered = VerifiedTokens(most)
        self.verifier = AccessTokenVerifier(
            issuer=ISSUER,
            audience="authenticated",
            leeway=10,
            secret=SECRET,
            find_key=self.find,
            verified=self.remembered,
        )

    async def find(self, key_id: str) -> Key | None:
        if self.down and key_id not in self.keys:
            raise ApiError(ErrorCode.upstream_unavailable)
        return self.keys.get(key_id)

    async def reason(self, token: str) -> str | None:
        try:
            await self.verifier.verify(token)
        except InvalidTokenError as error:
            return error.reason
        return None


def imported(key: SigningKey) -> Key:
    return JWKRegistry.import_key(key.jwk, parameters={"alg": key.algorithm})


def signed(key: SigningKey, **changed: Any) -> str:
    claims = {"sub": "1", "aud": "authenticated", "exp": int(time.time()) + 60, "iss": ISSUER} | changed
    return jwt.encode(claims, key.private, key.algorithm, {"kid": key.key_id})


def verified(expires: float = 2**33, user_id: str = "7d3f1c52-0b9e-4f6a-8a51-2c9e4b7d6f10") -> Verified:
    return Verified(KEY, None, expires, None, user_id, "9c8b1e44-2d07-4f6a-a3b9-50e7d1c6f282", "aal1", 1_790_000_000)


def add_all(remembered: VerifiedTokens, tokens: Iterable[str]) -> None:
    for token in tokens:
        remembered.add(token, verified(), 0)


async def test_a_known_token_says_what_it_said() -> None:
    key = elliptic("a")
    project = Published(key)
    token = signed(key, session_id="s", aal="aal2", amr=[{"method": "password", "timestamp": 5}])
    first = await project.verifier.verify(token)
    assert first == AccessToken(token, "1", "s", "aal2", 5)
    assert await project.verifier.verify(token) == first
    assert len(project.remembered) == 1


async def test_the_clock_is_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    key, now = elliptic("a"), time.time()
    project = Published(key)
    token = signed(key, exp=int(now) + 60, nbf=int(now))
    assert await project.reason(token) is None
    monkeypatch.setattr(time, "time", lambda: now + 68)
    assert await project.reason(token) is None, "the leeway is for known tokens, too"
    monkeypatch.setattr(time, "time", lambda: now + 71)
    assert await project.reason(token) == "time"
    assert len(project.remembered) == 0
    monkeypatch.setattr(time, "time", lambda: now)
    assert await project.reason(token) is None
    monkeypatch.setattr(time, "time", lambda: now - 12)
    assert await project.reason(token) == "time", "a clock that was set back"


async def test_what_a_key_vouched_for_goes_with_it() -> None:
    first, second = elliptic("first"), elliptic("second")
    project = Published(first, second)
    tokens = [signed(first, number=number) for number in range(3)]
    assert [await project.reason(token) for token in (*tokens, signed(second))] == [None] * 4
    del project.keys["first"]
    assert await project.reason(tokens[0]) == "key"
    assert len(project.remembered) == 1


async def test_another_key_of_the_same_id_vouches_for_nothing() -> None:
    first, second = elliptic("same"), elliptic("same")
    project = Published(first)
    token = signed(first)
    assert await project.reason(token) is None
    project.keys["same"] = imported(second)
    assert await project.reason(token) == "signature"
    assert await project.reason(signed(second)) is None


async def test_nobody_is_refused_for_keys_that_nobody_can_tell() -> None:
    key = elliptic("a")
    project = Published(key)
    token = signed(key)
    assert await project.reason(token) is None
    kept, project.down = project.keys.pop("a"), True
    with pytest.raises(ApiError):
        await project.verifier.verify(token)
    project.keys["a"] = kept
    assert await project.reason(token) is None
    assert len(project.remembered) == 1


async def test_only_what_was_accepted_is_remembered() -> None:
    key, stranger = elliptic("a"), elliptic("a")
    project = Published(key, most=3)
    good = signed(key)
    assert await project.reason(good) is None
    worthless = [signed(stranger, number=number) for number in range(20)]
    worthless += [signed(key, exp=1), signed(key, aud="anon"), signed(elliptic("b")), "a.b.c", "\ud800", good[:-1], f"{good}A"]
    for token in worthless:
        assert await project.reason(token) is not None
        assert len(project.remembered) == 1
    assert project.remembered.find(good) is not None


def test_the_one_that_was_used_longest_ago_makes_room() -> None:
    remembered = VerifiedTokens(3)
    add_all(remembered, ["a", "b", "c"])
    assert remembered.find("a") is not None
    add_all(remembered, ["d"])
    assert [token for token in "abcd" if remembered.find(token)] == ["a", "c", "d"]


def test_what_expired_goes_as_new_ones_come() -> None:
    remembered = VerifiedTokens(100)
    for number in range(10):
        remembered.add(f"old {number}", verified(expires=50), 0)
    for number in range(10):
        remembered.add(f"new {number}", verified(expires=150), 100)
    assert len(remembered) == 10


def test_a_token_that_is_longer_than_proxies_let_through_is_not_kept() -> None:
    remembered = VerifiedTokens(3)
    add_all(remembered, ["x" * (LONGEST_TOKEN + 1)])
    assert len(remembered) == 0


@pytest.mark.thorough
def test_a_full_house_takes_a_few_megabytes() -> None:
    remembered = VerifiedTokens()
    tracemalloc.start()
    try:
        for number in range(MOST_TOKENS + 500):
            remembered.add(str(number), verified(1_790_000_000 + number, f"7d3f1c52-0b9e-4f6a-8a51-{number:012}"), 0)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(remembered) == MOST_TOKENS
    assert size < 16 * 2**20, f"{size / 2**20:.1f} MiB"
