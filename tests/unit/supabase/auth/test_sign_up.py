"""What a sign-up carries, as it arrives."""

from __future__ import annotations

import json
import re

import pytest

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.auth.captcha import CaptchaAnswer
from tests.support.fixed_answers import SESSION
from tests.support.raw_server import Answer, Exchange, response
from tests.unit.supabase.auth.asking import EMAIL, PASSWORD
from tests.unit.supabase.auth.conftest import Asked


async def test_each_sign_up_carries_a_code_challenge_of_its_own(asked: Asked) -> None:
    """Without one, the link in the mail leads to a URL with the refresh token."""
    for _ in range(3):
        await asked.sign_up.create_user(EMAIL, PASSWORD, display_name="Ada")
    bodies = [json.loads(exchange.body) for exchange in asked.server.exchanges]
    assert {body["code_challenge_method"] for body in bodies} == {"s256"}
    challenges = {body["code_challenge"] for body in bodies}
    assert len(challenges) == 3
    # 32 bytes in base64url without padding, and the last character has four bits of them: RFC 7636 section 4.2.
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", challenge) for challenge in challenges)


async def test_the_name_goes_with_the_user_where_one_was_given(asked: Asked) -> None:
    await asked.sign_up.create_user(EMAIL, PASSWORD, display_name="Ada")
    await asked.sign_up.create_user(EMAIL, PASSWORD, display_name=None)
    named, unnamed = (json.loads(exchange.body)["data"] for exchange in asked.server.exchanges)
    assert (named, unnamed) == ({"display_name": "Ada"}, {})


NOT_SAVED = (500, "unexpected_failure", "Database error saving new user")
TAKEN = (422, "user_already_exists", "User already registered")


def answering(*answers: tuple[int, str, str]) -> Answer:
    """Answers one after another; a user who signed up behind the last."""
    left = list(answers)

    async def answer(exchange: Exchange) -> None:
        status, code, message = left.pop(0) if left else (200, "", "")
        body: object = {"code": code, "message": message} if code else SESSION
        headers = "X-Supabase-Api-Version: 2024-01-01"
        await exchange.send(response(json.dumps(body).encode(), headers, status=f"{status} X"))

    return answer


async def test_the_second_of_two_sign_ups_at_once_is_told_that_the_address_is_taken(asked: Asked) -> None:
    asked.server.answer = answering(NOT_SAVED, TAKEN)
    with pytest.raises(ApiError) as refusal:
        await asked.sign_up.create_user(EMAIL, PASSWORD, display_name="Ada")
    assert refusal.value.code is ErrorCode.auth_email_taken
    first, second = asked.server.exchanges
    without_challenge = [{**json.loads(exchange.body), "code_challenge": None} for exchange in (first, second)]
    assert without_challenge[0] == without_challenge[1]


async def test_what_supabase_cannot_save_at_all_is_asked_for_twice_and_no_more(asked: Asked) -> None:
    asked.server.answer = answering(NOT_SAVED, NOT_SAVED, NOT_SAVED)
    with pytest.raises(ApiError) as refusal:
        await asked.sign_up.create_user(EMAIL, PASSWORD, display_name=None)
    assert refusal.value.code is ErrorCode.upstream_error
    assert len(asked.server.exchanges) == 2


async def test_with_a_captcha_token_which_is_used_up_it_is_the_front_end_s_to_ask_again(asked: Asked) -> None:
    asked.server.answer = answering(NOT_SAVED, TAKEN)
    with pytest.raises(ApiError) as refusal:
        await asked.sign_up.create_user(EMAIL, PASSWORD, display_name=None, captcha=CaptchaAnswer("token"))
    assert refusal.value.code is ErrorCode.upstream_unavailable
    assert refusal.value.details == {"retryAfter": 5}
    assert len(asked.server.exchanges) == 1


@pytest.mark.parametrize("failure", [(500, "unexpected_failure", "Error sending confirmation email"), (503, "x", "y")])
async def test_nothing_else_is_asked_for_twice(asked: Asked, failure: tuple[int, str, str]) -> None:
    asked.server.answer = answering(failure)
    with pytest.raises(ApiError):
        await asked.sign_up.create_user(EMAIL, PASSWORD, display_name=None)
    assert len(asked.server.exchanges) == 1
