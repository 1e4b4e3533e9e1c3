"""What only production asks of a token, and what cannot be sent over HTTP as it is."""

from __future__ import annotations

import time

import jwt
import pytest

from service.security.access_token import AccessTokenVerifier, InvalidTokenError

SECRET = "5d0c7f3ab94e61287f0a3c5e9b81d2647ae0f19c83b5d6e2"
ISSUER = "https://abc.supabase.co/auth/v1"


async def no_key(_: str) -> None:
    return None


def verifier(*, require_issuer: bool) -> AccessTokenVerifier:
    return AccessTokenVerifier(
        issuer=ISSUER, audience="authenticated", leeway=10, secret=SECRET, find_key=no_key, require_issuer=require_issuer
    )


def token(**claims: object) -> str:
    now = int(time.time())
    return jwt.encode({"sub": "1", "aud": "authenticated", "exp": now + 60, **claims}, SECRET, "HS256")


async def reason(value: str, *, require_issuer: bool = True) -> str | None:
    try:
        await verifier(require_issuer=require_issuer).verify(value)
    except InvalidTokenError as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("issuer", "required", "expected"),
    [
        (ISSUER, True, None),
        (ISSUER, False, None),
        (None, True, "issuer"),
        (None, False, None),  # the embedded Supabase names none
        ("https://evil.example", True, "issuer"),
        ("https://evil.example", False, "issuer"),
    ],
)
async def test_production_wants_the_issuer_and_a_wrong_one_never_passes(
    issuer: str | None, required: bool, expected: str | None
) -> None:
    claims = {} if issuer is None else {"iss": issuer}
    assert await reason(token(**claims), require_issuer=required) == expected


@pytest.mark.parametrize("value", ["", "a.b", "a.b.c\n", "a.b.c\x00", "\u00e4.b.c", "a.b.\u0663"])
async def test_what_has_not_the_shape_of_a_token_is_not_parsed(value: str) -> None:
    assert await reason(value) == "shape"


async def test_the_log_gets_a_reason_and_the_token_stays_out_of_reprs() -> None:
    passed = await verifier(require_issuer=True).verify(token(iss=ISSUER, session_id="s-1"))
    assert (passed.user_id, passed.session_id) == ("1", "s-1")
    assert passed.value not in repr(passed)


def test_pyjwt_still_has_what_the_verifier_replaces() -> None:
    assert isinstance(vars(jwt.PyJWS)["_decode_base64url_segment"], staticmethod)
    assert isinstance(vars(jwt.PyJWT())["_jws"], jwt.PyJWS)
