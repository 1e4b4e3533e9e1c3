"""Limits by address: thirty requests at once, then a few an hour."""

from __future__ import annotations

from collections.abc import Callable

from tests.recorded.scenarios.scene import Scene, scenario
from tests.support.upstream.wire import Answer

TOO_MANY = 429


@scenario(RATE_LIMIT_TOKEN_REFRESH="2", RATE_LIMIT_VERIFY="2", RATE_LIMIT_OTP="2", RATE_LIMIT_HEADER="X-Forwarded-For")
def request_limit(s: Scene) -> None:
    """Refreshes, verifications and mails of one address until one is too many; then from another address."""
    here, elsewhere = {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "203.0.113.10"}
    nobody = s.address("nobody")
    asked: tuple[Callable[[dict[str, str]], Answer], ...] = (
        lambda headers: s.refresh("aaaaaaaaaaaa", headers=headers),
        lambda headers: s.call("POST", "/verify", {"type": "email", "email": nobody, "token": "000000"}, headers=headers),
        lambda headers: s.call("POST", "/recover", {"email": nobody}, headers=headers),
    )
    for ask in asked:
        for _ in range(40):
            kept = len(s.exchanges)
            if ask(here).status == TOO_MANY:
                break
            del s.exchanges[kept:]
        s.note("from another address")
        ask(elsewhere)
