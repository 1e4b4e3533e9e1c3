"""The project's keys: fetched once for many, seldom for made-up ids, kept while Supabase is down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from service.errors import ApiError
from service.supabase.signing_keys import SigningKeys
from tests.support.loopback import TRUST_NOBODY
from tests.support.project import Project, elliptic, rsa_key

JWKS = "/auth/v1/.well-known/jwks.json"


@pytest.fixture
def project() -> Iterator[Project]:
    with Project(elliptic("first")) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, verify=TRUST_NOBODY) as client:
        yield client


async def test_many_who_ask_at_once_cost_one_fetch(project: Project, http: httpx.AsyncClient) -> None:
    keys = SigningKeys(http, project.url, timeout=10)
    found = await asyncio.gather(*(keys.find("first") for _ in range(50)))
    assert all(key is not None and key.alg == "ES256" for key in found)
    assert project.count(JWKS) == 1


async def test_made_up_ids_cost_one_fetch_in_an_interval(project: Project, http: httpx.AsyncClient) -> None:
    keys = SigningKeys(http, project.url, timeout=10, min_interval=3_600)
    assert await asyncio.gather(*(keys.find(f"made-up-{number}") for number in range(50))) == [None] * 50
    assert await keys.find("first") is not None
    assert project.count(JWKS) == 1


async def test_a_new_key_is_found_when_a_token_names_it(project: Project, http: httpx.AsyncClient) -> None:
    keys = SigningKeys(http, project.url, timeout=10, min_interval=0)
    assert await keys.find("second") is None
    project.keys.append(rsa_key("second"))
    second = await keys.find("second")
    assert second is not None
    assert second.alg == "RS256"


async def test_a_revoked_key_goes_when_the_keys_are_fetched_again(project: Project, http: httpx.AsyncClient) -> None:
    keys = SigningKeys(http, project.url, timeout=10, min_interval=0, max_age=0)
    assert await keys.find("first") is not None
    project.keys[:] = [elliptic("second")]
    await keys.find("first")
    for _ in range(500):
        if await keys.find("first") is None:
            return
        await asyncio.sleep(0.01)
    pytest.fail("a revoked key is still accepted")


async def test_known_keys_stay_good_while_supabase_is_down(project: Project, http: httpx.AsyncClient) -> None:
    keys = SigningKeys(http, project.url, timeout=10, min_interval=0, max_age=0)
    assert await keys.find("first") is not None
    project.jwks_status = 503
    for _ in range(5):
        assert await keys.find("first") is not None
        await asyncio.sleep(0.02)


async def test_a_failure_is_told_and_not_repeated_for_each_who_asks(project: Project, http: httpx.AsyncClient) -> None:
    project.jwks_status = 500
    keys = SigningKeys(http, project.url, timeout=10, retry_interval=3_600)
    answers = await asyncio.gather(*(keys.find(f"made-up-{n}") for n in range(50)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {ApiError}
    assert project.count(JWKS) == 1


async def test_one_key_that_cannot_be_read_does_not_take_the_others_with_it(project: Project, http: httpx.AsyncClient) -> None:
    class Odd:
        def __init__(self, jwk: dict[str, str]) -> None:
            self.jwk = jwk

    odd = [{"kid": "odd", "kty": "new"}, {"kid": "secret", "kty": "oct", "k": "c2VjcmV0"}, {"kty": "EC"}]
    project.keys.extend(Odd(jwk) for jwk in odd)  # type: ignore[misc]  # no keys, on purpose
    keys = SigningKeys(http, project.url, timeout=10, min_interval=3_600)
    assert await keys.find("first") is not None
    assert await keys.find("odd") is None
    assert await keys.find("secret") is None
