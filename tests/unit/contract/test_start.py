"""What a contract asks for and nobody serves stops the start, and says what is missing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from starlette.datastructures import Headers

from service.contract.documents import load_contract
from service.contract.endpoint import OperationEndpoint
from service.contract.handlers import find_handlers
from service.contract.operations import build_table
from service.contract.security_schemes import Scheme, named
from service.limits.rate_limit import build_limiter
from service.operation import Operation, OperationTable
from service.reply import Reply
from service.security.cookies import CookieJar
from service.settings import Settings

CONTRACT = load_contract(CookieJar(False, False, 60))
ME = ("paths", "/auth/me", "get")


def changed(*path: str, **values: Any) -> dict[str, Any]:
    """The contract with some keys of one of its nodes changed."""
    document = copy.deepcopy(CONTRACT)
    node = document
    for part in path:
        node = node[part]
    node.update(values)
    return document


class Capability:
    async def get_thing(self) -> Reply:
        raise NotImplementedError

    async def _helper(self) -> None:
        raise NotImplementedError


TABLE = OperationTable([Operation("getThing", "GET", "/thing")])


def test_a_handler_is_found_by_the_operations_name() -> None:
    capability = Capability()
    assert find_handlers(TABLE, [object(), capability]) == {"getThing": capability.get_thing}


def test_an_operation_without_a_handler_stops_the_start() -> None:
    with pytest.raises(ValueError, match="no handler is called get_thing"):
        find_handlers(TABLE, [])


def test_a_handler_without_an_operation_stops_the_start() -> None:
    with pytest.raises(ValueError, match="no operation for the handler get_thing"):
        find_handlers(OperationTable([]), [Capability()])


def test_a_handler_of_two_capabilities_stops_the_start() -> None:
    with pytest.raises(ValueError, match="get_thing is a handler of two"):
        find_handlers(TABLE, [Capability(), Capability()])


async def _check(_headers: Headers) -> None:
    """Anybody may come."""


@pytest.mark.parametrize(
    "document",
    [
        changed(*ME, security=[{"apiToken": []}]),
        changed("components", "securitySchemes", apiToken={"type": "openIdConnect", "openIdConnectUrl": "https://x"}),
    ],
)
def test_a_security_scheme_that_nobody_serves_stops_the_start(document: dict[str, Any]) -> None:
    schemes = {name: Scheme(_check) for name in ("csrfToken", "refreshCookie", "accessToken")}
    named(CONTRACT, schemes)
    with pytest.raises(ValueError, match="nobody serves the security scheme apiToken"):
        named(document, schemes)


def test_a_rate_limit_that_nobody_knows_stops_the_start(settings: Settings) -> None:
    table = build_table(changed(*ME, **{"x-rate-limits": ["address", "made-up"]}))
    with pytest.raises(ValueError, match="no rate limit is called made-up"):
        build_limiter(settings, table)


@pytest.mark.parametrize(
    "parameter",
    [
        {"in": "header", "name": "X-Thing", "schema": {"type": "string"}},
        {"in": "query", "name": "ids", "schema": {"type": "array", "items": {"type": "string"}}},
    ],
)
def test_a_parameter_that_is_not_read_stops_the_start(parameter: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="only single values in path and query are read"):
        build_table(changed(*ME, parameters=[parameter]))


def test_a_response_that_cannot_be_closed_stops_the_start() -> None:
    document = changed("components", "schemas", Me={"allOf": [{"$ref": "#/components/schemas/User"}]})
    with pytest.raises(ValueError, match="allOf in a response"):
        build_table(document, checks_responses=True)


async def _wants_more(body: object, more: str) -> Reply:
    raise NotImplementedError


async def _ignores_the_parameter() -> Reply:
    raise NotImplementedError


@pytest.mark.parametrize(("handler", "what"), [(_wants_more, "more, thing_id"), (_ignores_the_parameter, "thing_id")])
def test_a_handler_that_the_contract_does_not_fit_stops_the_start(handler: Callable[..., Any], what: str) -> None:
    thing = {"in": "path", "name": "thingId", "required": True, "schema": {"type": "string", "format": "uuid"}}
    document = changed("paths", "/auth/signin", "post", parameters=[thing])
    operation = next(operation for operation in build_table(document).operations if operation.id == "signIn")
    with pytest.raises(ValueError, match=f"signIn and the contract do not agree about {what}$"):
        OperationEndpoint(operation, handler, credentials=frozenset(), readers={}, hooks=[])


def test_the_codes_of_an_operation_are_those_that_it_documents() -> None:
    codes = {operation.id: operation.codes for operation in build_table(CONTRACT).operations}
    assert codes["getCsrfToken"] == {"payload_too_large", "rate_limited", "internal_error"}
    assert {"auth_invalid_credentials", "auth_user_banned", "csrf_failed", "upstream_timeout"} <= codes["signIn"]


def test_responses_are_closed_for_the_check_though_the_document_leaves_them_open() -> None:
    document = copy.deepcopy(CONTRACT)
    for schema in ("Me", "UserWithProfile", "Profile"):
        document["components"]["schemas"][schema].pop("additionalProperties", None)
    before = copy.deepcopy(document)
    operation = next(op for op in build_table(document, checks_responses=True).operations if op.id == "getMe")
    assert document == before, "what is served is the document as it was written"
    assert operation.check_response is not None
    headers = [(b"content-type", b"application/json"), (b"x-request-id", b"a"), (b"cache-control", b"no-store")]
    user = b'{"user": {"id": "0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11", "email": "", "profile": {"displayName": null%b}}}'
    assert operation.check_response(200, headers, user % b"") == []
    assert operation.check_response(200, headers, user % b', "more": 1') == ["body/user/profile: additionalProperties"]
