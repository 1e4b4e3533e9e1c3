"""What the contract keeps to as a document: what a linter that looks at one place at a time cannot see."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from itertools import permutations
from typing import Any

import pytest

from local.welcome import SIGN_IN, SIGN_UP
from service.contract.documents import Document, load_ops_contract, read_document, resolve
from service.error_codes import MEANINGS
from service.supabase.error_codes import BY_CALL, DATA_API
from service.supabase.error_codes import MEANINGS as SUPABASE_MEANINGS
from tests.support.service import ROOT
from tools.error_codes import answered_codes, documented_codes

CONTRACT = read_document("auth.yaml")
SCHEMAS: Document = CONTRACT["components"]["schemas"]
OPERATIONS = {operation["operationId"]: operation for methods in CONTRACT["paths"].values() for operation in methods.values()}
UPSTREAM = {"upstream_error", "upstream_unavailable", "upstream_timeout"}
NO_SCHEMAS = {"example", "examples", "discriminator"}
CHOICES = {name: schema for name, schema in SCHEMAS.items() if "discriminator" in schema}


def nodes(node: Any, contract: Document = CONTRACT) -> Iterator[Document]:
    """Every object below a part of the contract, those that references lead to included; examples are not looked into."""
    if isinstance(node, list):
        for item in node:
            yield from nodes(item, contract)
    elif isinstance(node, dict):
        node = resolve(contract, node)
        yield node
        yield from nodes([value for key, value in node.items() if key not in NO_SCHEMAS], contract)


def codes(operation_id: str, contract: Document = CONTRACT) -> set[str]:
    """The error codes that an operation documents."""
    return {
        code
        for where, _, code in answered_codes(contract)
        for method, path in [where.split()]
        if contract["paths"][path][method.lower()]["operationId"] == operation_id
    }


@pytest.mark.parametrize("kind", ["headers", "responses", "schemas"])
def test_no_two_names_are_one_to_a_generator(kind: str) -> None:
    """Go exports what is capitalised and names constructors New...; a file system may not tell upper from lower case."""
    names = [*CONTRACT["components"][kind], *(CONTRACT["components"]["securitySchemes"] if kind == "schemas" else ())]
    plain = Counter(name.casefold().removeprefix("new") for name in names)
    assert [name for name, times in plain.items() if times > 1] == []
    assert [name for name in names if name.startswith("New") or name in {"Error", "Response", "Request", "Object"}] == []


def test_no_pattern_escapes_what_ends_a_line_in_javascript() -> None:
    patterns = [node["pattern"] for node in nodes([CONTRACT["paths"], CONTRACT["components"]]) if "pattern" in node]
    assert [pattern for pattern in patterns if "\\u2028" in pattern or "\\u2029" in pattern or not pattern.isascii()] == []


def test_answers_are_open() -> None:
    for operation in OPERATIONS.values():
        assert [node for node in nodes(operation["responses"]) if node.get("additionalProperties") is False] == []


@pytest.mark.parametrize("operation_id", [name for name, operation in OPERATIONS.items() if "requestBody" in operation])
def test_requests_are_closed(operation_id: str) -> None:
    objects = [node for node in nodes(OPERATIONS[operation_id]["requestBody"]) if node.get("type") == "object"]
    assert objects
    assert all(node["additionalProperties"] is False for node in objects)


def test_every_code_is_answered_by_something_at_its_own_status_with_the_services_message() -> None:
    documented = {code.code: (code.status, code.message) for code in documented_codes(CONTRACT)}
    assert documented == {code.value: (meaning.status, meaning.message) for code, meaning in MEANINGS.items()}
    examples = {schema["example"]["code"] for schema in SCHEMAS.values() if "x-status" in schema}
    assert examples == documented.keys()


def test_every_code_that_supabase_is_understood_to_say_is_one_that_an_operation_answers() -> None:
    answered = {code for _, _, code in answered_codes(CONTRACT)}
    for meanings in (SUPABASE_MEANINGS, DATA_API, *BY_CALL.values()):
        assert {code.value for code in meanings.values()} <= answered


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_an_operation_documents_what_follows_from_what_it_asks_for(operation_id: str) -> None:
    operation = OPERATIONS[operation_id]
    always = set.intersection(*(set(alternative) for alternative in operation["security"] or [{}]))
    expected = {"payload_too_large", "internal_error"} | ({"rate_limited"} if operation["x-rate-limits"] else set())
    expected |= {"csrf_failed"} if "csrfToken" in always else set()
    expected |= {"unauthorized"} if "accessToken" in always else set()
    expected |= {"auth_refresh_missing", "auth_refresh_invalid"} if "refreshCookie" in always else set()
    expected |= {"invalid_request", "unsupported_media_type", "request_timeout"} if "requestBody" in operation else set()
    assert expected <= codes(operation_id)
    assert codes(operation_id) & UPSTREAM in (set(), UPSTREAM)


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_whatever_changes_something_asks_for_the_csrf_token(operation_id: str) -> None:
    security = OPERATIONS[operation_id]["security"]
    if any(methods.get("get") is OPERATIONS[operation_id] for methods in CONTRACT["paths"].values()):
        assert not any("csrfToken" in alternative for alternative in security)
    else:
        assert security
        assert all("csrfToken" in alternative for alternative in security)


@pytest.mark.parametrize("name", CHOICES)
def test_codes_that_share_a_status_are_told_apart_by_a_discriminator(name: str) -> None:
    options = [resolve(CONTRACT, option) for option in CHOICES[name]["oneOf"]]
    assert len({option["x-status"] for option in options}) == 1
    assert CHOICES[name]["discriminator"] == {
        "propertyName": "code",
        "mapping": {
            option["properties"]["code"]["enum"][0]: reference["$ref"]
            for option, reference in zip(options, CHOICES[name]["oneOf"], strict=True)
        },
    }


def test_only_answers_without_a_code_are_told_apart_by_what_is_in_them() -> None:
    """Two with a required property that the other has not: what has neither is no answer, what has one is that one."""
    for name, schema in SCHEMAS.items():
        if "oneOf" in schema and name not in CHOICES:
            options = [resolve(CONTRACT, option) for option in schema["oneOf"]]
            assert not any("x-status" in option for option in options)
            for option, other in permutations(options, 2):
                assert set(option["required"]) - other["properties"].keys()


def test_a_response_with_several_codes_has_the_example_of_each() -> None:
    for name, response in CONTRACT["components"]["responses"].items():
        media = response["content"]["application/json"]
        schema = resolve(CONTRACT, media["schema"])
        options = [resolve(CONTRACT, option) for option in schema.get("oneOf", []) if "discriminator" in schema]
        if not options and "oneOf" in schema:
            continue
        expected = {option["example"]["code"]: {"value": option["example"]} for option in options}
        assert media.get("examples", {}) == expected, name


def test_the_changelog_begins_with_the_contracts_version() -> None:
    headings = re.findall(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == CONTRACT["info"]["version"]


def test_examples_tell_of_one_ada() -> None:
    """So that a mock answers about the user who signed up, and what `make run` prints works in Swagger UI."""
    elsewhere = {"EmailChangeRequest"}  # the address that she moves to is another one
    examples = [schema["example"] for name, schema in SCHEMAS.items() if "example" in schema and name not in elsewhere]
    said: dict[str, set[Any]] = {"email": set(), "password": set(), "displayName": set(), "id": set()}
    for node in (found for example in examples for found in nodes(example)):
        for name in said.keys() & node.keys():
            if name != "id" or node.keys() <= {"id", "email", "profile"}:  # others than users have ids of their own
                said[name].add(node[name])
    assert {name: len(values) for name, values in said.items()} == dict.fromkeys(said, 1)
    assert all(f'"{said[name].copy().pop()}"' in SIGN_UP + SIGN_IN for name in ("email", "password", "displayName"))


def test_the_operators_contract_stands_alone_once_it_is_loaded() -> None:
    contract = load_ops_contract()
    assert all("$ref" not in node for node in nodes(contract, contract))


PLANTED = {
    "a code at another's status": ("410", "AuthEmailTaken", "auth_email_taken belongs to 409"),
    "a code that nothing answers": ("401", "SessionOpened", "nothing answers auth_invalid_credentials"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_generation_refuses(name: str) -> None:
    status, response, complaint = PLANTED[name]
    contract = deepcopy(CONTRACT)
    contract["paths"]["/auth/signin"]["post"]["responses"][status] = {"$ref": f"#/components/responses/{response}"}
    with pytest.raises(ValueError, match=complaint):
        documented_codes(contract)
