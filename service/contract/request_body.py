"""Reads and checks JSON bodies against the contract, in the place of Connexion's own validator.

That one builds a jsonschema validator for every request, decodes with whatever charset the caller names, quotes the caller's
values (passwords among them) in its messages, and checks nothing when the media type is not spelled in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind
from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from service.contract.documents import Document
from service.error_codes import ErrorCode
from service.errors import ApiError, invalid_request

MAX_ERRORS = 20  # what the contract promises at most
MAX_PATH = 200  # characters, likewise
_BODY_KEY = "body"
_JSON = "application/json"


def validated_body(scope: Scope) -> Any:  # noqa: ANN401 - any JSON value that the contract allows
    """The body that passed validation."""
    return scope["extensions"]["connexion_context"][_BODY_KEY]


class BodyReader:
    """Reads JSON bodies for the operations of a contract; the schemas are compiled once."""

    def __init__(self, contract: Document) -> None:
        self._validators = _compile(contract)

    async def read(self, operation_id: str, scope: Scope, receive: Receive) -> None:
        """Read, parse and check the body; leave it where `validated_body` finds it. Raises ApiError."""
        _check_content_type(Headers(scope=scope))
        body = _parse(await _read(receive))
        errors = [_describe(error) for error in self._validators[operation_id].iter_errors(body)]
        if errors:
            raise ApiError(ErrorCode.invalid_request, details={"errors": sorted(errors, key=_by_path)[:MAX_ERRORS]})
        scope["extensions"].setdefault("connexion_context", {})[_BODY_KEY] = body


def _compile(contract: Document) -> Mapping[str, jsonschema_rs.Draft4Validator]:
    return {
        operation["operationId"]: jsonschema_rs.Draft4Validator(
            {**operation["requestBody"]["content"][_JSON]["schema"], "components": contract["components"]},
            validate_formats=True,
        )
        for path in contract["paths"].values()
        for operation in path.values()
        if "requestBody" in operation
    }


def _check_content_type(headers: Headers) -> None:
    """JSON in UTF-8 and nothing else: a request that names no type is one that any page may send without a preflight."""
    types = headers.getlist("content-type")
    media_type, *parameters = (part.strip().lower() for part in types[0].split(";")) if len(types) == 1 else ("",)
    if media_type != _JSON or any(parameter not in {"charset=utf-8", 'charset="utf-8"', ""} for parameter in parameters):
        raise ApiError(ErrorCode.unsupported_media_type)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiError(ErrorCode.unsupported_media_type)


async def _read(receive: Receive) -> bytes:
    chunks = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise invalid_request("", "is incomplete", "json")
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


def _parse(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Strict JSON (RFC 8259): no NaN, no lone surrogates, no endless nesting."""
    if not body.strip():
        raise invalid_request("", "a JSON body is required", "required")
    try:
        return from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        raise invalid_request("", "is not valid JSON in UTF-8", "json") from None


def _describe(error: jsonschema_rs.ValidationError) -> dict[str, str]:
    """Where and what, without the value: it may be a password."""
    path = "".join(f"/{_escape(str(part))}" for part in error.instance_path)
    kind = error.kind
    match kind:
        case Kind.Required():
            return _error(f"{path}/{_escape(kind.property)}", "required", "is required")
        case Kind.AdditionalProperties():
            return _error(f"{path}/{_escape(kind.unexpected[0])}", "unknown_property", "is not known to this API")
        case Kind.Type():
            return _error(path, "type", "has the wrong type")
        case Kind.MinLength():
            return _error(path, "length", f"is shorter than {kind.limit} characters")
        case Kind.MaxLength():
            return _error(path, "length", f"is longer than {kind.limit} characters")
        case Kind.Format():
            return _error(path, "format", f"is not of the format {kind.format}")
        case Kind.Pattern():
            return _error(path, "pattern", "holds characters that are not allowed, or lacks some that are needed")
        case _:
            return _error(path, "other", "is not as the contract asks")


def _error(path: str, rule: str, message: str) -> dict[str, str]:
    return {"path": path[:MAX_PATH], "rule": rule, "message": message}


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _by_path(error: dict[str, str]) -> tuple[str, str]:
    return error["path"], error["message"]
