"""What the project has switched on is asked for now and then, and remembered while Supabase does not answer."""

from __future__ import annotations

import asyncio
import json

import pytest

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.auth import config as module
from tests.support.raw_server import Exchange, response
from tests.unit.supabase.auth.conftest import SETTINGS, Asked


async def test_many_who_want_to_know_are_one_question(asked: Asked) -> None:
    known = await asyncio.gather(*(asked.config.get() for _ in range(20)))
    assert len(asked.server.exchanges) == 1
    assert {one.config.providers for one in known} == {("github",)}
    assert all(55 <= one.good_for <= 60 for one in known)


async def test_what_was_known_is_told_while_supabase_does_not_answer(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_AGE", 0.05)
    before = await asked.config.get()
    await asyncio.sleep(0.06)
    asked.server.answer = _broken
    assert (await asked.config.get()).config == before.config
    assert (await asked.config.get()).config == before.config
    assert len(asked.server.exchanges) == 2, "and it is not asked again for each who wants to know"


async def test_without_any_answer_ever_it_is_told_that_there_is_none(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    asked.server.answer = _broken
    monkeypatch.setattr(module, "_RETRY_AFTER", 0.05)
    for _ in range(2):
        with pytest.raises(ApiError) as refusal:
            await asked.config.get()
        assert refusal.value.code is ErrorCode.upstream_unavailable
    assert len(asked.server.exchanges) == 1
    await asyncio.sleep(0.06)
    asked.server.answer = _well
    assert (await asked.config.get()).config.email_sign_in


async def test_who_asked_first_may_go_and_the_others_get_their_answer(asked: Asked) -> None:
    first = asyncio.create_task(asked.config.get())
    await asyncio.sleep(0)
    second = asyncio.create_task(asked.config.get())
    first.cancel()
    assert (await second).config.sign_up


@pytest.mark.parametrize("answer", [{}, [], None, {**SETTINGS, "external": {"email": "perhaps"}}])
async def test_an_answer_that_makes_no_sense_is_none(asked: Asked, answer: object) -> None:
    async def nonsense(exchange: Exchange) -> None:
        await exchange.send(response(json.dumps(answer).encode()))

    asked.server.answer = nonsense
    with pytest.raises(ApiError) as refusal:
        await asked.config.get()
    assert refusal.value.code is ErrorCode.upstream_error


async def test_what_is_no_provider_to_be_sent_to_is_not_named_as_one(asked: Asked) -> None:
    external = {"email": True, "phone": True, "anonymous_users": True, "web3_solana": True, "google": True, "github": False}

    async def answer(exchange: Exchange) -> None:
        await exchange.send(response(json.dumps({**SETTINGS, "external": external, "saml_enabled": True}).encode()))

    asked.server.answer = answer
    found = (await asked.config.get()).config
    assert (found.providers, found.sso, found.anonymous) == (("google",), True, True)


async def _broken(exchange: Exchange) -> None:
    await exchange.send(response(b"down", status="503 X"))


async def _well(exchange: Exchange) -> None:
    await exchange.send(response(json.dumps(SETTINGS).encode()))
