"""Parameters of path and query: from text to typed values, checked against their schemas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs
from uuid import UUID

from service.contract.documents import Document, resolve
from service.contract.schemas import Schemas, field_errors
from service.errors import FieldError, invalid_fields
from service.operation import Parameter, Place, ReadText

_NUMBERS: Final = {
    "integer": (re.compile(r"-?[0-9]{1,18}"), int),
    "number": (re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?"), float),
}
_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "false": False}
_PLACES: Final[Mapping[str, Place]] = {"path": "path", "query": "query"}


def snake_case(name: str) -> str:
    """How Python writes a name of the contract: `refreshSession` is `refresh_session`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).lower()


def compile_parameter(node: Document, document: Document, schemas: Schemas) -> Parameter:
    """A parameter, ready to read. Raises ValueError for a kind that the service does not read."""
    place, schema = _PLACES.get(node["in"]), resolve(document, node["schema"])
    if place is None or schema.get("type") not in {"string", "boolean", *_NUMBERS}:
        raise ValueError(f"the parameter {node['name']}: only single values in path and query are read")
    return Parameter(
        name=node["name"],
        place=place,
        argument=snake_case(node["name"]),
        required=node.get("required", False),
        default=schema.get("default"),
        read=_reader(schema, schemas, f"/{place}/{node['name']}"),
    )


def read_parameters(parameters: Iterable[Parameter], path: Mapping[str, str], query_string: bytes) -> Mapping[str, object]:
    """The values by the handler's names for them; an optional one that is absent and has no default is left out.

    Parameters that the contract does not have are passed over. Raises ApiError invalid_request, with all that is wrong.
    """
    query = parse_qs(query_string.decode("latin-1"), keep_blank_values=True, errors="replace")
    values: dict[str, object] = {}
    errors: list[FieldError] = []
    for parameter in parameters:
        sent = [path[parameter.name]] if parameter.place == "path" else query.get(parameter.name, [])
        found = _read(parameter, sent, values)
        errors.extend(found)
    if errors:
        raise invalid_fields(errors)
    return values


def _read(parameter: Parameter, sent: Sequence[str], values: dict[str, object]) -> Sequence[FieldError]:
    place = f"/{parameter.place}/{parameter.name}"
    if len(sent) > 1:
        return [FieldError(place, "came more than once", "repeated")]
    if not sent:
        if parameter.default is not None:
            values[parameter.argument] = parameter.default
        return [FieldError(place, "is required", "required")] if parameter.required else []
    values[parameter.argument], errors = parameter.read(sent[0])
    return errors


def _reader(schema: Document, schemas: Schemas, place: str) -> ReadText:
    validator, parse = schemas.compile(schema), _parser(schema)
    convert: Callable[[object], object] = _uuid if schema.get("format") == "uuid" else _as_it_is

    def read(text: str) -> tuple[object, Sequence[FieldError]]:
        value = parse(text)
        errors = field_errors(validator, value, place)
        return (value if errors else convert(value)), errors

    return read


def _parser(schema: Document) -> Callable[[str], object]:
    """From text to the schema's type; what is none stays text, which the schema then refuses."""
    kind = schema["type"]
    if kind == "boolean":
        return lambda text: _BOOLEANS.get(text, text)
    if kind in _NUMBERS:
        pattern, number = _NUMBERS[kind]
        return lambda text: number(text) if pattern.fullmatch(text) else text
    return str


def _uuid(value: object) -> UUID:
    return UUID(str(value))


def _as_it_is(value: object) -> object:
    return value
