"""docs/errors.md: every error code, from the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tools.paths import ROOT

CONTRACT: Final = ROOT / "openapi" / "auth.yaml"
TARGET: Final = ROOT / "docs" / "errors.md"

Document = Mapping[str, Any]

HEAD: Final = """# Errors

<!-- Written by `make generate` from openapi/auth.yaml; do not edit. -->

Every error, on any path, is `application/json` with the properties `code`, `message` and `details`. Switch on `code`: it is
stable. `message` is for developers. `details` is always an object; where the table names properties of it, they are there.

| code | status | answered by | what happened | what to do next | details |
| --- | --- | --- | --- | --- | --- |
"""


@dataclass(slots=True)
class ErrorEntry:
    """One code. `where` names the operations, `meaning` says what happened and `action` what the front end should do."""

    code: str
    meaning: str
    action: str
    details: list[str]
    statuses: set[int] = field(default_factory=set)
    where: list[str] = field(default_factory=list)

    @property
    def row(self) -> str:
        """Its line in the table."""
        where = ", ".join(self.where)
        details = ", ".join(f"`{name}`" for name in self.details)
        statuses = ", ".join(map(str, sorted(self.statuses)))
        return f"| `{self.code}` | {statuses} | {where} | {self.meaning} | {self.action} | {details} |"


def entries(contract: Document) -> list[ErrorEntry]:
    """Every code of the contract, in the order of its enum. Raises ValueError where a code is not explained or not used."""
    schemas = contract["components"]["schemas"]
    found = {entry.code: entry for entry in _outside(schemas["ErrorCode"])}
    for label, status, schema in _error_schemas(contract):
        code = schema["properties"]["code"]["enum"][0]
        entry = found.setdefault(code, _entry(code, schema, contract))
        entry.statuses.add(status)
        entry.where.append(f"`{label}`")
    codes = schemas["ErrorCode"]["enum"]
    if set(codes) != found.keys():
        raise ValueError(f"codes that are only in ErrorCode, or only in an operation: {set(codes) ^ found.keys()}")
    for entry in found.values():
        _merge_where(entry, contract)
    return [found[code] for code in codes]


def write(target: Path) -> None:
    """Write the page."""
    contract = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    rows = "\n".join(entry.row for entry in entries(contract))
    target.write_text(f"{HEAD}{rows}\n", encoding="utf-8")


def _error_schemas(contract: Document) -> Iterator[tuple[str, int, Document]]:
    """Every operation, error status and schema that it answers there."""
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    schema = _resolve(contract, response)["content"]["application/json"]["schema"]
                    for option in schema.get("oneOf", [schema]):
                        yield f"{method.upper()} {path}", int(status), _resolve(contract, option)


def _outside(error_code: Document) -> Iterator[ErrorEntry]:
    for code, said in error_code["x-outside-operations"].items():
        meaning, action = _paragraphs(code, said)
        yield ErrorEntry(code, meaning, action, [], {said["status"]}, [said["where"]])


def _entry(code: str, schema: Document, contract: Document) -> ErrorEntry:
    details = _resolve(contract, schema["properties"]["details"])
    return ErrorEntry(code, *_paragraphs(code, schema), list(details.get("properties", {})))


def _paragraphs(code: str, node: Document) -> tuple[str, str]:
    parts = [" ".join(part.split()) for part in node.get("description", "").strip().split("\n\n")]
    if len(parts) != 2:
        raise ValueError(f"{code} needs two paragraphs: what happened, and what the front end should do")
    return parts[0].replace("|", "\\|"), parts[1].replace("|", "\\|")


def _merge_where(entry: ErrorEntry, contract: Document) -> None:
    """Say "every operation" instead of naming all."""
    operations = sum(len(methods) for methods in contract["paths"].values())
    if len(entry.where) == operations:
        entry.where = ["every operation"]


def _resolve(contract: Document, node: Document) -> Document:
    while "$ref" in node:
        target: Any = contract
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node
