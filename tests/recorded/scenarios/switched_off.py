"""A project that has switched things off."""

from __future__ import annotations

from tests.recorded.scenarios.scene import Scene, scenario
from tests.support.upstream.base import PASSWORD


@scenario(DISABLE_SIGNUP="true")
def sign_up_disabled(s: Scene) -> None:
    """Sign-up is closed: sign-up, otp for a new address, settings."""
    s.call("POST", "/signup", {"email": s.address("ada"), "password": PASSWORD})
    s.call("POST", "/otp", {"email": s.address("bob"), "create_user": True})
    s.call("GET", "/settings")


@scenario(EXTERNAL_EMAIL_ENABLED="false")
def email_disabled(s: Scene) -> None:
    """Sign-in by e-mail is switched off: sign-up, sign-in, otp, recover."""
    ada = s.person()
    s.call("POST", "/signup", {"email": s.address("bob"), "password": PASSWORD})
    s.call("POST", "/token?grant_type=password", {"email": ada.email, "password": PASSWORD})
    s.call("POST", "/otp", {"email": ada.email})
    s.call("POST", "/recover", {"email": ada.email})


@scenario(SAML_ENABLED="false")
def sso_disabled(s: Scene) -> None:
    """POST /sso, where single sign-on is switched off."""
    s.call("POST", "/sso", {"domain": "example.com", "skip_http_redirect": True})
