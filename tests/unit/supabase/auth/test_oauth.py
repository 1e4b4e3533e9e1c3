"""What is asked on the way through a provider, as it arrives, and what the answers mean."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.auth.captcha import NO_CAPTCHA, CaptchaAnswer
from service.supabase.auth.oauth import returned_error
from service.supabase.error_codes import RETURNED
from tests.support.fixed_answers import SESSION, USER
from tests.support.raw_server import Exchange, response
from tests.unit.supabase.auth.asking import ADA, BACK
from tests.unit.supabase.auth.conftest import SETTINGS, Asked


def answers(asked: Asked, path: str, body: object, status: str = "200 OK") -> None:
    """Let the server answer this at a path, and its settings elsewhere."""

    async def answer(exchange: Exchange) -> None:
        there = path in exchange.head.split()[1]
        await exchange.send(response(json.dumps(body if there else SETTINGS).encode(), status=status if there else "200 OK"))

    asked.server.answer = answer


async def refusal(asked: Asked) -> ErrorCode:
    with pytest.raises(ApiError) as refused:
        await asked.oauth.sso_url("example.com", BACK, client_address=None, captcha=NO_CAPTCHA)
    return refused.value.code


def test_the_way_to_a_provider_is_made_without_asking(asked: Asked) -> None:
    url = urlsplit(asked.oauth.sign_in_url("github", BACK, scopes="read:user gist"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{asked.server.url}/auth/v1/authorize"
    assert parse_qs(url.query) == {
        "provider": ["github"],
        "scopes": ["read:user gist"],
        "redirect_to": [BACK.redirect_to],
        "code_challenge": [BACK.code_challenge],
        "code_challenge_method": ["s256"],
    }
    assert asked.server.exchanges == []


async def test_a_provider_that_is_known_to_be_on_is_not_asked_about(asked: Asked) -> None:
    for _ in range(3):
        await asked.oauth.require_provider("GitHub")
    assert [exchange.head.split()[1] for exchange in asked.server.exchanges] == ["/auth/v1/settings"]


@pytest.mark.parametrize("status", ["302 Found", "303 See Other", "200 OK"])
async def test_a_provider_of_the_projects_own_is_tried(asked: Asked, status: str) -> None:
    answers(asked, "/authorize", {}, status)
    await asked.oauth.require_provider("custom:ours")
    assert asked.server.exchanges[-1].head.split()[1] == "/auth/v1/authorize?provider=custom%3Aours"


async def test_and_refused_where_supabase_does_not_know_it(asked: Asked) -> None:
    answers(asked, "/authorize", {"code": "validation_failed", "message": "no"}, "400 Bad Request")
    with pytest.raises(ApiError) as refused:
        await asked.oauth.require_provider("custom:theirs")
    assert refused.value.code is ErrorCode.auth_provider_disabled


async def test_linking_asks_as_the_user_for_an_address_to_go_to(asked: Asked) -> None:
    assert await asked.oauth.link_url(ADA, "github", BACK, scopes=None) == "https://provider.example/authorize"
    target = urlsplit(asked.server.exchanges[-1].head.split()[1])
    assert target.path == "/auth/v1/user/identities/authorize"
    assert parse_qs(target.query) == {
        "provider": ["github"],
        "redirect_to": [BACK.redirect_to],
        "code_challenge": [BACK.code_challenge],
        "code_challenge_method": ["s256"],
        "skip_http_redirect": ["true"],
    }


async def test_a_directory_is_asked_for_by_domain(asked: Asked) -> None:
    captcha = CaptchaAnswer("from-the-widget")
    url = await asked.oauth.sso_url("Example.COM", BACK, client_address=None, captcha=captcha)
    assert url == "https://provider.example/authorize"
    _settings, exchange = asked.server.exchanges
    assert exchange.head.split()[:2] == ["POST", "/auth/v1/sso"]
    assert json.loads(exchange.body) == {
        "domain": "example.com",
        "skip_http_redirect": True,
        "redirect_to": BACK.redirect_to,
        "code_challenge": BACK.code_challenge,
        "code_challenge_method": "s256",
        "gotrue_meta_security": {"captcha_token": "from-the-widget"},
    }


# As GoTrue's internal/api/sso.go and middleware.go have them.
@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("saml_provider_disabled", "404 Not Found", ErrorCode.auth_provider_disabled),
        ("sso_provider_disabled", "404 Not Found", ErrorCode.auth_provider_disabled),
        ("sso_provider_not_found", "404 Not Found", ErrorCode.auth_sso_domain_unknown),
        ("captcha_failed", "400 Bad Request", ErrorCode.auth_captcha_required),
        ("unexpected_failure", "500 Internal Server Error", ErrorCode.upstream_error),
    ],
)
async def test_why_there_is_no_directory(asked: Asked, code: str, status: str, meaning: ErrorCode) -> None:
    answers(asked, "/sso", {"code": code, "message": "no"}, status)
    assert await refusal(asked) is meaning


async def test_a_project_without_directories_is_not_asked_for_one(asked: Asked) -> None:
    answers(asked, "/settings", {**SETTINGS, "saml_enabled": False})
    assert await refusal(asked) is ErrorCode.auth_provider_disabled
    assert len(asked.server.exchanges) == 1


@pytest.mark.parametrize(
    "body",
    [
        {}, [], None, {"url": None}, {"url": ""}, {"url": "javascript:alert(1)"}, {"url": "//provider.example"},
        {"url": "https://"}, {"url": "data:text/html,x"}, {"url": "https://x/" + "a" * 20_000}, {"url": "https://[::1"},
    ],
)  # fmt: skip
async def test_what_is_no_address_sends_nobody_anywhere(asked: Asked, body: object) -> None:
    answers(asked, "/sso", body)
    assert await refusal(asked) is ErrorCode.upstream_error


async def test_a_code_is_exchanged_with_the_verifier_of_its_flow(asked: Asked) -> None:
    answers(asked, "/token", {**SESSION, "provider_token": "gho_1", "provider_refresh_token": ""})
    exchanged = await asked.oauth.exchange("the-code", "the-verifier", client_address=None)
    [exchange] = asked.server.exchanges
    assert exchange.head.split()[:2] == ["POST", "/auth/v1/token?grant_type=pkce"]
    assert json.loads(exchange.body) == {"auth_code": "the-code", "code_verifier": "the-verifier"}
    assert (exchanged.tokens.user_id, exchanged.provider_token, exchanged.provider_refresh_token) == (USER["id"], "gho_1", None)
    assert "gho_1" not in repr(exchanged)


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("bad_code_verifier", "400 Bad Request", ErrorCode.auth_flow_invalid),
        ("flow_state_not_found", "404 Not Found", ErrorCode.auth_flow_invalid),
        ("validation_failed", "400 Bad Request", ErrorCode.auth_flow_invalid),
        ("user_not_found", "404 Not Found", ErrorCode.auth_flow_invalid),
        ("flow_state_expired", "422 Unprocessable Entity", ErrorCode.auth_flow_expired),
        ("user_banned", "403 Forbidden", ErrorCode.auth_user_banned),
    ],
)
async def test_why_a_code_is_not_exchanged(asked: Asked, code: str, status: str, meaning: ErrorCode) -> None:
    answers(asked, "/token", {"error_code": code, "message": "no"}, status)
    with pytest.raises(ApiError) as refused:
        await asked.oauth.exchange("code", "verifier", client_address=None)
    assert refused.value.code is meaning


@pytest.mark.parametrize("code", [None, "", "unexpected_failure", "a_code_of_tomorrow", "saml_assertion_no_email"])
def test_what_is_not_known_to_be_something_else_is_the_providers_refusal(code: str | None) -> None:
    assert returned_error(code).code is ErrorCode.auth_provider_denied


def test_what_is_known_has_the_details_of_its_code() -> None:
    assert {returned_error(code).code for code in RETURNED} == set(RETURNED.values())
    assert returned_error("unknown").details == {"explanation": ""}
    assert returned_error("over_email_send_rate_limit").details == {"retryAfter": 60}
