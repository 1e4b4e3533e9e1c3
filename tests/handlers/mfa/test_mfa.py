"""Second factors: set up, given, deleted; and what Supabase refuses without one."""

from __future__ import annotations

import re
import uuid
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.support import leaks
from tests.support.browser import Browser, cookies_set
from tests.support.upstream.base import Factor, Person, Upstream
from tests.support.upstream.proofs import claims

pytestmark = pytest.mark.upstreams("recorded", "real")

SESSION_COOKIES = ["sb_refresh_token", "latchkey_session"]
STEP_UP = 'Bearer realm="latchkey", error="insufficient_user_authentication", acr_values="aal2"'


def signed_in(visitor: Browser, person: Person) -> Browser:
    assert visitor.sign_in(person.email, person.password).status_code == 200
    return visitor


def with_factor(upstream: Upstream, visitor: Browser) -> tuple[Person, Factor]:
    """A user with a verified factor, signed in here at aal1."""
    ada = upstream.person()
    factor = upstream.factor(upstream.session(ada))
    signed_in(visitor, ada)
    return ada, factor


def enroll(visitor: Browser, name: str | None = "Phone") -> httpx.Response:
    return visitor.as_user("POST", "/auth/mfa/factors", {"type": "totp", "name": name})


def verify(visitor: Browser, factor_id: str, code: str) -> httpx.Response:
    return visitor.as_user("POST", "/auth/mfa/verify", {"factorId": factor_id, "code": code})


def require_step_up(response: httpx.Response, factor: Factor) -> None:
    """The answer that asks for a code: never a 401, and with the challenge of RFC 9470."""
    assert (response.status_code, response.json()["code"]) == (403, "auth_mfa_required"), response.text
    assert response.json()["details"] == {"factors": [{"id": factor.id, "type": "totp", "name": "phone"}]}
    assert response.headers["WWW-Authenticate"] == STEP_UP
    assert cookies_set(response) == []


