"""What a front end asks for, and which of Supabase's endpoints that takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from tests.support.browser import PASSWORD, Browser, new_email


@dataclass(frozen=True)
class Operation:
    """`perform` does it with a browser that is signed in; `upstream` is the endpoint of Supabase that the fault strikes.

    `success` is the status while all is well, and also the answer to the faults that are `untold`, by the names of their rows.
    """

    name: str
    upstream: str
    perform: Callable[[Browser], httpx.Response]
    success: int = 200
    untold: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.name


def _sign_in(browser: Browser) -> httpx.Response:
    assert browser.email is not None
    return browser.sign_in(browser.email, PASSWORD)


def _update_me(browser: Browser) -> httpx.Response:
    return browser.ask("PATCH", "/auth/me", {"profile": {"displayName": "Ada"}})


SIGN_UP = Operation("sign-up", "/auth/v1/signup", lambda browser: browser.sign_up(new_email()))
SIGN_IN = Operation("sign-in", "/auth/v1/token", _sign_in)
REFRESH = Operation("refresh", "/auth/v1/token", Browser.refresh)
ME = Operation("me", "/auth/v1/user", Browser.me)
ME_PROFILE = Operation("me-profile", "/rest/v1/user_profile", Browser.me)

UPDATE_ME = Operation("update-me", "/auth/v1/user", _update_me)
UPDATE_PROFILE = Operation("update-profile", "/rest/v1/user_profile", _update_me)

# A link, a code and a password that are refused while all is well: they can be tried again and again.
VERIFY_LINK = Operation(
    "verify-link",
    "/auth/v1/verify",
    lambda browser: browser.verify(type="recovery", tokenHash="pkce_0", email="nobody@example.com"),
    success=410,
)
VERIFY_CODE = Operation(
    "verify-code",
    "/auth/v1/verify",
    lambda browser: browser.verify(type="email", email="nobody@example.com", code="000000"),
    success=410,
)
SET_PASSWORD = Operation(
    "set-password",
    "/auth/v1/user",
    lambda browser: browser.ask("PUT", "/auth/password", {"newPassword": PASSWORD}),
    success=422,
)
CHANGE_EMAIL = Operation(
    "change-email", "/auth/v1/user", lambda browser: browser.ask("PUT", "/auth/email", {"email": browser.email}), success=202
)
# Its good answer is an empty object.
REAUTHENTICATE = Operation(
    "reauthenticate",
    "/auth/v1/reauthenticate",
    lambda browser: browser.ask("POST", "/auth/reauthenticate"),
    success=202,
    untold=frozenset({"200-empty-object"}),
)

# These must not tell who has an account: what Supabase Auth itself says, and how long that takes, is not handed on.
UNTOLD = frozenset(
    {"200-empty-object", "500-json", "500-session-not-found", "504-html", "504-json-without-code", "stall", "stall-in-body",
     "drip", "drip-of-the-head"}
)  # fmt: skip


def _quiet(name: str, upstream: str, path: str, **more: object) -> Operation:
    body = {"email": "nobody@example.com", **more}
    return Operation(name, upstream, lambda browser: browser.post(path, body), success=202, untold=UNTOLD)


SEND_OTP = _quiet("send-otp", "/auth/v1/otp", "/auth/otp", createUser=False)
RECOVER = _quiet("recover", "/auth/v1/recover", "/auth/password/recover")
RESEND = _quiet("resend", "/auth/v1/resend", "/auth/verify/resend", type="signup")
QUIET = (SEND_OTP, RECOVER, RESEND)

# Those that tell the caller what went wrong. Logout does not, it answers 200 whatever Supabase does; nor does the
# configuration, which is remembered for a minute, and longer while Supabase does not answer.
OPERATIONS = (
    SIGN_UP, SIGN_IN, REFRESH, ME, ME_PROFILE, UPDATE_ME, UPDATE_PROFILE, VERIFY_LINK, VERIFY_CODE, SET_PASSWORD, CHANGE_EMAIL,
    REAUTHENTICATE, *QUIET,
)  # fmt: skip
