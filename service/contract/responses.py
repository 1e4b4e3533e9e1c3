"""What the contract says about responses, compiled once: which statuses, media types, headers and bodies there may be.

A violation names a place and a rule and never quotes a value: it goes to the log, and a response may hold a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind
from pydantic_core import from_json
from starlette.routing import compile_path

from service.contract.documents import Document, resolve

JSON = "application/json"

_UUID = re.compile("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_FORMATS = {"uuid": lambda value: _UUID.fullmatch(value) is not None}  # Draft 4 does not have it, OpenAPI's registry does

RawHeaders = Sequence[tuple[bytes, bytes]]
Validator = jsonschema_rs.Draft4Validator


class Violation(NamedTuple):
    """`place` is "status", "headers/<name>" or "body" with a JSON Pointer (RFC 6901) into it."""

    place: str
    rule: str

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}"


@dataclass(frozen=True, slots=True)
class Header:
    """A documented header."""

    name: str
    required: bool
    validator: Validator
    is_integer: bool

    def violations(self, headers: RawHeaders) -> Iterator[Violation]:
        """What is wrong with the header in these."""
        place = f"headers/{self.name}"
        values = [value.decode("latin-1") for name, value in headers if name.decode("latin-1").lower() == self.name.lower()]
        if self.required and not values:
            yield Violation(place, "is required")
        for value in values:
            number = int(value) if self.is_integer and re.fullmatch(r"-?[0-9]+", value) else value
            yield from _violations(self.validator, number, place)


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """What one status of one operation answers. `bodies` holds a validator for each media type; None takes anything."""

    headers: tuple[Header, ...]
    bodies: Mapping[str, Validator | None]

    def violations(self, headers: RawHeaders, body: bytes, *, bodiless: bool) -> Iterator[Violation]:
        """What is wrong with a response; a `bodiless` one answers HEAD."""
        for header in self.headers:
            yield from header.violations(headers)
        media_type = _media_type(headers)
        if not self.bodies:
            if body:
                yield Violation("body", "is not documented")
        elif media_type not in self.bodies:
            yield Violation("headers/Content-Type", "is not documented")
        elif not bodiless:
            yield from body_violations(self.bodies[media_type], body)


@dataclass(frozen=True, slots=True)
class DocumentedOperation:
    """The responses of an operation, by status."""

    operation_id: str
    responses: Mapping[int, DocumentedResponse]

    def violations(self, status: int, headers: RawHeaders, body: bytes, *, bodiless: bool = False) -> list[Violation]:
        """What is wrong with a response of this operation."""
        response = self.responses.get(status)
        if response is None:
            return [Violation("status", f"{status} is not documented")]
        return list(response.violations(headers, body, bodiless=bodiless))


class ResponseContract:
    """The operations of some contracts. The first one's schema `ErrorBody` is what any other path answers."""

    def __init__(self, *contracts: Document) -> None:
        self._routes: list[tuple[re.Pattern[str], str, DocumentedOperation]] = []
        for contract in contracts:
            self._add(contract)
        error = {"$ref": "#/components/schemas/ErrorBody"}
        self._error = _Compiler(contracts[0]).schema(error)

    def find(self, method: str, path: str) -> DocumentedOperation | None:
        """The operation at this path; HEAD is answered by GET's (RFC 9110 section 9.3.2)."""
        method = "GET" if method == "HEAD" else method
        for pattern, documented_method, operation in self._routes:
            if documented_method == method and pattern.match(path):
                return operation
        return None

    def error_violations(self, headers: RawHeaders, body: bytes, *, bodiless: bool = False) -> list[Violation]:
        """What is wrong with an error that no operation answered: 404, 405, and those of pages."""
        if _media_type(headers) != JSON:
            return [Violation("headers/Content-Type", "an error is application/json")]
        return [] if bodiless else list(body_violations(self._error, body))

    def by_operation_id(self) -> dict[str, DocumentedOperation]:
        """Every operation by its operationId."""
        return {operation.operation_id: operation for _, _, operation in self._routes}

    def _add(self, contract: Document) -> None:
        compiler = _Compiler(contract)
        for path, methods in contract["paths"].items():
            pattern, _, _ = compile_path(path)
            for method, operation in methods.items():
                responses = {int(status): compiler.response(response) for status, response in operation["responses"].items()}
                self._routes.append((pattern, method.upper(), DocumentedOperation(operation["operationId"], responses)))


def body_violations(validator: Validator | None, body: bytes) -> Iterator[Violation]:
    """What is wrong with a JSON body."""
    if validator is None:
        return
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError:
        yield Violation("body", "is not JSON")
        return
    yield from _violations(validator, value, "body")


class _Compiler:
    """Compiles parts of one contract."""

    def __init__(self, contract: Document) -> None:
        self._contract = contract
        self._components = _without_nullable({"schemas": contract["components"]["schemas"]})

    def response(self, response: Document) -> DocumentedResponse:
        response = self._resolve(response)
        headers = tuple(self._header(name, header) for name, header in response.get("headers", {}).items())
        content = response.get("content", {})
        bodies = {
            media_type: self.schema(media["schema"]) if media_type == JSON else None for media_type, media in content.items()
        }
        return DocumentedResponse(headers, bodies)

    def schema(self, schema: Document) -> Validator:
        converted = _without_nullable({"schema": schema})["schema"]
        return Validator({**converted, "components": self._components}, validate_formats=True, formats=_FORMATS)

    def _header(self, name: str, header: Document) -> Header:
        header = self._resolve(header)
        schema = header["schema"]
        return Header(name, header.get("required", False), self.schema(schema), schema.get("type") == "integer")

    def _resolve(self, node: Document) -> Document:
        return resolve(self._contract, node)


def _violations(validator: Validator, value: object, place: str) -> Iterator[Violation]:
    for error in validator.iter_errors(value):
        pointer = "".join(f"/{part}" for part in error.instance_path)
        kind = error.kind
        name = f" ({kind.property})" if isinstance(kind, Kind.Required) else ""
        yield Violation(f"{place}{pointer}", f"{error.schema_path[-1]}{name}")


def _without_nullable(node: Document) -> Document:
    """OpenAPI 3.0's `nullable: true` in JSON Schema's words."""
    converted: Document = {key: _convert(value) for key, value in node.items() if key not in {"nullable", "discriminator"}}
    if node.get("nullable") is not True:
        return converted
    if "enum" in converted:
        converted["enum"] = [*converted["enum"], None]
    return converted | {"type": [converted["type"], "null"]}


def _convert(value: object) -> object:
    if isinstance(value, list):
        return [_convert(item) for item in value]
    return _without_nullable(value) if isinstance(value, dict) else value


def _media_type(headers: RawHeaders) -> str:
    values = [value for name, value in headers if name.lower() == b"content-type"]
    return values[0].decode("latin-1").partition(";")[0].strip().lower() if len(values) == 1 else ""
