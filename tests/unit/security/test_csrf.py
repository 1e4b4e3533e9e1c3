"""CSRF tokens, where clocks and cookies are not as they should be."""

from __future__ import annotations

import hashlib
import time

import pytest
from itsdangerous import TimestampSigner

from service.security.csrf import CsrfTokens
from service.security.signing import Signing

SECRET, BROWSER = "0123456789abcdef0123456789abcdef", "b" * 43
TOKENS = CsrfTokens(Signing([SECRET]), ttl=60, leeway=10)


def token(*, age: int) -> str:
    class Signer(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) - age

    binding = hashlib.sha256(BROWSER.encode()).hexdigest()
    return Signer(SECRET, salt="latchkey.csrf", key_derivation="hmac", digest_method=hashlib.sha256).sign(binding).decode()


@pytest.mark.parametrize(
    ("age", "refusal"), [(0, None), (58, None), (63, "expired"), (-1, None), (-8, None), (-13, "expired"), (-3_600, "expired")]
)
def test_the_clock_of_another_replica_may_be_ahead_by_the_leeway(age: int, refusal: str | None) -> None:
    assert TOKENS.refusal(token(age=age), BROWSER) == refusal


def test_a_token_without_its_cookie_says_so() -> None:
    assert TOKENS.refusal(TOKENS.issue(BROWSER), None) == "cookie_missing"
    assert TOKENS.refusal(TOKENS.issue(BROWSER), "c" * 43) == "invalid"
    assert TOKENS.refusal("no token", None) == "invalid"
    assert TOKENS.refusal(token(age=100), None) == "expired"
