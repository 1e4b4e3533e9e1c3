"""service/contract/schemas.py: what is wrong with a value that came, in words that hold nothing of it."""

from __future__ import annotations

from typing import Any

import pytest

from service.contract.schemas import Schemas, field_errors

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[a-z]+$"},
        "nick": {"type": "string", "nullable": True},
        "mail": {"type": "string", "format": "email"},
        "id": {"type": "string", "format": "uuid"},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "count": {"type": "integer", "minimum": 1, "maximum": 3},
        "list": {"type": "array", "maxItems": 1, "items": {"type": "object", "required": ["x"]}},
    },
}
VALIDATOR = Schemas({}).compile(SCHEMA)


def found(value: Any) -> list[tuple[str, str]]:
    return sorted((error.path, error.rule) for error in field_errors(VALIDATOR, value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"name": "abc", "nick": None}, []),
        ({}, [("/name", "required")]),
        ([], [("", "type")]),
        ({"name": "a"}, [("/name", "length")]),
        ({"name": "abcd"}, [("/name", "length")]),
        ({"name": "A1"}, [("/name", "pattern")]),
        ({"name": "ab", "mail": "nobody"}, [("/mail", "format")]),
        ({"name": "ab", "id": "4711"}, [("/id", "format")]),
        ({"name": "ab", "kind": "c"}, [("/kind", "enum")]),
        ({"name": "ab", "count": 0}, [("/count", "range")]),
        ({"name": "ab", "count": 4}, [("/count", "range")]),
        ({"name": "ab", "list": [{"x": 1}, {"x": 2}]}, [("/list", "length")]),
        ({"name": "ab", "list": [{}]}, [("/list/0/x", "required")]),
        ({"name": "ab", "role": 1, "a/b~c": 2}, [("/a~1b~0c", "unknown_property"), ("/role", "unknown_property")]),
    ],
)
def test_each_problem_has_its_place_and_its_rule(value: Any, expected: list[tuple[str, str]]) -> None:
    assert found(value) == expected


def test_an_unknown_name_is_cut_and_has_no_control_characters() -> None:
    assert found({"name": "ab", "a\nb": 1}) == [("/a\N{REPLACEMENT CHARACTER}b", "unknown_property")]
    [(path, _)] = found({"name": "ab", "x" * 10_000: 1})
    assert path == "/" + "x" * 60 + "…"


def test_no_more_than_twenty_are_told() -> None:
    assert len(found({"name": "ab", **{f"x{number}": 1 for number in range(1_000)}})) == 20
