"""What a front end asks for, and which of Supabase's endpoints that takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from tests.support.browser import PASSWORD, Browser, new_email


@dataclass(frozen=True)
class Operation:
    """`perform` does it with a browser that is signed in; `upstream` is the endpoint of Supabase that the fault strikes."""

    name: str
    upstream: str
    perform: Callable[[Browser], httpx.Response]

    def __str__(self) -> str:
        return self.name


def _sign_in(browser: Browser) -> httpx.Response:
    assert browser.email is not None
    return browser.sign_in(browser.email, PASSWORD)


SIGN_UP = Operation("sign-up", "/auth/v1/signup", lambda browser: browser.sign_up(new_email()))
SIGN_IN = Operation("sign-in", "/auth/v1/token", _sign_in)
REFRESH = Operation("refresh", "/auth/v1/token", Browser.refresh)
ME = Operation("me", "/auth/v1/user", Browser.me)
ME_PROFILE = Operation("me-profile", "/rest/v1/user_profile", Browser.me)

# Those that tell the caller what went wrong. Logout does not: it answers 200 whatever Supabase does.
OPERATIONS = (SIGN_UP, SIGN_IN, REFRESH, ME, ME_PROFILE)
