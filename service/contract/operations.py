"""Makes the table of operations from the contracts, with everything compiled that a request will need."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from service.contract.documents import Document, DocumentedOperation, operations, resolve
from service.contract.parameters import compile_parameter
from service.contract.responses import JSON, compile_responses
from service.contract.schemas import Schemas, field_errors
from service.error_codes import ErrorCode
from service.errors import FieldError
from service.operation import CheckBody, Operation, OperationTable

LIMITS: Final = "x-rate-limits"


def build_table(*documents: Document, checks_responses: bool = False) -> OperationTable:
    """The operations of all contracts. Raises ValueError, or KeyError, where a contract says what the service cannot do."""
    return OperationTable(operation for document in documents for operation in _operations(document, checks_responses))


def _operations(document: Document, checks_responses: bool) -> Iterator[Operation]:
    requests = Schemas(document)
    responses = Schemas(document, closed=True) if checks_responses else None
    for documented in operations(document):
        node = documented.node
        yield Operation(
            id=node["operationId"],
            method=documented.method,
            path=documented.path,
            codes=frozenset(_codes(document, node)),
            limits=tuple(node.get(LIMITS, ())),
            parameters=tuple(compile_parameter(parameter, document, requests) for parameter in documented.parameters),
            check_body=_body_check(document, documented, requests),
            body_required=resolve(document, node.get("requestBody", {})).get("required", False),
            check_response=compile_responses(node, document, responses) if responses is not None else None,
        )


def _body_check(document: Document, documented: DocumentedOperation, schemas: Schemas) -> CheckBody | None:
    if "requestBody" not in documented.node:
        return None
    body = resolve(document, documented.node["requestBody"])
    validator = schemas.compile(body["content"][JSON]["schema"])
    check: partial[list[FieldError]] = partial(field_errors, validator)
    return check


def _codes(document: Document, operation: Document) -> Iterator[ErrorCode]:
    """The error codes that an operation documents."""
    for status, response in operation["responses"].items():
        media = resolve(document, response).get("content", {}).get(JSON)
        if status >= "400" and media is not None:
            yield from _codes_of(document, media["schema"])


def _codes_of(document: Document, schema: Document) -> Iterator[ErrorCode]:
    schema = resolve(document, schema)
    for option in schema.get("oneOf", ()):
        yield from _codes_of(document, option)
    code = schema.get("properties", {}).get("code")
    if code is not None:
        yield from map(ErrorCode, resolve(document, code).get("enum", ()))