def test_an_enrolled_factor_counts_once_its_first_code_was_given(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    before = claims(visitor.access_token or "")
    enrolled = enroll(visitor)
    assert enrolled.status_code == 201, enrolled.text
    factor, totp = enrolled.json(), enrolled.json()["totp"]
    leaks.remember("TOTP secret", totp["secret"])
    assert (factor["type"], factor["name"]) == ("totp", "Phone")
    [listed] = visitor.as_user("GET", "/auth/mfa/factors").json()["factors"]
    assert listed == {
        "id": factor["id"], "type": "totp", "name": "Phone", "verified": False, "createdAt": listed["createdAt"],
    }  # fmt: skip
    assert visitor.refresh().json()["mfa"] == {"required": False, "factors": []}, "it does not count yet"

    raised = verify(visitor, factor["id"], upstream.code(totp["secret"]))

    assert raised.status_code == 200, raised.text
    session = raised.json()
    known = [{"id": factor["id"], "type": "totp", "name": "Phone"}]
    assert (session["aal"], session["mfa"], session["next"]) == ("aal2", {"required": False, "factors": known}, None)
    assert cookies_set(raised) == SESSION_COOKIES
    after = claims(session["accessToken"])
    assert (after["session_id"], after["aal"]) == (before["session_id"], "aal2"), "the session stays the same one"
    assert [each["verified"] for each in visitor.as_user("GET", "/auth/mfa/factors").json()["factors"]] == [True]
    assert visitor.refresh().json()["aal"] == "aal2"
    assert visitor.me().status_code == 200


def test_the_secret_is_told_as_text_as_a_uri_and_as_a_picture_of_the_uri(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    totp = enroll(visitor).json()["totp"]
    leaks.remember("TOTP secret", totp["secret"])
    assert totp["uri"].startswith("otpauth://totp/")
    assert ada.email in totp["uri"].replace("%40", "@")
    assert f"secret={totp['secret']}" in totp["uri"]
    assert re.search(r"[?&]issuer=[^&]+", totp["uri"])
    picture = ET.fromstring(totp["qrSvg"])  # noqa: S314 - what this service drew
    assert len(totp["qrSvg"]) < 20_000
    assert {element.tag.rpartition("}")[2] for element in picture.iter()} == {"svg", "path"}


def test_who_signs_in_with_a_factor_is_asked_for_its_code_next(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    factor = upstream.factor(upstream.session(ada))
    session = visitor.sign_in(ada.email, ada.password).json()
    assert (session["aal"], session["next"]) == ("aal1", "mfa")
    assert session["mfa"] == {"required": True, "factors": [{"id": factor.id, "type": "totp", "name": "phone"}]}
    assert verify(visitor, factor.id, upstream.code(factor.secret)).json()["next"] is None
    assert visitor.refresh().json()["next"] is None


def test_a_wrong_code_raises_nothing_and_leaves_the_session(upstream: Upstream, visitor: Browser) -> None:
    _, factor = with_factor(upstream, visitor)
    refused = verify(visitor, factor.id, "000000")
    assert (refused.status_code, refused.json()["code"]) == (422, "auth_mfa_code_invalid")
    assert cookies_set(refused) == []
    assert visitor.refresh().json()["aal"] == "aal1"
    assert verify(visitor, factor.id, upstream.code(factor.secret)).status_code == 200


def test_the_first_verification_signs_the_other_devices_out_that_are_at_aal1(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    other = Browser(str(visitor.http.base_url))
    signed_in(other, ada)
    signed_in(visitor, ada)
    enrolled = enroll(visitor).json()
    leaks.remember("TOTP secret", enrolled["totp"]["secret"])
    assert verify(visitor, enrolled["id"], upstream.code(enrolled["totp"]["secret"])).status_code == 200
    assert other.me().status_code == 401
    assert other.refresh().json()["code"] == "auth_refresh_invalid"


def test_who_has_a_factor_needs_it_to_set_up_another_one(upstream: Upstream, visitor: Browser) -> None:
    _, factor = with_factor(upstream, visitor)
    require_step_up(enroll(visitor, "second"), factor)
    assert verify(visitor, factor.id, upstream.code(factor.secret)).status_code == 200
    assert enroll(visitor, "second").status_code == 201


def test_who_has_a_factor_needs_it_to_delete_it_and_is_at_aal1_afterwards(upstream: Upstream, visitor: Browser) -> None:
    _, factor = with_factor(upstream, visitor)
    require_step_up(visitor.as_user("DELETE", f"/auth/mfa/factors/{factor.id}"), factor)
    assert verify(visitor, factor.id, upstream.code(factor.secret)).status_code == 200
    deleted = visitor.as_user("DELETE", f"/auth/mfa/factors/{factor.id}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    refreshed = visitor.refresh().json()
    assert (refreshed["aal"], refreshed["mfa"]) == ("aal1", {"required": False, "factors": []})
    assert visitor.as_user("GET", "/auth/mfa/factors").json() == {"factors": []}


def test_an_enrolment_that_was_left_half_way_can_be_deleted_at_aal1(upstream: Upstream, visitor: Browser) -> None:
    signed_in(visitor, upstream.person())
    half = enroll(visitor).json()
    assert visitor.as_user("DELETE", f"/auth/mfa/factors/{half['id']}").status_code == 204


def test_two_factors_have_two_names(upstream: Upstream, visitor: Browser) -> None:
    signed_in(visitor, upstream.person())
    assert enroll(visitor).status_code == 201
    taken = enroll(visitor)
    assert (taken.status_code, taken.json()["code"]) == (409, "auth_factor_name_taken")
    assert "name" not in enroll(visitor, None).json()
    assert enroll(visitor, "").json()["code"] == "auth_factor_name_taken", "one factor may go without a name"


def test_a_factor_without_a_name_has_none_in_any_answer(upstream: Upstream, visitor: Browser) -> None:
    signed_in(visitor, upstream.person())
    enrolled = enroll(visitor, None)
    assert enrolled.status_code == 201, enrolled.text
    leaks.remember("TOTP secret", enrolled.json()["totp"]["secret"])
    assert "name" not in enrolled.json()
    listed = visitor.as_user("GET", "/auth/mfa/factors")
    assert listed.status_code == 200, listed.text
    assert ["name" in factor for factor in listed.json()["factors"]] == [False]


def test_there_are_too_many_factors_once_the_project_says_so(upstream: Upstream, visitor: Browser) -> None:
    signed_in(visitor, upstream.person())
    for number in range(10):
        assert enroll(visitor, f"number {number}").status_code == 201
    limited = enroll(visitor, "one more")
    assert (limited.status_code, limited.json()["code"]) == (422, "auth_factor_limit")


@pytest.mark.project(MFA_TOTP_ENROLL_ENABLED="false")
def test_a_project_without_authenticator_apps_says_so(upstream: Upstream, visitor: Browser) -> None:
    signed_in(visitor, upstream.person())
    refused = enroll(visitor)
    assert (refused.status_code, refused.json()["code"]) == (403, "auth_mfa_disabled")


def test_a_factor_that_is_not_the_users_is_not_there(upstream: Upstream, visitor: Browser) -> None:
    factor = upstream.factor(upstream.session(upstream.person()))
    signed_in(visitor, upstream.person("eve-" + uuid.uuid4().hex[:12] + "@example.com"))
    for factor_id in (factor.id, str(uuid.uuid4())):
        for response in (
            verify(visitor, factor_id, upstream.code(factor.secret)),
            visitor.as_user("DELETE", f"/auth/mfa/factors/{factor_id}"),
        ):
            assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_another_users_cookies_are_neither_verified_for_nor_overwritten(upstream: Upstream, visitor: Browser) -> None:
    _, factor = with_factor(upstream, visitor)
    token_of_ada = visitor.access_token
    signed_in(visitor, upstream.person())  # in another tab
    grace = visitor.refresh_token
    visitor.access_token = token_of_ada
    response = verify(visitor, factor.id, upstream.code(factor.secret))
    assert (response.status_code, response.json()["code"]) == (409, "auth_session_conflict")
    assert cookies_set(response) == []
    assert visitor.refresh_token == grace
    with_claims = claims(token_of_ada or "")
    listed = visitor.as_user("GET", "/auth/mfa/factors")
    assert listed.status_code in {200, 401}, "signing in here may have ended what it replaced"
    assert with_claims["aal"] == "aal1"


def test_a_session_that_was_not_to_be_remembered_is_not_after_a_step_up_either(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    factor = upstream.factor(upstream.session(ada))
    opened = visitor.post("/auth/signin", {"email": ada.email, "password": ada.password, "remember": False})
    visitor.access_token = opened.json()["accessToken"]
    raised = verify(visitor, factor.id, upstream.code(factor.secret))
    assert cookies_set(raised) == SESSION_COOKIES
    assert all("max-age" not in value.lower() for value in raised.headers.get_list("set-cookie"))


@pytest.mark.parametrize("version", ["1", "2"])
def test_who_steps_up_and_goes_on_with_the_new_cookies_stays_signed_in(
    upstream: Upstream, visitor: Browser, version: str, request: pytest.FixtureRequest
) -> None:
    upstream.configure(SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=version)
    request.addfinalizer(upstream.configure)
    _, factor = with_factor(upstream, visitor)
    assert visitor.refresh().status_code == 200
    assert verify(visitor, factor.id, upstream.code(factor.secret)).status_code == 200
    for _ in range(3):
        assert visitor.refresh().json()["aal"] == "aal2"


@pytest.mark.parametrize(("version", "refreshes"), [("1", False), ("1", True), ("2", False), ("2", True)])
def test_with_the_cookies_from_before_a_step_up_a_session_goes_on_if_it_was_refreshed_just_before(
    upstream: Upstream, visitor: Browser, version: str, refreshes: bool, request: pytest.FixtureRequest
) -> None:
    """As after a lost answer, or in a tab that knew nothing of it. Without the refresh, tokens of version 2 end the session."""
    upstream.configure(SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=version)
    request.addfinalizer(upstream.configure)
    _, factor = with_factor(upstream, visitor)
    upstream.age("session", claims(visitor.access_token or "")["session_id"], 60)
    if refreshes:
        assert visitor.refresh().status_code == 200
    before = list(visitor.http.cookies.jar)
    assert verify(visitor, factor.id, upstream.code(factor.secret)).status_code == 200
    visitor.http.cookies.clear()
    for cookie in before:
        visitor.http.cookies.jar.set_cookie(cookie)
    refreshed = visitor.refresh()
    if version == "1" or refreshes:
        assert (refreshed.status_code, refreshed.json()["aal"]) == (200, "aal2")
        assert visitor.refresh().status_code == 200
    else:
        assert (refreshed.status_code, refreshed.json()["code"]) == (401, "auth_refresh_invalid")


@pytest.mark.thorough
@pytest.mark.settings(MFA_ISSUER="Example Ltd.")
def test_the_operator_names_what_an_authenticator_app_shows(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    uri = enroll(visitor).json()["totp"]["uri"].replace("%20", " ").replace("+", " ")
    assert uri.startswith("otpauth://totp/Example Ltd.:")
    assert "issuer=Example Ltd.&" in uri


@pytest.mark.upstreams("recorded", "real")
def test_an_enrolment_needs_a_live_session(upstream: Upstream, visitor: Browser) -> None:
    signed_in(visitor, upstream.person())
    upstream.end_session(claims(visitor.access_token or "")["session_id"])
    for response in (
        enroll(visitor),
        verify(visitor, str(uuid.uuid4()), "123456"),
        visitor.as_user("GET", "/auth/mfa/factors"),
        visitor.as_user("DELETE", f"/auth/mfa/factors/{uuid.uuid4()}"),
    ):
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")


@pytest.mark.upstreams("embedded")
def test_where_supabase_has_no_second_factors_the_operations_say_so(upstream: Upstream, visitor: Browser) -> None:
    signed_in(visitor, upstream.person())
    nobodys = str(uuid.uuid4())
    assert visitor.as_user("GET", "/auth/mfa/factors").json() == {"factors": []}
    answers = (enroll(visitor), verify(visitor, nobodys, "123456"), visitor.as_user("DELETE", f"/auth/mfa/factors/{nobodys}"))
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (403, "auth_mfa_disabled"), (403, "auth_mfa_disabled"), (404, "not_found"),
    ]  # fmt: skip
