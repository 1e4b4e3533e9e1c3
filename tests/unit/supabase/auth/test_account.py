"""What is asked as the signed-in user, as it arrives."""

from __future__ import annotations

from service.supabase.auth.account import SignedInUser
from tests.support.fixed_answers import USER
from tests.unit.supabase.auth.asking import ADA, headers_of
from tests.unit.supabase.auth.conftest import Asked


async def test_the_user_and_the_profile_are_asked_for_with_the_users_own_token(asked: Asked) -> None:
    user = await asked.account.get_user(ADA)
    assert user == SignedInUser(str(USER["id"]), str(USER["email"]), None)
    assert {headers_of(exchange)["authorization"] for exchange in asked.server.exchanges} == {"Bearer token.of.ada"}
    [query] = [exchange.head.split()[1] for exchange in asked.server.exchanges if "/rest/" in exchange.head]
    assert query == f"/rest/v1/user_profile?select=id%2Cdisplay_name&id=eq.{USER['id']}"
