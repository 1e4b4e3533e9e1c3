"""The project's keys: fetched once for many, seldom for made-up ids, kept while Supabase is down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.signing_keys import SigningKeys
from tests.support.loopback import TRUST_NOBODY
from tests.support.project import Project, SigningKey, elliptic, rsa_key

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
    keys = SigningKeys(http, project.url, timeout=10, min_interval=3_600)
    answers = await asyncio.gather(*(keys.find(f"made-up-{n}") for n in range(50)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {ApiError}
    assert project.count(JWKS) == 1


async def test_one_key_that_cannot_be_read_does_not_take_the_others_with_it(project: Project, http: httpx.AsyncClient) -> None:
    class Odd:
        def __init__(self, jwk: dict[str, str]) -> None:
            self.jwk = jwk

    odd = [
        {"kid": "odd", "kty": "new"},
        {"kid": "off_its_curve", "kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kid": "unknown_curve", "kty": "EC", "crv": "P-1", "x": "AAAA", "y": "AAAA"},
        {"kid": "unknown_edwards_curve", "kty": "OKP", "crv": "Ed1", "x": "AAAA"},
        {
            "kid": "for_another_algorithm",
            **{name: elliptic("x").jwk[name] for name in ("kty", "crv", "x", "y")},
            "alg": "RS256",
        },
        {"kid": ["list"], "kty": "EC", "crv": ["P-256"]},
        {"kid": "secret", "kty": "oct", "k": "c2VjcmV0"},
        {"kty": "EC"},
    ]
    project.keys.extend(Odd(jwk) for jwk in odd)  # type: ignore[misc]  # no keys, on purpose
    keys = SigningKeys(http, project.url, timeout=10, min_interval=0)
    assert await keys.find("first") is not None
    for jwk in odd:
        assert await keys.find(str(jwk.get("kid"))) is None


async def test_a_key_that_names_no_algorithm_gets_the_one_that_fits(project: Project, http: httpx.AsyncClient) -> None:
    class Plain:
        def __init__(self, key: SigningKey) -> None:
            self.jwk = {name: value for name, value in key.jwk.items() if name != "alg"}

    project.keys[:] = [Plain(elliptic("es")), Plain(rsa_key("rs"))]  # type: ignore[list-item]  # no "alg"
    keys = SigningKeys(http, project.url, timeout=10)
    assert [getattr(await keys.find(key_id), "alg", None) for key_id in ("es", "rs")] == ["ES256", "RS256"]


async def test_a_new_key_is_found_although_a_made_up_id_has_just_cost_the_fetch(
    project: Project, http: httpx.AsyncClient
) -> None:
    keys = SigningKeys(http, project.url, timeout=10, min_interval=0.2)
    assert await keys.find("made-up") is None
    project.keys.append(elliptic("second"))
    assert await keys.find("second") is not None
    assert project.count(JWKS) == 2


async def test_a_fetch_that_was_under_way_does_not_say_that_a_key_is_unknown(project: Project, http: httpx.AsyncClient) -> None:
    keys = SigningKeys(http, project.url, timeout=10, min_interval=0.2)
    early = asyncio.create_task(keys.find("made-up"))
    for _ in range(5_000):
        if project.count(JWKS):
            break
        await asyncio.sleep(0)
    project.keys.append(elliptic("second"))
    late = await asyncio.gather(*(keys.find("second") for _ in range(20)))
    assert None not in late
    assert await early is None
    assert project.count(JWKS) <= 2


async def test_no_more_wait_for_the_next_fetch_than_may_and_the_others_are_told_to_come_again(
    project: Project, http: httpx.AsyncClient
) -> None:
    keys = SigningKeys(http, project.url, timeout=10, min_interval=0.5, max_waiting=10)
    assert len(await asyncio.gather(*(keys.find(f"made-up-{number}") for number in range(50)))) == 50, (
        "the first ones wait for none"
    )
    answers = await asyncio.gather(*(keys.find(f"made-up-{number}") for number in range(50)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, ApiError)]
    assert answers.count(None) == 10
    assert {(error.code, error.details["retryAfter"]) for error in refused} == {(ErrorCode.upstream_unavailable, 1)}
    assert len(refused) == 40
    assert await keys.find("first") is not None
    assert project.count(JWKS) == 2


async def test_who_hangs_up_leaves_its_place_to_another(project: Project, http: httpx.AsyncClient) -> None:
    keys = SigningKeys(http, project.url, timeout=10, min_interval=0.5, max_waiting=1)
    assert await keys.find("made-up") is None
    impatient = asyncio.create_task(keys.find("made-up"))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait([impatient])
    assert await keys.find("made-up") is None


async def test_a_key_that_stays_is_the_same_object_and_another_one_of_its_id_is_not(
    project: Project, http: httpx.AsyncClient
) -> None:
    keys = SigningKeys(http, project.url, timeout=10, min_interval=0)
    first = await keys.find("first")
    assert await keys.find("made-up") is None  # so that they are fetched again
    assert await keys.find("first") is first
    project.keys[:] = [elliptic("first")]
    assert await keys.find("made-up") is None
    assert await keys.find("first") is not first
