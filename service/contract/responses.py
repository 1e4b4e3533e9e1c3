"""What the contract says about responses, compiled once: which statuses, media types, headers and bodies there may be.

A violation names a place and a rule and never quotes a value: it goes to the log, and a response may hold a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from jsonschema_rs import ValidationErrorKind as Kind
from pydantic_core import from_json

from service.contract.documents import Document, resolve
from service.contract.schemas import Schemas, Validator
from service.operation import RawHeaders

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Header:
    """A documented header."""

    name: str
    required: bool
    validator: Validator
    is_integer: bool

    def violations(self, headers: RawHeaders) -> Iterator[str]:
        """What is wrong with the header in these."""
        place = f"headers/{self.name}"
        values = [value.decode("latin-1") for name, value in headers if name.decode("latin-1").lower() == self.name.lower()]
        if self.required and not values:
            yield f"{place}: is required"
        for value in values:
            number = int(value) if self.is_integer and re.fullmatch(r"-?[0-9]+", value) else value
            yield from _violations(self.validator, number, place)


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """What one status of one operation answers. `bodies` holds a validator for each media type; None takes anything."""

    headers: tuple[Header, ...]
    bodies: Mapping[str, Validator | None]

    def violations(self, headers: RawHeaders, body: bytes, *, bodiless: bool) -> Iterator[str]:
        """What is wrong with a response; a `bodiless` one answers HEAD."""
        for header in self.headers:
            yield from header.violations(headers)
        media_type = _media_type(headers)
        if not self.bodies:
            if body:
                yield "body: is not documented"
        elif media_type not in self.bodies:
            yield "headers/Content-Type: is not documented"
        elif not bodiless:
            yield from body_violations(self.bodies[media_type], body)


@dataclass(frozen=True, slots=True)
class OperationResponses:
    """The responses of an operation, by status. A CheckResponse."""

    responses: Mapping[int, DocumentedResponse]

    def __call__(self, status: int, headers: RawHeaders, body: bytes, *, bodiless: bool = False) -> list[str]:
        """What is wrong with a response of this operation, each as "place: rule"."""
        response = self.responses.get(status)
        if response is None:
            return [f"status: {status} is not documented"]
        return list(response.violations(headers, body, bodiless=bodiless))


@dataclass(frozen=True, slots=True)
class ErrorResponses:
    """What answers where there is no operation: 404, 405, and what pages answer. A CheckResponse."""

    error: Validator

    def __call__(self, status: int, headers: RawHeaders, body: bytes, *, bodiless: bool = False) -> list[str]:  # noqa: ARG002 - has to fit CheckResponse
        """What is wrong with an error, each as "place: rule"."""
        if _media_type(headers) != JSON:
            return ["headers/Content-Type: an error is application/json"]
        return [] if bodiless else list(body_violations(self.error, body))


def compile_error_responses(document: Document) -> ErrorResponses:
    """The check of errors that no operation answers."""
    return ErrorResponses(Schemas(document, closed=True).compile({"$ref": "#/components/schemas/ErrorBody"}))


def compile_responses(operation: Document, document: Document, schemas: Schemas) -> OperationResponses:
    """The check of an operation's responses. `schemas` are closed ones."""
    return OperationResponses(
        {int(status): _response(node, document, schemas) for status, node in operation["responses"].items()}
    )


def _response(node: Document, document: Document, schemas: Schemas) -> DocumentedResponse:
    node = resolve(document, node)
    headers = tuple(
        _header(name, resolve(document, header), document, schemas) for name, header in node.get("headers", {}).items()
    )
    content = node.get("content", {})
    bodies = {kind: schemas.compile(media["schema"]) if kind == JSON else None for kind, media in content.items()}
    return DocumentedResponse(headers, bodies)


def _header(name: str, header: Document, document: Document, schemas: Schemas) -> Header:
    is_integer = resolve(document, header["schema"]).get("type") == "integer"
    return Header(name, header.get("required", False), schemas.compile(header["schema"]), is_integer)


def body_violations(validator: Validator | None, body: bytes) -> Iterator[str]:
    """What is wrong with a JSON body."""
    if validator is None:
        return
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError:
        yield "body: is not JSON"
        return
    yield from _violations(validator, value, "body")


def _violations(validator: Validator, value: object, place: str) -> Iterator[str]:
    for error in validator.iter_errors(value):
        pointer = "".join(f"/{part}" for part in error.instance_path)
        kind = error.kind
        name = f" ({kind.property})" if isinstance(kind, Kind.Required) else ""
        yield f"{place}{pointer}: {error.schema_path[-1]}{name}"


def _media_type(headers: RawHeaders) -> str:
    values = [value for name, value in headers if name.lower() == b"content-type"]
    return values[0].decode("latin-1").partition(";")[0].strip().lower() if len(values) == 1 else ""
