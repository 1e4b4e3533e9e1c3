"""Second factors: codes are not guessed, factors of others not touched, and nobody gets by without one."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.conftest import OTHER_ORIGIN
from tests.handlers.mfa.test_mfa import enroll, require_step_up, signed_in, verify, with_factor
from tests.support import leaks
from tests.support.browser import Browser, cookies_set
from tests.support.upstream.base import Upstream
from tests.support.upstream.proofs import claims

pytestmark = [pytest.mark.thorough, pytest.mark.upstreams("recorded", "real")]

SOME_FACTOR = "7f9d2c4e-5b1a-4c3d-8e6f-0a1b2c3d4e5f"
LIMITED = {"RATE_LIMIT_CODES": "5/10 minutes", "TRUSTED_PROXIES": "127.0.0.1/32"}
NO_CODES: list[object] = [
    "12345", "1234567", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16", "123456\n", " 12345", "12 456", "", "-12345",
    "0x1234", "1e5000", 123456, None, ["123456"], {"$ne": ""}, True,
]  # fmt: skip
NO_IDS = [
    "",
    "1",
    "*",
    "..",
    "../../user",
    "00000000-0000-4000-8000-00000000000g",
    "' or '1'='1",
    "{00000000}",
    "x" * 36,
    None,
    7,
]
HOSTILE_NAMES = [
    "<script>alert(1)</script>", '"/><svg onload=alert(1)>', "&secret=AAAA&issuer=evil", "]]></path>", "javascript:alert(1)",
    "${7*7}", "%0d%0aSet-Cookie: a=b", "data:image/svg+xml,<svg/>", "'; drop table auth.mfa_factors; --",
]  # fmt: skip


def guess(browser: Browser, factor_id: str, code: str, **headers: str) -> httpx.Response:
    browser.http.headers.update(headers)
    return verify(browser, factor_id, code)


@pytest.mark.parametrize("code", NO_CODES, ids=repr)
def test_what_is_no_code_is_tried_nowhere(upstream: Upstream, visitor: Browser, code: object) -> None:
    _, factor = with_factor(upstream, visitor)
    response = visitor.as_user("POST", "/auth/mfa/verify", {"factorId": factor.id, "code": code})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("factor_id", NO_IDS, ids=repr)
def test_what_is_no_id_of_a_factor_reaches_no_path_of_supabase(upstream: Upstream, visitor: Browser, factor_id: object) -> None:
    signed_in(visitor, upstream.person())
    response = visitor.as_user("POST", "/auth/mfa/verify", {"factorId": factor_id, "code": "123456"})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["..%2f..%2fuser", "%2e%2e", "x", "%00", "a%0d%0ab", "a?b=c", "' or 1=1"])
def test_a_path_leads_to_no_other_endpoint_of_supabase(upstream: Upstream, visitor: Browser, path: str) -> None:
    signed_in(visitor, upstream.person())
    response = visitor.as_user("DELETE", f"/auth/mfa/factors/{path}")
    assert response.json()["code"] in {"invalid_request", "not_found"}
    assert visitor.me().status_code == 200


@pytest.mark.settings(**LIMITED)
def test_codes_cannot_be_guessed_from_many_addresses_or_devices(upstream: Upstream, visitor: Browser) -> None:
    ada, factor = with_factor(upstream, visitor)
    other = signed_in(Browser(str(visitor.http.base_url)), ada)
    devices = [visitor, other]
    for number in range(5):
        address = {"X-Forwarded-For": f"203.0.113.{number}"}
        assert guess(devices[number % 2], factor.id, f"00000{number}", **address).json()["code"] == "auth_mfa_code_invalid"
    for device in devices:
        right = guess(device, factor.id, upstream.code(factor.secret), **{"X-Forwarded-For": "198.51.100.1"})
        assert (right.status_code, right.json()["code"]) == (429, "rate_limited")
        assert int(right.headers["Retry-After"]) >= 1
    _, of_grace = with_factor(upstream, visitor)
    assert verify(visitor, of_grace.id, upstream.code(of_grace.secret)).status_code == 200, "others are not locked out"


@pytest.mark.settings(**LIMITED)
def test_a_second_factor_gives_no_second_series_of_guesses(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    first = upstream.factor(upstream.session(ada))
    enrolled = upstream.wire.call(
        "POST", "/factors", {"factor_type": "totp", "friendly_name": "second"}, token=first.session.access_token
    ).json
    signed_in(visitor, ada)
    for _ in range(5):
        assert verify(visitor, first.id, "000000").status_code == 422
    assert verify(visitor, enrolled["id"], "000000").status_code == 429


@pytest.mark.settings(**LIMITED)
def test_a_stranger_cannot_use_up_the_guesses_at_somebodys_factor(upstream: Upstream, visitor: Browser) -> None:
    _, factor = with_factor(upstream, visitor)
    mallory = signed_in(Browser(str(visitor.http.base_url)), upstream.person())
    for _ in range(5):
        assert verify(mallory, factor.id, "000000").status_code == 404
    assert verify(mallory, factor.id, "000000").status_code == 429
    assert verify(visitor, factor.id, upstream.code(factor.secret)).status_code == 200


def test_the_right_code_of_somebody_elses_factor_raises_nobody(upstream: Upstream, visitor: Browser) -> None:
    _, factor = with_factor(upstream, visitor)
    mallory = signed_in(Browser(str(visitor.http.base_url)), upstream.person())
    response = verify(mallory, factor.id, upstream.code(factor.secret))
    assert (response.status_code, response.json()["code"], cookies_set(response)) == (404, "not_found", [])
    assert mallory.refresh().json()["aal"] == "aal1"


def test_nobody_sees_the_factors_of_others_nor_a_secret_twice(upstream: Upstream, visitor: Browser) -> None:
    _, factor = with_factor(upstream, visitor)
    assert "secret" not in visitor.as_user("GET", "/auth/mfa/factors").text
    leaks.remember("TOTP secret", factor.secret)
    mallory = signed_in(Browser(str(visitor.http.base_url)), upstream.person())
    assert mallory.as_user("GET", "/auth/mfa/factors").json() == {"factors": []}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/auth/mfa/factors", {"type": "totp"}),
        ("POST", "/auth/mfa/verify", {"factorId": SOME_FACTOR, "code": "123456"}),
        ("DELETE", f"/auth/mfa/factors/{SOME_FACTOR}", None),
    ],
)
def test_no_other_page_changes_a_factor(upstream: Upstream, visitor: Browser, method: str, path: str, body: Any) -> None:
    signed_in(visitor, upstream.person())
    bearer = {"Authorization": f"Bearer {visitor.access_token}"}
    csrf = {"X-CSRF-Token": visitor.csrf_token or ""}
    attempts = [
        (bearer, 403, "csrf_failed"),
        (bearer | csrf | {"Origin": OTHER_ORIGIN}, 403, "csrf_failed"),
        (bearer | csrf | {"Sec-Fetch-Site": "cross-site"}, 403, "csrf_failed"),
        (csrf, 401, "unauthorized"),
    ]
    for headers, status, code in attempts:
        response = visitor.http.request(method, path, json=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (status, code)
    assert visitor.as_user("GET", "/auth/mfa/factors").json() == {"factors": []}


@pytest.mark.settings(ACCOUNT_DELETION="hard")
@pytest.mark.parametrize("what", ["enroll", "delete factor", "end session", "delete account", "logout others", "logout global"])
def test_who_has_only_the_password_changes_nothing_of_who_has_a_factor(upstream: Upstream, visitor: Browser, what: str) -> None:
    ada, factor = with_factor(upstream, visitor)
    owner = claims(factor.session.access_token)["session_id"]
    answer = {
        "enroll": lambda: enroll(visitor, "Mallory's"),
        "delete factor": lambda: visitor.as_user("DELETE", f"/auth/mfa/factors/{factor.id}"),
        "end session": lambda: visitor.as_user("DELETE", f"/auth/sessions/{owner}"),
        "delete account": lambda: visitor.as_user("POST", "/auth/account/deletion", {"confirm": ada.email}),
        "logout others": lambda: visitor.as_user("POST", "/auth/logout", {"scope": "others"}),
        "logout global": lambda: visitor.as_user("POST", "/auth/logout", {"scope": "global"}),
    }[what]()
    require_step_up(answer, factor)
    assert upstream.wire.call("GET", "/user", token=factor.session.access_token).status == 200
    assert [each["id"] for each in visitor.as_user("GET", "/auth/mfa/factors").json()["factors"]] == [factor.id]


@pytest.mark.parametrize("forge", ["payload", "none", "no signature", "other secret"])
def test_a_forged_aal2_is_none(upstream: Upstream, visitor: Browser, forge: str) -> None:
    _, factor = with_factor(upstream, visitor)
    header, payload, signature = (visitor.access_token or "").split(".")
    said = claims(visitor.access_token or "") | {"aal": "aal2"}
    raised = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    visitor.access_token = {
        "payload": f"{header}.{raised}.{signature}",
        "none": f"{none}.{raised}.",
        "no signature": f"{header}.{raised}.",
        "other secret": f"{header}.{raised}.{signature[::-1]}",
    }[forge]
    response = visitor.as_user("DELETE", f"/auth/mfa/factors/{factor.id}")
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert payload


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_the_picture_holds_nothing_but_the_code(upstream: Upstream, visitor: Browser, name: str) -> None:
    signed_in(visitor, upstream.person())
    answer = enroll(visitor, name)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["name"] == name, "as text, in JSON"
    totp = answer.json()["totp"]
    leaks.remember("TOTP secret", totp["secret"])
    assert totp["uri"].count("secret=") == totp["uri"].count("issuer=") == 1
    assert "evil" not in totp["uri"]
    picture = totp["qrSvg"].removeprefix('<svg xmlns="http://www.w3.org/2000/svg" ')
    for part in ("script", "http", "href", "style", "on", "data:", "<!", "<?", "&", name):
        assert part not in picture, part


@pytest.mark.parametrize("name", ["a\nb", "a\u0000b", "a\u2028b", "x" * 101, "\x7f", 5, ["a"]])
def test_a_name_is_one_line_of_bounded_text(upstream: Upstream, visitor: Browser, name: Any) -> None:
    signed_in(visitor, upstream.person())
    assert enroll(visitor, name).json()["code"] == "invalid_request"


@pytest.mark.parametrize("extra", [{"issuer": "Bank"}, {"friendly_name": "x"}, {"phone": "+15550100"}, {"secret": "A" * 32}])
def test_the_caller_chooses_neither_issuer_nor_secret(upstream: Upstream, visitor: Browser, extra: dict[str, str]) -> None:
    signed_in(visitor, upstream.person())
    response = visitor.as_user("POST", "/auth/mfa/factors", {"type": "totp", "name": "x", **extra})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("kind", ["phone", "webauthn", "TOTP", "", None])
def test_no_other_kind_of_factor_is_begun(upstream: Upstream, visitor: Browser, kind: str | None) -> None:
    signed_in(visitor, upstream.person())
    response = visitor.as_user("POST", "/auth/mfa/factors", {"type": kind, "name": "x"})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


def test_the_token_from_before_the_step_up_is_still_at_aal1(upstream: Upstream, visitor: Browser) -> None:
    _, factor = with_factor(upstream, visitor)
    before = visitor.access_token
    assert verify(visitor, factor.id, upstream.code(factor.secret)).status_code == 200
    visitor.access_token = before
    elsewhere = visitor.as_user("DELETE", f"/auth/sessions/{claims(factor.session.access_token)['session_id']}")
    require_step_up(elsewhere, factor)


@pytest.mark.parametrize("version", ["1", "2"])
def test_two_step_ups_at_once_leave_a_session_that_goes_on(
    upstream: Upstream, visitor: Browser, version: str, request: pytest.FixtureRequest
) -> None:
    upstream.configure(SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=version)
    request.addfinalizer(upstream.configure)
    _, factor = with_factor(upstream, visitor)
    tab = Browser(str(visitor.http.base_url))
    tab.http.cookies.update(visitor.http.cookies)
    tab.access_token = visitor.access_token
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda each: verify(each, factor.id, upstream.code(factor.secret)), (visitor, tab)))
    assert 200 in {answer.status_code for answer in answers}
    assert {answer.status_code for answer in answers} <= {200, 422, 503}
    raised = [each for each, answer in zip((visitor, tab), answers, strict=True) if answer.status_code == 200]
    assert any(each.refresh().status_code == 200 for each in raised)


def test_a_planted_mark_of_another_user_raises_nobody_by_mistake(upstream: Upstream, visitor: Browser) -> None:
    """Only what this service signed says whose the cookies are."""
    _, factor = with_factor(upstream, visitor)
    for value in ("x", "W10.x.y", "a" * 2_000):
        visitor.http.cookies.set("latchkey_session", value)
        response = verify(visitor, factor.id, "000000")
        assert (response.status_code, response.json()["code"]) in {
            (422, "auth_mfa_code_invalid"),
            (409, "auth_session_conflict"),
        }
