"""The error codes are said in four places, which agree: the enum, the operations, the service's meanings, Supabase's table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from service.contract.documents import load_contract
from service.error_codes import MEANINGS, ErrorCode
from service.security.cookies import CookieJar
from service.supabase.calls import ALLOWED, Call
from tools.error_reference import entries

CONTRACT = load_contract(CookieJar(False, False, 60, 60))
UPSTREAM = {"upstream_error", "upstream_unavailable", "upstream_timeout"}

# What each operation asks of Supabase and answers the errors of. Signing out swallows them: the cookie is cleared all the same.
CALLS: dict[str, tuple[Call, ...]] = {
    "getCsrfToken": (),
    "signUp": (Call.sign_up,),
    "signIn": (Call.sign_in,),
    "getMe": (Call.get_user, Call.get_profile),
    "refreshSession": (Call.refresh,),
    "logout": (),
}
OPERATIONS = {op["operationId"]: op for methods in CONTRACT["paths"].values() for op in methods.values()}


def resolve(node: Any) -> Any:
    while "$ref" in node:
        target: Any = CONTRACT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def documented(operation: dict[str, Any]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Status, code and response of each error of an operation."""
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            response = resolve(response)
            schema = response["content"]["application/json"]["schema"]
            for option in schema.get("oneOf", [schema]):
                for code in resolve(option)["properties"]["code"]["enum"]:
                    yield int(status), code, response


def own_codes(operation: dict[str, Any]) -> set[str]:
    """The codes that follow from what an operation asks for, whatever Supabase says."""
    alternatives = operation["security"] or [{}]
    always = set.intersection(*(set(alternative) for alternative in alternatives))
    codes = {"payload_too_large", "rate_limited", "internal_error"}
    codes |= {"csrf_failed"} if "csrfToken" in always else set()
    codes |= {"unauthorized"} if "accessToken" in always else set()
    codes |= {"auth_refresh_missing"} if "refreshCookie" in always else set()
    codes |= {"invalid_request", "unsupported_media_type", "request_timeout"} if "requestBody" in operation else set()
    return codes | (UPSTREAM if CALLS[operation["operationId"]] else set())


def test_every_code_has_a_meaning_and_every_meaning_a_code() -> None:
    assert set(MEANINGS) == set(ErrorCode)
    assert {entry.code for entry in entries(CONTRACT)} == {code.value for code in ErrorCode}


def test_every_code_has_one_status_and_it_is_the_contracts() -> None:
    for entry in entries(CONTRACT):
        assert entry.statuses == {MEANINGS[ErrorCode(entry.code)].status}, entry.code


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_an_operation_documents_what_it_can_answer_and_nothing_else(operation_id: str) -> None:
    operation = OPERATIONS[operation_id]
    from_supabase = {code.value for call in CALLS[operation_id] for code in ALLOWED[call]}
    assert {code for _, code, _ in documented(operation)} == own_codes(operation) | from_supabase


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_every_code_has_an_example_of_its_own_with_the_services_message(operation_id: str) -> None:
    for _, code, response in documented(OPERATIONS[operation_id]):
        example = resolve(response["content"]["application/json"]["examples"][code])["value"]
        assert example["code"] == code
        assert example["message"] == MEANINGS[ErrorCode(code)].message


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_codes_that_share_a_status_are_told_apart_by_a_discriminator(operation_id: str) -> None:
    for _, code, response in documented(OPERATIONS[operation_id]):
        schema = response["content"]["application/json"]["schema"]
        if "oneOf" in schema:
            assert schema["discriminator"]["propertyName"] == "code"
            assert resolve({"$ref": schema["discriminator"]["mapping"][code]})["properties"]["code"]["enum"] == [code]


def test_a_call_to_supabase_belongs_to_an_operation_or_answers_nobody() -> None:
    answered = {call for calls in CALLS.values() for call in calls}
    assert set(ALLOWED) - answered == {Call.sign_out, Call.jwks}
