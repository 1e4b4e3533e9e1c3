"""The course unit's own list, as one test."""

from tests.support.browser import Browser, new_email


def test_sign_up_sign_in_me_reload_refresh_me_logout_refresh_refused(browser: Browser) -> None:
    browser.fetch_csrf_token()
    email = new_email()

    signed_up = browser.sign_up(email, display_name="Ada Lovelace")
    assert signed_up.status_code == 200, signed_up.text
    user_id = signed_up.json()["user"]["id"]
    assert signed_up.json() == {"user": {"id": user_id, "email": email}, "confirmationRequired": False}

    signed_in = browser.sign_in(email)
    assert signed_in.status_code == 200, signed_in.text
    assert signed_in.json()["user"] == {"id": user_id, "email": email}
    assert signed_in.json()["expiresIn"] == 3600

    me = {"user": {"id": user_id, "email": email, "profile": {"displayName": "Ada Lovelace"}}}
    assert browser.me().json() == me

    browser.reload()
    assert browser.me().status_code == 401
    assert browser.refresh().status_code == 200
    assert browser.me().json() == me

    assert browser.logout().json() == {"ok": True}
    assert browser.refresh_token is None
    assert browser.refresh().status_code == 401
