"""Logs hold nothing secret, at DEBUG and in tracebacks. Leaving any service in the tests checks its whole log, too."""

from tests.support import leaks
from tests.support.browser import Browser, new_email
from tests.support.service import ServiceProcess


def test_a_whole_session_leaves_no_secret_in_the_log(service: ServiceProcess) -> None:
    browser, email = Browser(service.url), new_email()
    token = browser.fetch_csrf_token()
    browser.sign_up(email, display_name="Ada")
    browser.sign_in(email, "a wrong password that nobody may read")
    browser.sign_in(email)
    browser.me()
    browser.refresh()
    browser.post("/auth/signin", content=b'{"password": "a wrong password that nobody may read"')
    browser.me("not.a.token")
    browser.logout()

    log = service.log
    assert '"operation": "signIn"' in log
    assert leaks.kinds_found(log) == []
    assert token not in log
    assert email not in log
    assert str(browser.access_token) not in log
    assert "Authorization" not in log


def test_the_search_for_secrets_finds_them() -> None:
    leaks.remember("planted", "a-secret-that-was-planted")
    assert leaks.kinds_found("before a-secret-that-was-planted after") == ["planted"]
    assert leaks.kinds_found("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig") == ["JWT"]
    assert leaks.kinds_found("nothing here") == []
