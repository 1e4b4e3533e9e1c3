"""What a sign-up carries, as it arrives."""

from __future__ import annotations

import json
import re

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
