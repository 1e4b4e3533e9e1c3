"""Attacks on flows, by RFC 9700: each gets its documented answer, and nobody is signed in by it."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from local.keys import Keys
from service.security.flow import Flows, Intent
from service.security.signing import Signing
from tests.support import flows
from tests.support.browser import Browser, cookies_set
from tests.support.service import ServiceProcess, free_port
from tests.support.upstream.base import Upstream, address
from tests.support.upstream.fixtures import Serve
from tests.support.upstream.recorded import RecordedUpstream

pytestmark = pytest.mark.upstreams("recorded", "real")

INVALID = (400, "auth_flow_invalid")


@pytest.fixture
def eve(served: ServiceProcess) -> Browser:
    """Another browser at the same service."""
    browser = Browser(served.url)
    browser.fetch_csrf_token()
    return browser


def assert_refused(response: httpx.Response, answer: tuple[int, str], browser: Browser) -> None:
    """The answer is this one, and nobody is signed in in the browser."""
    assert flows.told(response) == answer, response.text
    assert cookies_set(response) == []
    assert browser.refresh_token is None
    assert browser.refresh().json()["code"] == "auth_refresh_missing"


def cookie_of(browser: Browser) -> str:
    """The browser's id."""
    [value] = [cookie.value for cookie in browser.http.cookies.jar if "csrf" in cookie.name and cookie.value]
    return value


def made(secret: str, browser: Browser, intent: Intent, **more: str) -> str:
    """A flow as somebody makes it who has this secret."""
    value = Flows(Signing([secret])).begin(cookie_of(browser), intent, **more).value
    assert value is not None
    return value


# --- Whose flow it is --------------------------------------------------------------------------------------------------------


def test_a_victim_is_not_signed_in_as_the_attacker(upstream: Upstream, visitor: Browser, eve: Browser) -> None:
    """Login CSRF (RFC 9700 section 4.7): Eve's page makes the victim's browser complete what Eve began."""
    back = flows.go(upstream, flows.start(eve), address("eve"))
    visitor.fetch_csrf_token()
    assert_refused(flows.complete(visitor, back.completion), INVALID, visitor)
    assert flows.complete(eve, back.completion).status_code == 200, "and Eve's flow is still hers"


