"""Deletion: of oneself only, by oneself only, just signed in, and meant."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conftest import OTHER_ORIGIN
from tests.handlers.deletion.test_deletion import age_sign_in, delete, refusal
from tests.handlers.mfa.test_mfa import signed_in
from tests.handlers.session.test_refresh import refresh_with
from tests.support.browser import Browser
from tests.support.upstream.base import Upstream
from tests.support.upstream.proofs import claims

pytestmark = [pytest.mark.thorough, pytest.mark.upstreams("recorded", "real"), pytest.mark.settings(ACCOUNT_DELETION="hard")]

PATH = "/auth/account/deletion"
NO_CONFIRMATIONS: list[object] = [None, "", 1, True, [], {}, ["ada@example.com"], {"$ne": ""}, "a\u0000b", "a\nb", "x" * 321]
LOOKALIKES = ["%", "*", "_", ".*", "{email}", "' or '1'='1", "{local}%@example.com", "{local}@EXAMPLE.COM.evil.test",
              "{local}@ex\u0430mple.com", "{local}@example.com\u200b", "{local}", "@example.com"]  # fmt: skip


@pytest.mark.parametrize("confirm", NO_CONFIRMATIONS, ids=lambda value: repr(value)[:25])
def test_what_is_no_address_confirms_nothing(upstream: Upstream, visitor: Browser, confirm: object) -> None:
    signed_in(visitor, upstream.person())
    response = visitor.as_user("POST", PATH, {"confirm": confirm})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")
    assert visitor.me().status_code == 200


@pytest.mark.parametrize("lookalike", LOOKALIKES)
def test_what_only_looks_like_the_address_confirms_nothing(upstream: Upstream, visitor: Browser, lookalike: str) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    typed = lookalike.replace("{local}", ada.email.partition("@")[0])
    assert refusal(delete(visitor, typed)) == (422, "auth_confirmation_mismatch", {})
    assert visitor.me().status_code == 200


@pytest.mark.parametrize(
    "extra", ["userId", "user_id", "id", "email", "should_soft_delete", "kind", "__proto__", "constructor", "force"]
)
def test_the_caller_chooses_neither_whom_nor_how(upstream: Upstream, visitor: Browser, extra: str) -> None:
    ada, grace = upstream.person(), upstream.person()
    signed_in(visitor, ada)
    response = visitor.as_user("POST", PATH, {"confirm": ada.email, extra: grace.id})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")
    for person in (ada, grace):
        assert upstream.admin("GET", f"/admin/users/{person.id}").status == 200


def test_only_who_asks_is_deleted(upstream: Upstream, visitor: Browser) -> None:
    ada, grace = upstream.person(), upstream.person()
    signed_in(visitor, ada)
    assert refusal(delete(visitor, grace.email))[1] == "auth_confirmation_mismatch"
    assert refusal(delete(visitor, grace.id))[1] == "auth_confirmation_mismatch"
    assert delete(visitor, ada.email).status_code == 200
    assert upstream.admin("GET", f"/admin/users/{grace.id}").status == 200


def test_no_other_page_deletes_an_account(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    bearer, csrf = {"Authorization": f"Bearer {visitor.access_token}"}, {"X-CSRF-Token": visitor.csrf_token or ""}
    body = {"confirm": ada.email}
    attempts: list[tuple[dict[str, str], int]] = [
        (bearer, 403),
        (bearer | {"X-CSRF-Token": "x"}, 403),
        (bearer | csrf | {"Origin": OTHER_ORIGIN}, 403),
        (bearer | csrf | {"Origin": "null"}, 403),
        (bearer | csrf | {"Sec-Fetch-Site": "cross-site"}, 403),
        (csrf, 401),  # the cookies alone
    ]
    for headers, status in attempts:
        assert visitor.http.post(PATH, json=body, headers=headers).status_code == status
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert visitor.http.post(PATH, content=f"confirm={ada.email}", headers=bearer | csrf | form).status_code == 415
    text = {"Content-Type": "text/plain"}
    assert visitor.http.post(PATH, content=json.dumps(body), headers=bearer | csrf | text).status_code == 415
    for method in ("GET", "DELETE", "PUT", "PATCH"):
        assert visitor.http.request(method, PATH, headers=bearer | csrf).status_code == 405
    assert visitor.me().status_code == 200


def test_a_stolen_cookie_of_an_old_session_deletes_nothing(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    age_sign_in(upstream, visitor, 86_400)
    thief = Browser(str(visitor.http.base_url))
    thief.access_token = refresh_with(thief, visitor.refresh_token or "").json()["accessToken"]
    assert refusal(delete(thief, ada.email))[1] == "auth_reauthentication_required"


@pytest.mark.parametrize("amr", [None, [], "password", [{"method": "password", "timestamp": 2**40}], [{"timestamp": "now"}]])
def test_a_forged_time_of_sign_in_is_none(upstream: Upstream, visitor: Browser, amr: Any) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    header, _, signature = (visitor.access_token or "").split(".")
    said = claims(visitor.access_token or "") | {"amr": amr, "iat": int(time.time())}
    forged = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
    visitor.access_token = f"{header}.{forged}.{signature}"
    assert refusal(delete(visitor, ada.email))[:2] == (401, "unauthorized")


def test_the_keys_of_the_project_are_nobodys_token(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    for key in (upstream.keys.secret_key, upstream.keys.publishable_key):
        visitor.access_token = key
        assert refusal(delete(visitor, ada.email))[:2] == (401, "unauthorized")


def test_two_deletions_at_once_are_one(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    tab = signed_in(Browser(str(visitor.http.base_url)), ada)
    signed_in(visitor, ada)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda each: delete(each, ada.email), (visitor, tab)))
    assert 200 in {answer.status_code for answer in answers}
    assert {answer.status_code for answer in answers} <= {200, 401}
    assert upstream.admin("GET", f"/admin/users/{ada.id}").status == 404


def test_a_token_of_who_is_gone_opens_nothing_again(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    token, cookie = visitor.access_token, visitor.refresh_token
    assert delete(visitor, ada.email).status_code == 200
    assert refresh_with(visitor, cookie or "").json()["code"] == "auth_refresh_invalid"
    assert visitor.me(token).status_code == 401
    for path in ("/auth/sessions", "/auth/mfa/factors"):
        assert visitor.as_user("GET", path).status_code == 401
