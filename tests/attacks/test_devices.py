"""The list of devices: nobody's but one's own, also past the service, and no device writes into it what it likes."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.conftest import OTHER_ORIGIN
from tests.handlers.mfa.test_mfa import signed_in, with_factor
from tests.handlers.sessions.test_sessions import device, end, listed, session_id
from tests.support.browser import Browser, cookies_set
from tests.support.upstream.base import Upstream
from tests.support.upstream.proofs import claims

pytestmark = [pytest.mark.thorough, pytest.mark.upstreams("recorded", "real")]

NO_IDS = [
    "x",
    "..",
    "..%2f..%2frpc",
    "%00",
    "' or true --",
    "0",
    "*",
    "{}",
    "urn:uuid:00000000-0000-4000-8000-000000000000",
    "x" * 5_000,
]
PROGRAMS = [
    "<script>alert(1)</script>", "Mozilla/5.0 <img src=x onerror=alert(1)>", "' or 1=1 --", "${jndi:ldap://x}", "a" * 5_000,
    "Mozilla/5.0 " + "(" * 3_000, "latchkey", "-", "Mozilla/5.0 Firefox/" + "9" * 400,
]  # fmt: skip


@pytest.mark.parametrize("session", NO_IDS, ids=lambda value: value[:20])
def test_what_is_no_id_of_a_session_ends_none(upstream: Upstream, visitor: Browser, session: str) -> None:
    signed_in(visitor, upstream.person())
    response = end(visitor, session)
    assert response.status_code in {400, 404, 405}, response.text
    assert visitor.me().status_code == 200


def test_nobody_ends_a_session_of_somebody_else_however_often(upstream: Upstream, visitor: Browser) -> None:
    ada = signed_in(Browser(str(visitor.http.base_url)), upstream.person())
    signed_in(visitor, upstream.person())
    for spelling in (str.lower, str.upper):
        response = end(visitor, spelling(session_id(ada)))
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert ada.refresh().status_code == 200
    assert session_id(ada) not in {each["id"] for each in listed(visitor)}


def test_somebody_elses_session_and_none_are_answered_alike(upstream: Upstream, visitor: Browser) -> None:
    ada = signed_in(Browser(str(visitor.http.base_url)), upstream.person())
    signed_in(visitor, upstream.person())
    theirs, nobodys = end(visitor, session_id(ada)), end(visitor, str(uuid.uuid4()))
    assert (theirs.status_code, theirs.json()) == (nobodys.status_code, nobodys.json())


def test_no_other_page_signs_a_device_out(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    phone = signed_in(Browser(str(visitor.http.base_url)), ada)
    signed_in(visitor, ada)
    path = f"/auth/sessions/{session_id(phone)}"
    bearer, csrf = {"Authorization": f"Bearer {visitor.access_token}"}, {"X-CSRF-Token": visitor.csrf_token or ""}
    for headers in (bearer, bearer | csrf | {"Origin": OTHER_ORIGIN}, bearer | csrf | {"Sec-Fetch-Site": "same-site"}):
        refused = visitor.http.delete(path, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    assert visitor.http.delete(path, headers=csrf).status_code == 401, "the cookie alone says nothing here"
    for header in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        assert visitor.http.post(path, headers=bearer | csrf | {header: "DELETE"}).status_code == 405
    assert visitor.http.get(path, headers=bearer).status_code == 405
    assert phone.refresh().status_code == 200


def test_reading_the_list_changes_nothing(upstream: Upstream, visitor: Browser) -> None:
    signed_in(visitor, upstream.person())
    for _ in range(3):
        response = visitor.as_user("GET", "/auth/sessions")
        assert cookies_set(response) == []
        assert response.headers["Cache-Control"] == "no-store"
    assert visitor.refresh().status_code == 200


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda value: value[:25])
def test_a_device_is_called_what_it_says_in_one_short_line_of_text(upstream: Upstream, visitor: Browser, program: str) -> None:
    browser = signed_in(device(visitor.http.base_url, program), upstream.person())
    [found] = listed(browser)
    name = found["userAgent"]
    assert name is None or (0 < len(name) <= 100 and name.isprintable())
    assert name is None or name.strip() == name
    assert found["ip"] is None


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Sb-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP"])
def test_no_device_says_by_itself_where_it_is(upstream: Upstream, visitor: Browser, header: str) -> None:
    visitor.http.headers[header] = "198.51.100.66"
    signed_in(visitor, upstream.person())
    assert visitor.refresh().status_code == 200
    assert "198.51.100.66" not in visitor.as_user("GET", "/auth/sessions").text


def past_the_service(upstream: Upstream, function: str, body: Any, *, token: str | None, key: str | None = None) -> Any:
    return upstream.wire.call("POST", f"/rpc/{function}", body, token=token, key=key, prefix="/rest/v1")


def test_the_functions_are_nobodys_without_a_users_token(upstream: Upstream, visitor: Browser) -> None:
    ada = signed_in(visitor, upstream.person())
    assert past_the_service(upstream, "list_own_sessions", {}, token=None).status == 401
    assert ada.me().status_code == 200


def test_past_the_service_nobody_ends_sessions_of_others(upstream: Upstream, visitor: Browser) -> None:
    ada = signed_in(Browser(str(visitor.http.base_url)), upstream.person())
    mallory = signed_in(visitor, upstream.person())
    answer = past_the_service(upstream, "end_own_session", {"session_id": session_id(ada)}, token=mallory.access_token)
    assert (answer.status, answer.json) == (200, False)
    assert ada.refresh().status_code == 200
    told = past_the_service(upstream, "list_own_sessions", {}, token=mallory.access_token)
    assert [row["id"] for row in told.json] == [session_id(mallory)]


def test_past_the_service_a_second_factor_is_asked_for_all_the_same(upstream: Upstream, visitor: Browser) -> None:
    _, factor = with_factor(upstream, visitor)
    owner = {"session_id": claims(factor.session.access_token)["session_id"]}
    answer = past_the_service(upstream, "end_own_session", owner, token=visitor.access_token)
    assert (answer.status, answer.json["message"]) == (403, "insufficient_aal")
    assert upstream.wire.call("GET", "/user", token=factor.session.access_token).status == 200


def test_past_the_service_a_token_that_outlives_its_session_is_worth_nothing(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    stolen = signed_in(Browser(str(visitor.http.base_url)), ada)
    signed_in(visitor, ada)
    assert end(visitor, session_id(stolen)).status_code == 204
    assert past_the_service(upstream, "list_own_sessions", {}, token=stolen.access_token).json == []
    answer = past_the_service(upstream, "end_own_session", {"session_id": session_id(visitor)}, token=stolen.access_token)
    assert (answer.status, answer.json) == (200, False)
    assert visitor.me().status_code == 200
