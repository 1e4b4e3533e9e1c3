"""The ways to sign in that a user has: seen, linked and taken away."""

from __future__ import annotations

import httpx
import pytest

from tests.support import flows
from tests.support.browser import Browser, cookies_set
from tests.support.service import ServiceProcess
from tests.support.upstream.base import Person, Upstream, address
from tests.support.upstream.proofs import claims

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def ada(upstream: Upstream, visitor: Browser) -> Person:
    """Somebody who is signed in with a password."""
    person = upstream.person()
    assert visitor.sign_in(person.email, person.password).status_code == 200
    return person


def listed(browser: Browser) -> list[dict[str, str]]:
    response = browser.http.get("/auth/identities", headers=flows.bearer(browser))
    assert response.status_code == 200, response.text
    identities: list[dict[str, str]] = response.json()["identities"]
    return identities


def by_provider(browser: Browser) -> dict[str, str]:
    """The ids."""
    return {identity["provider"]: identity["id"] for identity in listed(browser)}


def unlink(browser: Browser, identity_id: str) -> httpx.Response:
    headers = flows.bearer(browser) | {"X-CSRF-Token": browser.csrf_token or ""}
    return browser.http.delete(f"/auth/identities/{identity_id}", headers=headers)


def test_who_came_by_a_provider_has_that_one_way_in(upstream: Upstream, visitor: Browser) -> None:
    email = address("gh")
    flows.sign_in(upstream, visitor, email)
    [identity] = listed(visitor)
    assert (identity["provider"], identity["email"]) == ("github", email)
    assert {"id", "createdAt", "lastSignInAt"} <= identity.keys()


def test_the_list_asks_for_a_token(visitor: Browser) -> None:
    assert flows.told(visitor.http.get("/auth/identities")) == (401, "unauthorized")


@pytest.mark.upstreams("recorded", "real")
def test_a_provider_is_linked_to_who_is_signed_in(upstream: Upstream, visitor: Browser, ada: Person) -> None:
    before = visitor.access_token
    completed = flows.link(upstream, visitor, returnTo="/account")
    assert completed.status_code == 200, completed.text
    assert (completed.json()["user"]["id"], completed.json()["returnTo"]) == (ada.id, "/account")
    assert cookies_set(completed) == ["sb_refresh_token", "latchkey_session"]
    assert sorted(by_provider(visitor)) == ["email", "github"]
    assert visitor.refresh().json()["user"]["id"] == ada.id
    flows.assert_ended(visitor, before)


@pytest.mark.upstreams("recorded", "real")
def test_and_may_sign_in_by_it_from_then_on(upstream: Upstream, visitor: Browser, ada: Person) -> None:
    flows.link(upstream, visitor)
    visitor.logout()
    visitor.reload()
    again = flows.complete(visitor, flows.go(upstream, flows.start(visitor)).completion)
    assert again.json()["user"]["id"] == ada.id


@pytest.mark.upstreams("recorded", "real")
def test_the_cookies_of_a_session_that_was_not_to_be_remembered_stay_so(upstream: Upstream, visitor: Browser) -> None:
    person = upstream.person()
    body = {"email": person.email, "password": person.password, "remember": False}
    visitor.access_token = visitor.post("/auth/signin", body).json()["accessToken"]
    completed = flows.link(upstream, visitor)
    assert completed.status_code == 200
    assert "Max-Age" not in completed.headers["set-cookie"]


@pytest.mark.upstreams("recorded", "real")
def test_it_is_taken_away_again_and_the_session_stays(upstream: Upstream, visitor: Browser, ada: Person) -> None:
    flows.link(upstream, visitor)
    response = unlink(visitor, by_provider(visitor)["github"])
    assert (response.status_code, response.text) == (204, "")
    assert cookies_set(response) == []
    assert list(by_provider(visitor)) == ["email"]
    assert visitor.refresh().json()["user"]["id"] == ada.id


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.usefixtures("ada")
def test_the_last_way_in_stays(visitor: Browser) -> None:
    assert flows.told(unlink(visitor, by_provider(visitor)["email"])) == (409, "auth_last_identity")


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.usefixtures("ada")
def test_an_identity_that_is_not_the_users_is_not_there(
    upstream: Upstream, served: ServiceProcess, visitor: Browser, linked: bool
) -> None:
    grace = Browser(served.url)
    flows.sign_in(upstream, grace)
    hers = by_provider(grace)["github"]
    if linked:
        flows.link(upstream, visitor)
    for identity_id in (NOBODY, hers, hers.upper()):
        assert flows.told(unlink(visitor, identity_id)) == (404, "not_found")
    assert by_provider(grace) == {"github": hers}


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.usefixtures("ada")
def test_what_is_no_id_is_refused_before_anything_is_asked(visitor: Browser) -> None:
    assert flows.told(unlink(visitor, "x")) == (400, "invalid_request")


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.usefixtures("ada")
def test_an_address_that_another_account_has_keeps_an_identity_linked(upstream: Upstream, visitor: Browser) -> None:
    taken = upstream.person(address("gh"))
    flows.link(upstream, visitor, taken.email)
    assert flows.told(unlink(visitor, by_provider(visitor)["email"])) == (409, "auth_identity_conflict")