def test_a_victim_who_is_signed_in_stays_who_it_is(upstream: Upstream, visitor: Browser, eve: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    visitor.fetch_csrf_token()
    back = flows.go(upstream, flows.start(eve), address("eve"))
    assert flows.told(flows.complete(visitor, back.completion)) == INVALID
    assert visitor.refresh().json()["user"]["id"] == ada.id


def test_a_code_that_leaked_is_worth_nothing_in_another_browser(upstream: Upstream, visitor: Browser, eve: Browser) -> None:
    """From a Referer, a history or a log (RFC 9700 section 4.2): with the flow, or with a flow of the thief's own."""
    back = flows.go(upstream, flows.start(visitor), address("gh"))
    assert_refused(flows.complete(eve, back.completion), INVALID, eve)
    own = flows.start(eve).json()["flow"]
    assert_refused(flows.complete(eve, {"flow": own, "code": back.query["code"]}), INVALID, eve)


def test_a_code_injected_into_the_victims_own_flow_is_refused(upstream: Upstream, visitor: Browser, eve: Browser) -> None:
    """RFC 9700 section 4.5: the victim has a flow under way, and the attacker puts a code of the attacker's into it."""
    code = flows.go(upstream, flows.start(eve), address("eve")).query["code"]
    flow = flows.start(visitor).json()["flow"]
    assert_refused(flows.complete(visitor, {"flow": flow, "code": code}), INVALID, visitor)


def test_the_codes_of_two_flows_of_one_browser_cannot_be_mixed_up(upstream: Upstream, visitor: Browser) -> None:
    """RFC 9700 section 4.4."""
    one = flows.go(upstream, flows.start(visitor), address("one"))
    other = flows.go(upstream, flows.start(visitor), address("other"))
    mixed = {"flow": one.query["flow"], "code": other.query["code"]}
    assert_refused(flows.complete(visitor, mixed), INVALID, visitor)
    assert flows.complete(visitor, other.completion).status_code == 200


def test_a_planted_cookie_that_is_no_id_binds_nothing(visitor: Browser) -> None:
    visitor.http.cookies.set("latchkey_csrf", "x", domain="127.0.0.1")
    response = visitor.post("/auth/oauth/start", {"provider": "github"})
    assert flows.told(response) == (403, "csrf_failed")


def test_without_the_cookie_nothing_begins_also_with_the_token_of_development(visitor: Browser) -> None:
    for path, body in (("oauth", {"provider": "github"}), ("sso", {"domain": "example.com"})):
        response = visitor.post(f"/auth/{path}/start", body)
        assert flows.told(response) == (403, "csrf_failed")
        assert response.json()["details"] == {"reason": "cookie_missing"}


def test_without_the_cookie_nothing_is_finished(upstream: Upstream, served: ServiceProcess, visitor: Browser) -> None:
    back = flows.go(upstream, flows.start(visitor), address("gh"))
    bare = Browser(served.url)
    assert_refused(flows.complete(bare, back.completion), INVALID, bare)


def test_another_sites_page_begins_and_finishes_nothing(upstream: Upstream, visitor: Browser) -> None:
    back = flows.go(upstream, flows.start(visitor), address("gh"))
    for path, body in (("start", {"provider": "github"}), ("complete", back.completion)):
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            response = visitor.post(f"/auth/oauth/{path}", body, headers=headers)
            assert flows.told(response) == (403, "csrf_failed")
    assert visitor.refresh_token is None


# --- What it is for ----------------------------------------------------------------------------------------------------------


def test_a_flow_that_signs_in_does_not_finish_a_linking(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    signing_in = flows.start(visitor).json()["flow"]
    linking = flows.go(upstream, flows.start(visitor, intent="link"), address("gh"))
    assert flows.told(flows.complete(visitor, {**linking.completion, "flow": signing_in})) == INVALID
    assert flows.complete(visitor, linking.completion).status_code == 200


def test_a_flow_that_links_does_not_finish_a_sign_in(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    linking = flows.start(visitor, intent="link").json()["flow"]
    signing_in = flows.go(upstream, flows.start(visitor), address("gh"))
    assert flows.told(flows.complete(visitor, {**signing_in.completion, "flow": linking})) == INVALID
    assert visitor.refresh().json()["user"]["id"] == ada.id


def test_a_linking_is_not_finished_by_who_came_after(upstream: Upstream, visitor: Browser) -> None:
    ada, grace = upstream.person(), upstream.person()
    visitor.sign_in(ada.email, ada.password)
    back = flows.go(upstream, flows.start(visitor, intent="link"), address("gh"))
    visitor.sign_in(grace.email, grace.password)
    response = flows.complete(visitor, back.completion)
    assert flows.told(response) == (409, "auth_session_conflict")
    assert cookies_set(response) == []
    assert visitor.refresh().json()["user"]["id"] == grace.id


def test_a_linking_does_not_sign_in_again_who_signed_out_meanwhile(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    back = flows.go(upstream, flows.start(visitor, intent="link"), address("gh"))
    visitor.logout()
    assert_refused(flows.complete(visitor, back.completion), (409, "auth_session_conflict"), visitor)


def test_a_linking_needs_the_cookie_that_says_whose_session_it_is(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    back = flows.go(upstream, flows.start(visitor, intent="link"), address("gh"))
    visitor.http.cookies.delete("latchkey_session")
    assert flows.told(flows.complete(visitor, back.completion)) == (409, "auth_session_conflict")
    assert flows.told(flows.start(visitor, intent="link")) == (409, "auth_session_conflict")


def test_a_link_url_that_is_passed_on_signs_nobody_else_in(upstream: Upstream, visitor: Browser, eve: Browser) -> None:
    """Supabase links whoever consents there; but nobody gets a session from it, in the one browser or the other."""
    attacker = upstream.person()
    eve.sign_in(attacker.email, attacker.password)
    back = flows.go(upstream, flows.start(eve, intent="link"), address("victim"))
    visitor.fetch_csrf_token()
    assert_refused(flows.complete(visitor, back.completion), INVALID, visitor)


def test_with_somebody_elses_token_no_linking_begins(upstream: Upstream, visitor: Browser, eve: Browser) -> None:
    """A stolen access token, in the thief's browser: where nobody is signed in, and where the thief is."""
    ada, attacker = upstream.person(), upstream.person()
    visitor.sign_in(ada.email, ada.password)
    for signs_in in (False, True):
        if signs_in:
            eve.sign_in(attacker.email, attacker.password)
        eve.access_token = visitor.access_token
        response = flows.start(eve, intent="link")
        assert flows.told(response) == (409, "auth_session_conflict")
        assert cookies_set(response) == []
    assert eve.refresh().json()["user"]["id"] == attacker.id


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Bearer eyJhbGciOiJub25lIn0.e30.", "Basic YTpi"])
def test_a_linking_begins_with_a_token_that_is_good(visitor: Browser, token: str) -> None:
    visitor.fetch_csrf_token()
    headers = {"Authorization": token} if token else {}
    response = visitor.post("/auth/oauth/start", {"provider": "github", "intent": "link"}, headers=headers)
    assert flows.told(response) == (401, "unauthorized")


# --- When, and how often -----------------------------------------------------------------------------------------------------


def test_a_code_is_good_once(upstream: Upstream, visitor: Browser) -> None:
    back = flows.go(upstream, flows.start(visitor), address("gh"))
    assert flows.complete(visitor, back.completion).status_code == 200
    assert flows.told(flows.complete(visitor, back.completion)) == INVALID
    assert visitor.refresh().status_code == 200, "who was signed in by it stays so"


def test_a_flow_is_good_for_ten_minutes(upstream: Upstream, visitor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.fetch_csrf_token()
    earlier = time.time() - 601
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: earlier)
        flow = made(upstream.keys.csrf_secret, visitor, Intent.sign_in)
    for outcome in ({"code": "c"}, {"error": "access_denied"}):
        assert_refused(flows.complete(visitor, {"flow": flow, **outcome}), (410, "auth_flow_expired"), visitor)


def test_a_code_that_nobody_issued_is_refused(visitor: Browser) -> None:
    flow = flows.start(visitor).json()["flow"]
    for code in (secrets.token_hex(16), "00000000-0000-4000-8000-000000000000", "%00", "' or 1=1 --".replace(" ", "+")):
        assert_refused(flows.complete(visitor, {"flow": flow, "code": code}), INVALID, visitor)


@pytest.mark.upstreams("recorded")
def test_a_code_of_another_project_is_refused(upstream: Upstream, visitor: Browser, keys: Keys) -> None:
    flow = flows.start(visitor)
    with RecordedUpstream(keys) as other:
        other.next_at_provider(address("gh"))
        elsewhere = flow.json()["url"].replace(upstream.url, other.url)
        code = flows.returned(other.consent(elsewhere)).query["code"]
    assert_refused(flows.complete(visitor, {"flow": flow.json()["flow"], "code": code}), INVALID, visitor)


# --- What was changed --------------------------------------------------------------------------------------------------------


def forged(flow: str) -> Iterator[str]:
    """The flow with every part changed."""
    data, _, rest = flow.partition("~")
    yield flow[:-1]
    yield flow + "A"
    yield flow.swapcase()
    yield data
    yield "~".join((data, *rest.split("~")[:1], ""))
    text = base64.urlsafe_b64decode(data + "=" * (-len(data) % 4)).decode()
    for other in (text.replace("sign_in", "recovery"), text.replace("/notes", "/admin"), text.replace("sign_in", "link")):
        assert other != text
        yield f"{base64.urlsafe_b64encode(other.encode()).decode().rstrip('=')}~{rest}"
    yield "."
    yield "null"
    yield "eyJhbGciOiJub25lIn0.e30."


def test_a_flow_that_was_changed_is_none(upstream: Upstream, visitor: Browser) -> None:
    back = flows.go(upstream, flows.start(visitor, returnTo="/notes"), address("gh"))
    for flow in forged(back.query["flow"]):
        assert_refused(flows.complete(visitor, {**back.completion, "flow": flow}), INVALID, visitor)
    assert flows.complete(visitor, back.completion).json()["returnTo"] == "/notes"


def test_a_flow_of_another_service_is_none(upstream: Upstream, visitor: Browser) -> None:
    back = flows.go(upstream, flows.start(visitor), address("gh"))
    theirs = made(secrets.token_hex(32), visitor, Intent.sign_in)
    assert_refused(flows.complete(visitor, {**back.completion, "flow": theirs}), INVALID, visitor)


def test_a_csrf_token_and_the_sessions_mark_are_no_flows(upstream: Upstream, visitor: Browser) -> None:
    """One secret signs them all, each with a salt of its own."""
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    token = visitor.fetch_csrf_token()
    mark = visitor.http.cookies["latchkey_session"]
    for value in (token, mark, token.replace(".", "~"), mark.replace(".", "~")):
        assert flows.told(flows.complete(visitor, {"flow": value, "code": "c"})) == INVALID


@pytest.mark.parametrize("value", [None, 1, [], {}, "", "a b", "é", "a" * 4097])
def test_what_cannot_be_a_flow_or_a_code_is_refused_at_the_door(visitor: Browser, value: Any) -> None:
    visitor.fetch_csrf_token()
    for body in ({"flow": value, "code": "c"}, {"flow": "f", "code": value}):
        response = visitor.post("/auth/oauth/complete", body)
        assert flows.told(response) == (400, "invalid_request")


# --- Where it leads ----------------------------------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example", "http:evil.example", "javascript:alert(1)", "data:text/html,x", "evil.example", "", "notes",
    "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example",
    "/\r\n/evil.example", "\t//evil.example", " //evil.example", "/\0/evil.example", "@evil.example", ".evil.example",
    ":80@evil.example", "/%2Fevil.example", "/%2f%2fevil.example", "/%5Cevil.example", "/%5c%5cevil.example",
    "/%09/evil.example", "/%0A/evil.example", "/%0d%0aLocation:evil", "/%00/evil.example", "/%20/evil.example",
    "/%252Fevil.example", "/%25252fevil.example", "/./%2Fevil.example", "/.//evil.example", "/..//evil.example",
    "/%2e//evil.example", "/%2E%2e/%2fevil.example", "/a/..//evil.example", "/a/%2e%2e/%2e%2e//evil.example",
    "/\u2215evil.example", "/\uff0fevil.example", "/%ff%fe", "/é", "/a" * 1025,
]  # fmt: skip


@pytest.mark.parametrize("path", ELSEWHERE)
def test_no_trick_makes_the_way_back_another_host(visitor: Browser, path: str) -> None:
    response = flows.start(visitor, returnTo=path)
    assert flows.told(response) == (400, "invalid_request")
    assert {error["path"] for error in response.json()["details"]["errors"]} == {"/returnTo"}


@pytest.mark.parametrize("path", ["/", "/notes", "/a/b?x=//y&z=%2F%2Fq#//top", "/a//b", "/caf%C3%A9", "/@me", "/a%20b"])
def test_a_path_of_the_front_end_is_kept_as_it_is(upstream: Upstream, visitor: Browser, path: str) -> None:
    assert flows.sign_in(upstream, visitor, returnTo=path).json()["returnTo"] == path


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example"},
        {"Referer": "https://evil.example/"},
        {"X-Forwarded-Proto": "gopher", "X-Original-URL": "https://evil.example/"},
    ],
)
def test_no_header_says_where_a_flow_leads_back_to(visitor: Browser, headers: dict[str, str]) -> None:
    visitor.fetch_csrf_token()
    url = visitor.post("/auth/oauth/start", {"provider": "github"}, headers=headers).json()["url"]
    [back] = parse_qs(urlsplit(url).query)["redirect_to"]
    assert back.startswith(f"{flows.PAGE}?flow=")


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "github&redirect_to=https://evil.example"},
        {"provider": "github", "redirectTo": "https://evil.example"},
        {"provider": "github", "redirect_to": "https://evil.example"},
        {"provider": "../../user"},
        {"provider": "github", "scopes": "a\nb"},
    ],
)
def test_nothing_is_smuggled_into_the_url(visitor: Browser, body: dict[str, str]) -> None:
    visitor.fetch_csrf_token()
    assert flows.told(visitor.post("/auth/oauth/start", body)) == (400, "invalid_request")


def test_scopes_stay_scopes(visitor: Browser) -> None:
    scopes = "a&redirect_to=https://evil.example&provider=google#x"
    query = parse_qs(urlsplit(flows.start(visitor, scopes=scopes).json()["url"]).query)
    assert query["scopes"] == [scopes]
    assert query["provider"] == ["github"]
    assert len(query["redirect_to"]) == 1


@pytest.mark.thorough
@pytest.mark.upstreams("recorded")
def test_a_flow_leads_back_to_the_front_end_that_the_service_knows(upstream: Upstream, serve: Serve) -> None:
    other = serve(upstream, {"FRONTEND_URL": "http://localhost:5173/app", "PORT": str(free_port())})
    url = flows.start(Browser(other.url)).json()["url"]
    [back] = parse_qs(urlsplit(url).query)["redirect_to"]
    assert back.startswith("http://localhost:5173/app/account/return?flow=")
