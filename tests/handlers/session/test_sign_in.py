"""POST /auth/signin: a token in the body, the session in the cookie, and no word about who exists."""

from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support.browser import PASSWORD, Browser, cookies_set, new_email
from tests.support.certificates import CertificateAuthority
from tests.support.faulty_proxy import FaultyProxy
from tests.support.service import ServiceProcess, development_env, free_port


def attributes(response: httpx.Response) -> dict[str, dict[str, str]]:
    """Those of each cookie that a response sets."""
    morsels = [morsel for line in response.headers.get_list("set-cookie") for morsel in SimpleCookie(line).values()]
    return {morsel.key: {name: str(value) for name, value in morsel.items() if value} for morsel in morsels}


def test_sign_in_answers_the_token_its_lifetime_and_the_user(browser: Browser) -> None:
    email = new_email()
    user = browser.sign_up(email).json()["user"]
    body = browser.sign_in(email).json()
    assert body.keys() == {"accessToken", "expiresIn", "user", "aal", "mfa", "next"}
    assert body["accessToken"].count(".") == 2
    assert body["expiresIn"] == 3600
    assert body["user"] == user
    assert (body["aal"], body["mfa"], body["next"]) == ("aal1", {"required": False, "factors": []}, None)


def test_both_cookies_are_out_of_reach_of_scripts_and_other_sites(browser: Browser) -> None:
    email = new_email()
    browser.sign_up(email)
    cookie = {"httponly": "True", "samesite": "Lax", "path": "/", "max-age": "2592000"}
    assert attributes(browser.sign_in(email)) == {"sb_refresh_token": cookie, "latchkey_session": cookie}


@pytest.mark.thorough
def test_in_production_both_cookies_are_secure_and_have_the_host_prefix(
    tmp_path: Path, supabase: LocalSupabase, keys: Keys
) -> None:
    authority = CertificateAuthority(tmp_path / "authority")
    production = {
        "APP_ENV": "production",
        "CSRF_STATIC_TOKEN": None,
        "FRONTEND_URL": "https://app.example.com",
        "SSL_CERT_FILE": str(authority.path),
        "DRAIN_DELAY": "0",
    }
    with FaultyProxy(supabase.url, authority.server()) as tls:
        settings = development_env(f"https://localhost:{tls.port}", keys, free_port()) | production
        with ServiceProcess(settings, tmp_path / "service" / "service.log") as service:
            browser = Browser(service.url)
            browser.fetch_csrf_token()
            # By hand, since no browser sends it where there is no TLS.
            ((name, value),) = browser.http.cookies.items()
            signed_up = browser.post(
                "/auth/signup", {"email": new_email(), "password": PASSWORD}, headers={"Cookie": f"{name}={value}"}
            )
    assert signed_up.status_code == 200
    cookie = {"httponly": "True", "samesite": "Lax", "secure": "True", "path": "/", "max-age": "2592000"}
    assert attributes(signed_up) == {"__Host-sb_refresh_token": cookie, "__Host-latchkey_session": cookie}


def test_wrong_password_and_unknown_user_are_answered_alike(browser: Browser) -> None:
    email = new_email()
    browser.sign_up(email)
    wrong_password = browser.sign_in(email, "not the password")
    unknown_user = browser.sign_in(new_email())
    expected = {"code": "auth_invalid_credentials", "message": "Invalid email or password", "details": {}}
    assert (wrong_password.status_code, wrong_password.json()) == (401, expected)
    assert (unknown_user.status_code, unknown_user.json()) == (401, expected)
    assert wrong_password.content == unknown_user.content
    changing = {"date", "x-request-id", "ratelimit"}
    assert {name: value for name, value in wrong_password.headers.items() if name not in changing} == {
        name: value for name, value in unknown_user.headers.items() if name not in changing
    }


def test_the_address_may_be_written_in_another_case(browser: Browser) -> None:
    email = new_email()
    browser.sign_up(email)
    assert browser.sign_in(email.upper()).json()["user"]["email"] == email


def test_a_failed_sign_in_leaves_the_session_of_the_browser_alone(signed_in: Browser) -> None:
    before = signed_in.refresh_token
    response = signed_in.sign_in(new_email())
    assert response.status_code == 401
    assert cookies_set(response) == []
    assert signed_in.refresh_token == before
    assert signed_in.refresh().status_code == 200
