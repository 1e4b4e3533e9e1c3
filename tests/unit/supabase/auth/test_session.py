"""What opens, continues and ends a session, as it arrives."""

from __future__ import annotations

import pytest

from service.supabase.auth.session import Scope
from tests.support.fixed_answers import SESSION, USER
from tests.unit.supabase.auth.asking import EMAIL, PASSWORD, headers_of
from tests.unit.supabase.auth.conftest import Asked


async def test_tokens_stay_out_of_reprs(asked: Asked) -> None:
    tokens = await asked.session.sign_in(EMAIL, PASSWORD)
    assert (tokens.access_token, tokens.user_id) == (SESSION["access_token"], USER["id"])
    assert tokens.access_token not in repr(tokens)
    assert tokens.refresh_token not in repr(tokens)


@pytest.mark.parametrize("scope", ["local", "others", "global"])
async def test_signing_out_ends_what_is_asked_for(asked: Asked, scope: Scope) -> None:
    await asked.session.sign_out("access.token.value", client_address=None, scope=scope)
    [exchange] = asked.server.exchanges
    assert exchange.head.split()[:2] == ["POST", f"/auth/v1/logout?scope={scope}"]
    assert headers_of(exchange)["authorization"] == "Bearer access.token.value"


async def test_signing_out_ends_this_session_only_where_nothing_else_is_said(asked: Asked) -> None:
    await asked.session.sign_out("access.token.value", client_address=None)
    assert "scope=local " in asked.server.exchanges[0].head
