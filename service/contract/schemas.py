"""Compiles the contract's schemas, once, and says in the contract's words what a value has wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from service.contract.documents import Document
from service.errors import MAX_FIELD_ERRORS, FieldError, Rule

Validator = jsonschema_rs.Draft4Validator

_UUID = re.compile("[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_FORMATS: Final = {
    "uuid": lambda value: _UUID.fullmatch(value) is not None
}  # Draft 4 does not have it, OpenAPI's registry does
_REFERENCE = re.compile(r'"#/components/schemas/([^"/]+)"')
_CONTROLS = re.compile(r"[\x00-\x1f]")
_MAX_NAME: Final = 60  # characters of an unknown property's name, which is the caller's own, that are repeated
_MAX_PATH: Final = 200  # characters; what the contract promises


class Schemas:
    """Compiles schemas of one document; `closed` refuses properties and values that a schema does not name, as a check of our
    own wants.

    Raises ValueError for allOf in a closed one: each part of it would refuse the properties of the others.
    """

    def __init__(self, document: Document, *, closed: bool = False) -> None:
        self._closed = closed
        self._components: Document = self._convert(document.get("components", {}).get("schemas", {}))
        self._compiled: dict[str, Validator] = {}

    def compile(self, schema: Document) -> Validator:
        """A validator; `$ref` may lead anywhere in the document's schemas.

        The same schema is compiled once, and with those components only that it leads to: with all of them, thirty operations
        took 700 MB and three seconds.
        """
        converted = self._convert(schema)
        text = json.dumps(converted, sort_keys=True)
        if text not in self._compiled:
            whole = {**converted, "components": {"schemas": self._led_to(converted)}}
            self._compiled[text] = Validator(whole, validate_formats=True, formats=_FORMATS)
        return self._compiled[text]

    def _led_to(self, schema: Document) -> Document:
        found: Document = {}
        unread = [schema]
        while unread:
            for name in set(_REFERENCE.findall(json.dumps(unread.pop()))) - found.keys():
                found[name] = self._components[name]
                unread.append(found[name])
        return found

    def _convert(self, node: Any) -> Any:  # noqa: ANN401 - any part of a document
        if isinstance(node, list):
            return [self._convert(item) for item in node]
        if not isinstance(node, dict):
            return node
        converted = {key: self._convert(value) for key, value in node.items() if key not in {"nullable", "discriminator"}}
        if self._closed:
            _close(converted)
        return _nullable(converted) if node.get("nullable") is True else converted


def _nullable(schema: Document) -> Document:
    """OpenAPI 3.0's `nullable: true` in JSON Schema's words."""
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema | {"type": [schema["type"], "null"]}


def _close(schema: Document) -> None:
    if isinstance(schema.get("allOf"), list):
        raise ValueError("allOf in a response cannot be closed; write the properties into one schema")
    if schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)
    if "x-extensible-enum" in schema:  # open for clients, which must bear with what comes later; the service says no more today
        schema["enum"] = schema["x-extensible-enum"]


def field_errors(validator: Validator, value: object, place: str = "") -> list[FieldError]:
    """What is wrong with a value that a caller sent; `place` comes before the JSON Pointer into it."""
    found = (described for error in validator.iter_errors(value) for described in _describe(error, place))
    return list(islice(found, MAX_FIELD_ERRORS))


def _describe(error: jsonschema_rs.ValidationError, place: str) -> Iterator[FieldError]:
    path = place + "".join(f"/{_escape(str(part))}" for part in error.instance_path)
    kind = error.kind
    match kind:
        case Kind.Required():
            yield FieldError(f"{path}/{_escape(kind.property)}"[:_MAX_PATH], "is required", "required")
        case Kind.AdditionalProperties():
            for name in kind.unexpected:
                yield FieldError(f"{path}/{_escape(name)}"[:_MAX_PATH], "is not known to this API", "unknown_property")
        case _:
            message, rule = _WORDS.get(type(kind), _OTHER)(kind)
            yield FieldError(path[:_MAX_PATH], message, rule)


_Words = Callable[[Any], tuple[str, Rule]]


def _other(_kind: object) -> tuple[str, Rule]:
    return "is not as the contract asks", "shape"


def _range(_kind: object) -> tuple[str, Rule]:
    return "is out of range", "range"


def _count(_kind: object) -> tuple[str, Rule]:
    return "has too many or too few entries", "length"


_OTHER: Final[_Words] = _other
_WORDS: Final[dict[type, _Words]] = {
    Kind.Type: lambda _: ("has the wrong type", "type"),
    Kind.MinLength: lambda kind: (f"is shorter than {kind.limit} characters", "length"),
    Kind.MaxLength: lambda kind: (f"is longer than {kind.limit} characters", "length"),
    Kind.Format: lambda kind: (f"is not of the format {kind.format}", "format"),
    Kind.Pattern: lambda _: ("holds characters that are not allowed, or lacks some that are needed", "pattern"),
    Kind.Enum: lambda _: ("is none of the values that are allowed", "enum"),
    Kind.Minimum: _range,
    Kind.Maximum: _range,
    Kind.ExclusiveMinimum: _range,
    Kind.ExclusiveMaximum: _range,
    Kind.MultipleOf: _range,
    Kind.MinItems: _count,
    Kind.MaxItems: _count,
    Kind.MinProperties: _count,
    Kind.MaxProperties: _count,
}


def _escape(part: str) -> str:
    """As JSON Pointer asks; cut, because a name may be the caller's own, and without what a log or a page could trip over."""
    if len(part) > _MAX_NAME:
        part = f"{part[:_MAX_NAME]}…"
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", part.replace("~", "~0").replace("/", "~1"))
