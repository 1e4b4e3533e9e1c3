"""Finding out who has an account, by body, status or headers.

How long sign-in takes for a user who exists is Supabase's to even out: this service sends each attempt on in the same way.
"""

from __future__ import annotations

import httpx
import pytest

from tests.conftest import StartModuleService, StartService
from tests.support import loopback
from tests.support.browser import PASSWORD, Browser, cookies_set, new_email
from tests.support.fixed_answers import USER, FixedAnswers
from tests.support.service import ServiceProcess

VARYING = {"date", "x-request-id", "ratelimit"}


def seen(response: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """All that an attacker sees, but for what differs between any two requests."""
    return response.status_code, response.text, {k: v for k, v in response.headers.items() if k not in VARYING}


@pytest.fixture
def account(service: ServiceProcess) -> str:
    email = new_email()
    assert Browser(service.url).sign_up(email).status_code == 200
    return email


@pytest.mark.parametrize("password", ["wrong", "incorrect horse battery staplf", "x" * 256, "\u00e4\u00f6\u00fc \U0001f511"])
def test_sign_in_answers_the_same_for_a_wrong_password_and_an_unknown_user(
    service: ServiceProcess, account: str, password: str
) -> None:
    known, unknown = (Browser(service.url).sign_in(email, password) for email in (account, new_email()))
    assert known.status_code == 401
    assert seen(known) == seen(unknown)


def test_sign_in_answers_the_same_for_another_spelling_of_an_account(service: ServiceProcess, account: str) -> None:
    responses = [Browser(service.url).sign_in(email, "wrong") for email in (account, account.upper(), new_email())]
    assert len({response.text for response in responses}) == 1


def test_refresh_answers_the_same_for_a_token_that_never_was_and_one_that_was_revoked(service: ServiceProcess) -> None:
    browser, email = Browser(service.url), new_email()
    browser.sign_up(email)
    revoked = browser.refresh_token
    browser.logout()
    never = "01a203cb-aea2-7187-82a7-373b1d8c241a"
    answers = [
        Browser(service.url).post("/auth/refresh", headers={"Cookie": f"sb_refresh_token={t}"}) for t in (revoked, never)
    ]
    assert answers[0].status_code == 401
    assert seen(answers[0]) == seen(answers[1])


@pytest.mark.thorough
def test_limits_are_the_same_for_an_account_that_does_not_exist(start_module_service: StartModuleService, account: str) -> None:
    service = start_module_service({"RATE_LIMIT_ACCOUNT": "3/day"})
    by_account = [
        [Browser(service.url).sign_in(email, "wrong").status_code for _ in range(5)] for email in (account, new_email())
    ]
    assert by_account == [[401, 401, 401, 429, 429]] * 2


@pytest.mark.thorough
def test_sign_up_for_a_taken_address_answers_as_for_a_new_one_where_addresses_are_confirmed(
    start_service: StartService,
) -> None:
    # What Supabase answers then; the embedded one says 429 instead. A taken address gets a made-up user without identities.
    first, made_up = str(USER["id"]), "7d3f1c52-0b9e-4f6a-8a51-2c9e4b7d6f10"
    moment = USER["created_at"]
    identity = {"identity_id": first, "id": first, "user_id": first, "identity_data": {}, "provider": "email"}
    identity |= {"created_at": moment, "updated_at": moment, "last_sign_in_at": moment}
    answers = []
    with FixedAnswers({}) as upstream:
        service = start_service({"SUPABASE_URL": upstream.url})
        for user in ({**USER, "identities": [identity]}, {**USER, "id": made_up, "identities": []}):
            upstream.answers["POST /auth/v1/signup"] = (200, user)
            answers.append(Browser(service.url).sign_up(str(USER["email"]), PASSWORD))
    new, taken = answers
    assert new.status_code == 200
    assert seen(taken) == (200, new.text.replace(first, made_up), seen(new)[2])
    assert cookies_set(new) == []


def test_sign_up_tells_of_a_taken_address_only_where_supabase_itself_does(service: ServiceProcess, account: str) -> None:
    response = Browser(service.url).sign_up(account)
    assert (response.status_code, response.json()) == (
        409,
        {"code": "auth_email_taken", "message": "This e-mail address is taken", "details": {}},
    )
    assert cookies_set(response) == []


def test_a_password_that_is_refused_does_not_tell_whether_the_address_is_taken(service: ServiceProcess, account: str) -> None:
    known, unknown = (Browser(service.url).sign_up(email, "short") for email in (account, new_email()))
    assert known.status_code == 400
    assert seen(known) == seen(unknown)


@pytest.mark.parametrize(
    "path", ["/auth/users", "/auth/admin/users", "/auth/v1/admin/users", "/rest/v1/user_profile", "/users/1"]
)
def test_no_path_of_supabase_is_reachable_through_the_service(service: ServiceProcess, path: str) -> None:
    response = loopback.get(service.url + path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
