"""A project that asks for a captcha."""

from __future__ import annotations

from tests.recorded.scenarios.scene import Scene, scenario
from tests.support.upstream.base import PASSWORD


@scenario(SECURITY_CAPTCHA_ENABLED="true")
def captcha(s: Scene) -> None:
    """Without a captcha token, with a bad one, with the secret key and none; on every path that asks for one."""
    ada = s.person()
    credentials = {"email": ada.email, "password": PASSWORD}
    path = "/token?grant_type=password"
    s.call("POST", path, credentials)
    s.note("a bad captcha token")
    s.call("POST", path, {**credentials, "gotrue_meta_security": {"captcha_token": "bad"}})
    s.note("the secret key, and none")
    opened = s.call("POST", path, credentials, key=s.upstream.keys.secret_key)
    s.note("a refresh needs none")
    s.refresh(opened.json["refresh_token"])
    s.call("POST", "/signup", {"email": s.address("bob"), "password": PASSWORD})
    s.call("POST", "/recover", {"email": ada.email})
    s.call("POST", "/otp", {"email": ada.email})
    s.call("POST", "/resend", {"type": "signup", "email": ada.email})
    s.note("verify needs none")
    s.call("POST", "/verify", {"type": "email", "email": ada.email, "token": "000000"})


@scenario(SECURITY_CAPTCHA_ENABLED="true")
def captcha_passed(s: Scene) -> None:
    """With a captcha token that the provider takes: "pass", as a provider of one's own or a test key has it."""
    ada = s.person()
    answer = s.call(
        "POST",
        "/token?grant_type=password",
        {"email": ada.email, "password": PASSWORD, "gotrue_meta_security": {"captcha_token": "pass"}},
    )
    assert answer.status == 200, "the provider does not take `pass`"
