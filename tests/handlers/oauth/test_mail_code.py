"""The link of a mail whose template was left as it is: it leads to a code, and the page completes that as any other."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from service.security.flow import Flows, Intent
from service.security.signing import Signing
from tests.support import flows
from tests.support.browser import Browser, cookies_set
from tests.support.upstream.base import SITE, Upstream, address

pytestmark = pytest.mark.upstreams("recorded")


def begin(upstream: Upstream, browser: Browser, intent: Intent, email: str) -> tuple[str, str]:
    """A flow of this browser, as the operations that send mails begin it, and its challenge."""
    browser.fetch_csrf_token()
    [browser_id] = [cookie.value for cookie in browser.http.cookies.jar if "csrf" in cookie.name]
    begun = Flows(Signing([upstream.keys.csrf_secret])).begin(browser_id, intent, subject=email)
    assert begun.value is not None
    return begun.value, begun.code_challenge


def follow(upstream: Upstream, email: str, kind: str, flow: str) -> flows.Return:
    """Click the link that Supabase itself puts into the newest mail."""
    query = {"token": upstream.mail(email).token_hash, "type": kind, "redirect_to": f"{SITE}/account/confirm?flow={flow}"}
    return flows.returned(upstream.wire.follow(f"{upstream.url}/auth/v1/verify?{urlencode(query)}").location)


def asked_by_mail(upstream: Upstream, browser: Browser, path: str, intent: Intent, email: str) -> str:
    """Have the mail sent; the flow."""
    flow, challenge = begin(upstream, browser, intent, email)
    target = f"{path}?{urlencode({'redirect_to': f'{SITE}/account/confirm?flow={flow}'})}"
    body = {"email": email, "code_challenge": challenge, "code_challenge_method": "s256"}
    assert upstream.wire.call("POST", target, body).status == 200
    return flow


@pytest.mark.parametrize(
    ("path", "kind", "intent", "next_step"),
    [("/recover", "recovery", Intent.recovery, "set_password"), ("/otp", "magiclink", Intent.otp, None)],
)
def test_the_code_of_a_mail_opens_a_session_and_says_what_it_is_for(
    upstream: Upstream, visitor: Browser, path: str, kind: str, intent: Intent, next_step: str | None
) -> None:
    ada = upstream.person()
    flow = asked_by_mail(upstream, visitor, path, intent, ada.email)
    back = follow(upstream, ada.email, kind, flow)
    assert (back.page, back.query["flow"]) == (f"{SITE}/account/confirm", flow)
    completed = flows.complete(visitor, back.completion)
    assert completed.status_code == 200, completed.text
    assert (completed.json()["user"]["email"], completed.json()["next"]) == (ada.email, next_step)


def test_five_minutes_later_it_is_too_old(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    flow = asked_by_mail(upstream, visitor, "/recover", Intent.recovery, ada.email)
    back = follow(upstream, ada.email, "recovery", flow)
    upstream.age("flow", ada.email, 301)
    response = flows.complete(visitor, back.completion)
    assert (response.status_code, response.json()["code"]) == (410, "auth_flow_expired")


def test_in_another_browser_it_opens_nothing(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    flow = asked_by_mail(upstream, visitor, "/recover", Intent.recovery, ada.email)
    back = follow(upstream, ada.email, "recovery", flow)
    other = Browser(str(visitor.http.base_url))
    other.fetch_csrf_token()
    response = flows.complete(other, back.completion)
    assert (response.status_code, response.json()["code"]) == (400, "auth_flow_invalid")
    assert cookies_set(response) == []
    assert flows.complete(visitor, back.completion).status_code == 200, "and it is not used up by that"


def test_a_link_that_a_mail_scanner_used_up_says_so(upstream: Upstream, visitor: Browser) -> None:
    email = address()
    flow, _ = begin(upstream, visitor, Intent.sign_up, email)
    response = flows.complete(visitor, {"flow": flow, "error": "access_denied", "errorCode": "otp_expired"})
    assert (response.status_code, response.json()["code"]) == (410, "auth_flow_expired")
