"""Cookies that somebody else planted, changed or tore apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import StartModuleService
from tests.support import loopback, raw
from tests.support.browser import PASSWORD, Browser, cookies_set, new_email
from tests.support.project import Project, elliptic
from tests.support.service import CSRF_TOKEN, ServiceProcess

pytestmark = pytest.mark.thorough

TOKEN = [f"X-CSRF-Token: {CSRF_TOKEN}"]


def refresh(service: ServiceProcess, cookie: str | bytes) -> raw.RawResponse:
    line = b"Cookie: " + (cookie.encode() if isinstance(cookie, str) else cookie)
    [response] = raw.send(service.port, raw.request("POST", "/auth/refresh", [*TOKEN, line]))
    return response


@pytest.fixture
def attacker(service: ServiceProcess) -> str:
    """The refresh token of somebody who has an account too."""
    browser, email = Browser(service.url), new_email()
    browser.sign_up(email)
    return str(browser.refresh_token)


def test_a_session_that_was_planted_before_sign_in_is_gone_after_it(service: ServiceProcess, attacker: str) -> None:
    victim, email = Browser(service.url), new_email()
    victim.sign_up(email)
    victim.http.cookies.clear()
    response = victim.post(
        "/auth/signin", {"email": email, "password": PASSWORD}, headers={"Cookie": f"sb_refresh_token={attacker}"}
    )
    assert response.json()["user"]["email"] == email
    assert victim.refresh_token not in {None, attacker}


@pytest.mark.parametrize("order", [1, -1], ids=["planted_first", "planted_last"])
def test_a_session_that_a_sibling_domain_planted_beside_the_victim_s(
    signed_in: Browser, service: ServiceProcess, attacker: str, order: int
) -> None:
    cookies = [f"sb_refresh_token={attacker}", f"sb_refresh_token={signed_in.refresh_token}"][::order]
    response = refresh(service, "; ".join(cookies))
    assert (response.status, response.code) == (401, "auth_refresh_missing")
    assert signed_in.refresh().status_code == 200


def test_a_csrf_cookie_that_a_sibling_domain_planted_beside_the_victim_s(signed_in: Browser, service: ServiceProcess) -> None:
    signed_in.fetch_csrf_token()
    attacker = Browser(service.url)
    token = attacker.fetch_csrf_token()
    planted, own = attacker.http.cookies["latchkey_csrf"], signed_in.http.cookies["latchkey_csrf"]
    cookie = f"Cookie: latchkey_csrf={planted}; latchkey_csrf={own}; sb_refresh_token={signed_in.refresh_token}"
    [response] = raw.send(service.port, raw.request("POST", "/auth/logout", [cookie, f"X-CSRF-Token: {token}"]))
    assert (response.status, response.code) == (403, "csrf_failed")
    assert signed_in.refresh().status_code == 200


def test_a_csrf_cookie_and_token_that_were_both_planted_do_not_pass_from_a_foreign_page(service: ServiceProcess) -> None:
    attacker = Browser(service.url)
    token = attacker.fetch_csrf_token()
    headers = {"Origin": "https://blog.example.com", "Sec-Fetch-Site": "same-site", "X-CSRF-Token": token}
    response = attacker.http.post("/auth/signin", json={"email": "a@example.com", "password": "x"}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("sb_refresh_token", id="without_the_prefix"),
        pytest.param("__host-sb_refresh_token", id="prefix_in_lower_case"),
        pytest.param("__Secure-sb_refresh_token", id="weaker_prefix"),
        pytest.param("\u00a0__Host-sb_refresh_token", id="no_break_space_in_front"),
        pytest.param("__Host-sb_refresh_token\u00a0", id="no_break_space_behind"),
        pytest.param("\u0085__Host-sb_refresh_token", id="next_line_in_front"),
        pytest.param("a=b, __Host-sb_refresh_token", id="comma_in_front"),
        pytest.param("__Host-SB_REFRESH_TOKEN", id="upper_case"),
        pytest.param("$Path=/; __Host-sb_refresh_token2", id="longer_name"),
        pytest.param("=__Host-sb_refresh_token", id="nameless_cookie"),
    ],
)
def test_with_the_host_prefix_no_other_name_is_read(guarded: ServiceProcess, attacker: str, name: str) -> None:
    response = refresh(guarded, f"{name}={attacker}".encode("latin-1"))
    assert (response.status, response.code) == (401, "auth_refresh_missing")


def test_the_host_prefix_reads_the_right_name_as_the_control_of_these_attacks(guarded: ServiceProcess, attacker: str) -> None:
    assert refresh(guarded, f"__Host-sb_refresh_token={attacker}").status == 200


@pytest.fixture(scope="module")
def counted(start_module_service: StartModuleService) -> Iterator[tuple[ServiceProcess, Project]]:
    with Project(elliptic("key")) as project:
        yield start_module_service({"SUPABASE_URL": project.url}), project


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"abc def", id="space"),
        pytest.param(b'"quoted value"', id="quotes"),
        pytest.param(b'"a\\073 Path=/evil"', id="octal_semicolon"),
        pytest.param(b'"a\\015\\012Set-Cookie: evil=1"', id="octal_line_break"),
        pytest.param(b"a,b", id="comma"),
        pytest.param(b"a\\b", id="backslash"),
        pytest.param(b"<script>alert(1)</script>", id="html"),
        pytest.param(b"' OR '1'='1", id="sql"),
        pytest.param(b'{"$gt":""}', id="json"),
        pytest.param(b"%0d%0aSet-Cookie:%20evil=1", id="encoded_line_break"),
        pytest.param("t\u00f6ken".encode(), id="utf_8"),
        pytest.param(b"\xff\xfe", id="not_utf_8"),
        pytest.param(b"a" * 5_000, id="over_four_kilobytes"),
    ],
)
def test_what_cannot_be_a_refresh_token_is_cleared_and_never_sent_on(
    counted: tuple[ServiceProcess, Project], value: bytes
) -> None:
    service, project = counted
    response = refresh(service, b"sb_refresh_token=" + value)
    assert (response.status, response.code) == (401, "auth_refresh_invalid")
    assert str(response.header("set-cookie")).startswith("sb_refresh_token=")
    assert "Max-Age=0" in str(response.header("set-cookie"))
    assert response.header("evil") is None
    assert project.count("/auth/v1/token") == 0


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"Cookie: a=b\rSet-Cookie: evil=1", id="carriage_return"),
        pytest.param(b"Cookie: a=b\nSet-Cookie: evil=1", id="line_feed"),
        pytest.param(b"Cookie: a=b\r\n Set-Cookie: evil=1", id="folded_line"),
        pytest.param(b"Cookie: a=\x00b", id="nul"),
    ],
)
def test_a_cookie_header_that_breaks_the_request_is_a_400(service: ServiceProcess, line: bytes) -> None:
    [response] = raw.send(service.port, raw.request("GET", "/auth/csrf", [line]))
    assert (response.status, response.code) == (400, "invalid_request")
    assert response.header("set-cookie") is None


def test_seventeen_kilobytes_of_cookies_are_a_431(service: ServiceProcess) -> None:
    [response] = raw.send(service.port, raw.request("GET", "/auth/csrf", [b"Cookie: a=" + b"b" * 17_000]))
    assert (response.status, response.code) == (431, "headers_too_large")
    assert response.header("set-cookie") is None


def test_a_browser_id_of_the_attacker_s_choice_is_not_echoed(service: ServiceProcess) -> None:
    for value in ("x; Domain=evil.example", "a" * 43 + "\x7f", "<script>", "a" * 5_000, '"' + "a" * 43 + '"x'):
        cookie = f"Cookie: latchkey_csrf={value}".encode("latin-1").replace(b"\x7f", b"%7f")
        [response] = raw.send(service.port, raw.request("GET", "/auth/csrf", [cookie]))
        set_cookie = str(response.header("set-cookie"))
        assert response.status == 200
        assert "evil" not in set_cookie
        assert value not in set_cookie


def test_every_cookie_is_out_of_reach_of_scripts_other_hosts_and_plain_http(guarded: ServiceProcess) -> None:
    browser, email = Browser(guarded.url), new_email()
    responses = [
        browser.http.get("/auth/csrf"),
        browser.sign_up(email),
        browser.sign_in(email),
        browser.logout(),
    ]
    assert [len(cookies_set(response)) for response in responses] == [1, 2, 2, 2]
    for response, cookie in [(r, cookie) for r in responses for cookie in r.headers.get_list("set-cookie")]:
        name, *attributes = cookie.split("; ")
        assert name.startswith("__Host-")
        assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(attributes)
        assert not [attribute for attribute in attributes if attribute.lower().startswith("domain")]
        assert response.headers["cache-control"] == "no-store"


def test_the_served_contract_names_the_cookie_as_it_is(guarded: ServiceProcess, service: ServiceProcess) -> None:
    for running, name in ((guarded, "__Host-sb_refresh_token"), (service, "sb_refresh_token")):
        contract = loopback.get(f"{running.url}/openapi.json").json()
        assert contract["components"]["securitySchemes"]["refreshCookie"]["name"] == name


def test_the_browsers_id_outlives_the_tokens_that_it_binds(service: ServiceProcess) -> None:
    cookie = loopback.get(f"{service.url}/auth/csrf").headers["set-cookie"]
    assert "Max-Age=2592000" in cookie.split("; ")


def test_the_refresh_token_is_in_no_body(service: ServiceProcess) -> None:
    browser, email = Browser(service.url), new_email()
    texts: list[str] = []
    tokens: list[str] = []
    for response in (browser.sign_up(email), browser.sign_in(email), browser.refresh(), browser.me()):
        assert response.status_code == 200
        texts.append(response.text)
        tokens.append(response.cookies.get("sb_refresh_token") or tokens[-1])
    assert len(set(tokens)) == 3
    assert not [token for token in tokens if token in "".join(texts)]
