"""The recorded server against the recordings: each scenario, played on it, is recorded again, and is the same text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local import keys
from tests.recorded.__main__ import FOLDER, act, document
from tests.recorded.scenarios import SCENARIOS
from tests.recorded.scenarios.scene import query_of
from tests.support.project import elliptic
from tests.support.upstream.base import SITE
from tests.support.upstream.proofs import pkce
from tests.support.upstream.recorded import RecordedUpstream

pytestmark = pytest.mark.thorough


def told(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return content


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_recorded_server_answers_as_the_real_one_did(name: str) -> None:
    recorded = told(name)
    with RecordedUpstream(keys.generate()) as upstream:
        scene = act(SCENARIOS[name], upstream)
    again = document(SCENARIOS[name], scene, recorded["made_by"])
    for before, after in zip(recorded["exchanges"], again["exchanges"], strict=True):
        assert after == before
    assert again == recorded


def test_every_recording_has_a_scenario_that_makes_it_again() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(SCENARIOS)


def test_a_token_may_be_signed_with_a_key_that_is_published() -> None:
    key = elliptic("a-key")
    with RecordedUpstream(keys.generate(), key) as upstream:
        session = upstream.session(upstream.person())
        assert upstream.wire.call("GET", "/user", token=session.access_token).status == 200
        published = upstream.wire.call("GET", "/.well-known/jwks.json", key="").json
    assert [each["kid"] for each in published["keys"]] == ["a-key"]


def test_a_person_says_yes_at_the_provider_and_comes_back_with_a_code() -> None:
    verifier, challenge = pkce()
    with RecordedUpstream(keys.generate()) as upstream:
        upstream.next_at_provider("octo@example.com")
        query = f"provider=github&redirect_to={SITE}/account/return&code_challenge={challenge}&code_challenge_method=s256"
        back = upstream.consent(f"{upstream.url}/auth/v1/authorize?{query}")
        exchange = {"auth_code": query_of(back)["code"], "code_verifier": verifier}
        answer = upstream.wire.call("POST", "/token?grant_type=pkce", exchange)
    assert answer.json["user"]["email"] == "octo@example.com"


def test_what_was_not_recorded_is_refused_loudly_and_fails_the_test() -> None:
    upstream = RecordedUpstream(keys.generate())
    upstream.__enter__()
    answer = upstream.wire.call("GET", "/passkeys")
    assert answer.status == 501
    assert "NOT RECORDED" in answer.text
    with pytest.raises(AssertionError, match="no recording answers this"):
        upstream.__exit__(None, None, None)
