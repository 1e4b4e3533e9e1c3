"""service/contract/responses.py: what a response may be, compiled from the contract."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.contract.documents import load_contract, load_ops_contract
from service.contract.operations import build_table
from service.contract.responses import compile_error_responses
from service.operation import OperationTable
from service.security.cookies import CookieJar

HEADERS = [
    (b"content-type", b"application/json"),
    (b"x-request-id", b"abc"),
    (b"cache-control", b"no-store"),
]
SECRET = "eyJhbGciOiJFUzI1NiJ9.c2VjcmV0.c2VjcmV0"
USER = {"id": "0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11", "email": "ada@example.com"}


CONTRACT = load_contract(CookieJar(False, False, 60))


@pytest.fixture(scope="module")
def contract() -> OperationTable:
    return build_table(CONTRACT, load_ops_contract(), checks_responses=True)


def violations(
    contract: OperationTable,
    body: Any,
    *,
    operation: str = "getMe",
    status: int = 200,
    headers: list[tuple[bytes, bytes]] = HEADERS,
) -> list[str]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    check = {found.id: found.check_response for found in contract.operations}[operation]
    assert check is not None
    return check(status, headers, raw)


def me(**changes: Any) -> dict[str, Any]:
    return {"user": {**USER, "profile": {"displayName": None}} | changes}


def test_a_response_of_the_contract_has_no_violation(contract: OperationTable) -> None:
    assert violations(contract, me()) == []


def test_null_is_accepted_only_where_the_contract_says_nullable(contract: OperationTable) -> None:
    assert violations(contract, me(profile={"displayName": None})) == []
    assert violations(contract, me(email=None)) == ["body/user/email: type"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"user": USER}, ["body/user: required (profile)"]),
        (me(extra=SECRET), ["body/user: additionalProperties"]),
        (me(id=SECRET), ["body/user/id: maxLength", "body/user/id: format"]),
        (me(profile={"displayName": SECRET * 50}), ["body/user/profile/displayName: maxLength"]),
        (b"{", ["body: is not JSON"]),
        (b'{"user": NaN}', ["body: is not JSON"]),
        (b"", ["body: is not JSON"]),
    ],
)
def test_a_violation_names_place_and_rule_and_quotes_no_value(contract: OperationTable, body: Any, expected: list[str]) -> None:
    found = violations(contract, body)
    assert sorted(found) == sorted(expected)
    assert SECRET not in "".join(found)


def test_a_status_that_is_not_documented_is_a_violation(contract: OperationTable) -> None:
    assert violations(contract, me(), status=201) == ["status: 201 is not documented"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"content-type", b"application/problem+json"), *HEADERS[1:]], ["headers/Content-Type: is not documented"]),
        (HEADERS[1:], ["headers/Content-Type: is not documented"]),
        (HEADERS[:2], ["headers/Cache-Control: is required"]),
        ([*HEADERS[:2], (b"Cache-Control", b"private")], ["headers/Cache-Control: enum"]),
        ([HEADERS[0], HEADERS[2]], ["headers/X-Request-ID: is required"]),
        ([HEADERS[0], HEADERS[2], (b"x-request-id", SECRET.encode() + b"?")], ["headers/X-Request-ID: pattern"]),
    ],
)
def test_headers_are_checked(contract: OperationTable, headers: list[tuple[bytes, bytes]], expected: list[str]) -> None:
    assert violations(contract, me(), headers=headers) == expected


def test_a_number_in_a_header_is_checked_as_a_number(contract: OperationTable) -> None:
    error = {"code": "rate_limited", "message": "Too many requests", "details": {"retryAfter": 30}}
    for value, expected in ((b"30", []), (b"0", ["headers/Retry-After: minimum"]), (b"soon", ["headers/Retry-After: type"])):
        assert violations(contract, error, status=429, headers=[*HEADERS, (b"retry-after", value)]) == expected


def test_an_error_must_carry_a_code_that_this_operation_and_status_have(contract: OperationTable) -> None:
    challenge = [*HEADERS, (b"www-authenticate", b'Bearer realm="x"')]
    error = {"code": "unauthorized", "message": "Missing or invalid token", "details": {}}
    assert violations(contract, error, status=401, headers=challenge) == []
    assert violations(contract, error, status=401, headers=challenge, operation="refreshSession") == ["body: oneOf"]


def test_head_is_answered_as_get_without_its_body(contract: OperationTable) -> None:
    operation, _ = contract.find("HEAD", "/auth/me")
    assert operation is not None
    assert operation.id == "getMe"
    assert operation.check_response is not None
    assert operation.check_response(200, HEADERS, b"", bodiless=True) == []


def test_a_path_of_no_operation_answers_errors_in_the_error_schema(contract: OperationTable) -> None:
    assert contract.find("GET", "/nowhere") == (None, {})
    assert contract.find("DELETE", "/auth/me") == (None, {})
    check = compile_error_responses(CONTRACT)
    good = b'{"code":"not_found","message":"There is nothing at this path","details":{}}'
    assert check(404, HEADERS, good) == []
    assert check(404, HEADERS, b'{"code":"not_found","message":"x"}') == ["body: required (details)"]
    assert check(404, [(b"content-type", b"text/plain")], good) == ["headers/Content-Type: an error is application/json"]
