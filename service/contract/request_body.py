"""Reads JSON bodies, in the place of Connexion's own reader.

That one builds a jsonschema validator for every request, decodes with whatever charset the caller names, quotes the caller's
values (passwords among them) in its messages, and checks nothing when the media type is not spelled in lower case.
"""

from __future__ import annotations

from typing import Final

from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.types import Receive

from service.error_codes import ErrorCode
from service.errors import ApiError, ClientGoneError, invalid_fields, invalid_request
from service.operation import CheckBody

_JSON: Final = "application/json"
_UTF_8: Final = frozenset({"charset=utf-8", 'charset="utf-8"', ""})


async def read_body(check: CheckBody, headers: Headers, receive: Receive, *, required: bool = True) -> object:
    """The JSON value that came and passed the check; None where none came and none is `required`. Raises ApiError,
    ClientGoneError."""
    if required:
        _check_content_type(headers)
    content = await _read(receive)
    if not required:
        if not content:
            return None  # and what its type would have been is of no interest
        _check_content_type(headers)
    body = _parse(content)
    if errors := check(body):
        raise invalid_fields(errors)
    return body


def _check_content_type(headers: Headers) -> None:
    """JSON in UTF-8 and nothing else: a request that names no type is one that any page may send without a preflight."""
    types = headers.getlist("content-type")
    media_type, *parameters = (part.strip().lower() for part in types[0].split(";")) if len(types) == 1 else ("",)
    if media_type != _JSON or not _UTF_8.issuperset(parameters):
        raise ApiError(ErrorCode.unsupported_media_type)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiError(ErrorCode.unsupported_media_type)


async def _read(receive: Receive) -> bytes:
    chunks = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


def _parse(body: bytes) -> object:
    """Strict JSON (RFC 8259): no NaN, no lone surrogates, no endless nesting."""
    if not body.strip():
        raise invalid_request("", "a JSON body is required", "required")
    try:
        value: object = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        raise invalid_request("", "is not valid JSON in UTF-8", "json") from None
    return value
