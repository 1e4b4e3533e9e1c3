"""A user's ways to sign in, as Supabase answers them, and what it says when one cannot be taken away."""

from __future__ import annotations

import json

import pytest

from service.error_codes import ErrorCode
from service.errors import ApiError
from tests.support.fixed_answers import USER
from tests.support.raw_server import Exchange, response
from tests.unit.supabase.auth.asking import ADA
from tests.unit.supabase.auth.conftest import Asked

IDENTITY = "3d1f2a70-95c4-4d0e-8b1c-7f64a2c5e913"
GITHUB = {
    "id": "12345",
    "identity_id": IDENTITY.upper(),
    "user_id": USER["id"],
    "identity_data": {"email": "octo@example.com", "sub": "12345"},
    "provider": "github",
    "created_at": "2026-11-02T09:30:00Z",
    "last_sign_in_at": None,
}


def answers(asked: Asked, body: object, status: str = "200 OK") -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(response(json.dumps(body).encode(), status=status))

    asked.server.answer = answer


async def test_an_identity_is_told_with_what_is_known_of_it(asked: Asked) -> None:
    answers(asked, {**USER, "identities": [GITHUB, {**GITHUB, "identity_data": {"email": 7}}]})
    known, unknown = await asked.identities.of(ADA)
    assert (known.id, known.provider, known.email, known.last_sign_in_at) == (IDENTITY, "github", "octo@example.com", None)
    assert unknown.email is None


async def test_who_has_none_gets_an_empty_list(asked: Asked) -> None:
    answers(asked, {**USER, "identities": None})
    assert await asked.identities.of(ADA) == ()


@pytest.mark.parametrize(
    "user",
    [
        {**USER, "id": "7d3f1c52-0b9e-4f6a-8a51-2c9e4b7d6f10"},
        {**USER, "identities": [{**GITHUB, "user_id": "7d3f1c52-0b9e-4f6a-8a51-2c9e4b7d6f10"}]},
        {**USER, "identities": [{**GITHUB, "identity_id": "no id"}]},
    ],
)
async def test_somebody_elses_are_never_told(asked: Asked, user: object) -> None:
    answers(asked, user)
    with pytest.raises(ApiError) as refused:
        await asked.identities.of(ADA)
    assert refused.value.code is ErrorCode.upstream_error


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("manual_linking_disabled", "404 Not Found", ErrorCode.auth_linking_disabled),
        ("identity_not_found", "422 Unprocessable Entity", ErrorCode.not_found),
        ("validation_failed", "404 Not Found", ErrorCode.not_found),
        ("single_identity_not_deletable", "422 Unprocessable Entity", ErrorCode.auth_last_identity),
        ("email_conflict_identity_not_deletable", "422 Unprocessable Entity", ErrorCode.auth_identity_conflict),
        ("session_not_found", "403 Forbidden", ErrorCode.unauthorized),
        ("user_banned", "403 Forbidden", ErrorCode.auth_user_banned),
    ],
)
async def test_why_one_stays(asked: Asked, code: str, status: str, meaning: ErrorCode) -> None:
    answers(asked, {"code": code, "message": "no"}, status)
    with pytest.raises(ApiError) as refused:
        await asked.identities.unlink(ADA, IDENTITY)
    assert refused.value.code is meaning
    assert asked.server.exchanges[0].head.split()[:2] == ["DELETE", f"/auth/v1/user/identities/{IDENTITY}"]