@pytest.mark.upstreams("recorded", "real")
def test_an_identity_that_somebody_has_is_not_linked_again(
    upstream: Upstream, served: ServiceProcess, visitor: Browser, ada: Person
) -> None:
    flows.sign_in(upstream, Browser(served.url))
    back = flows.go(upstream, flows.start(visitor, intent="link"))
    assert "code" not in back.query
    assert flows.told(flows.complete(visitor, back.completion)) == (409, "auth_identity_taken")
    assert visitor.refresh().json()["user"]["id"] == ada.id


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.project(SECURITY_MANUAL_LINKING_ENABLED="false")
@pytest.mark.usefixtures("ada")
def test_where_linking_is_switched_off_it_says_so(visitor: Browser) -> None:
    assert flows.told(flows.start(visitor, intent="link")) == (403, "auth_linking_disabled")
    assert flows.told(unlink(visitor, by_provider(visitor)["email"])) == (403, "auth_linking_disabled")


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.usefixtures("ada")
def test_linking_asks_for_a_token_and_for_a_provider_that_is_on(visitor: Browser) -> None:
    assert flows.told(flows.start(visitor, "google", intent="link")) == (403, "auth_provider_disabled")
    visitor.reload()
    assert flows.told(flows.start(visitor, intent="link")) == (401, "unauthorized")


@pytest.mark.upstreams("recorded", "real")
def test_with_a_second_factor_linking_and_unlinking_ask_for_it(upstream: Upstream, visitor: Browser, ada: Person) -> None:
    flows.link(upstream, visitor)
    github = by_provider(visitor)["github"]
    factor = upstream.factor(upstream.session(ada))
    visitor.sign_in(ada.email, ada.password)
    for refused in (flows.start(visitor, intent="link"), unlink(visitor, github)):
        assert flows.told(refused) == (403, "auth_mfa_required")
        assert [found["id"] for found in refused.json()["details"]["factors"]] == [factor.id]
        assert 'acr_values="aal2"' in refused.headers["WWW-Authenticate"]

    visitor.access_token = factor.session.access_token
    assert claims(visitor.access_token)["aal"] == "aal2"
    assert flows.start(visitor, intent="link").status_code == 200
    assert unlink(visitor, github).status_code == 204


@pytest.mark.upstreams("recorded", "real")
def test_who_has_a_second_factor_is_asked_for_it_after_linking(upstream: Upstream, visitor: Browser, ada: Person) -> None:
    visitor.access_token = upstream.factor(upstream.session(ada)).session.access_token
    assert flows.start(visitor, intent="link").status_code == 200
    completed = flows.link(upstream, visitor)
    assert (completed.json()["next"], completed.json()["aal"]) == ("mfa", "aal1")


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.usefixtures("ada")
def test_a_session_that_is_over_neither_lists_nor_links(upstream: Upstream, visitor: Browser) -> None:
    upstream.end_session(claims(visitor.access_token or "")["session_id"])
    assert flows.told(visitor.http.get("/auth/identities", headers=flows.bearer(visitor))) == (401, "unauthorized")
    assert flows.told(flows.start(visitor, intent="link")) == (401, "unauthorized")
    assert flows.told(unlink(visitor, NOBODY)) == (401, "unauthorized")


@pytest.mark.upstreams("embedded")
@pytest.mark.usefixtures("ada")
def test_the_embedded_supabase_says_that_it_has_no_linking(visitor: Browser) -> None:
    assert flows.told(flows.start(visitor, intent="link")) == (403, "auth_linking_disabled")
    assert flows.told(unlink(visitor, by_provider(visitor)["email"])) == (403, "auth_linking_disabled")
