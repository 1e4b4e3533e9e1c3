"""Loads the contracts, and adapts what the service serves to how it is configured."""

from __future__ import annotations

from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import yaml

from service.security.cookies import CookieJar

# In an installed package they lie beside this file, where pyproject.toml has the wheel put them.
_INSTALLED = Path(__file__).resolve().parent / "openapi"
_FOLDER = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).resolve().parents[2] / "openapi"

# libyaml's takes a tenth of the time, at every start.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Document = dict[str, Any]


def load_contract(cookies: CookieJar) -> Document:
    """openapi/auth.yaml, with the refresh cookie's name as configured: what is served is what holds."""
    contract = read_document("auth.yaml")
    contract["components"]["securitySchemes"]["refreshCookie"]["name"] = cookies.refresh_name
    return contract


def load_ops_contract() -> Document:
    """openapi/ops.yaml, with what it refers to in auth.yaml as its own: one document, as every part that reads it expects."""
    contract, library = read_document("ops.yaml"), read_document("auth.yaml")["components"]
    for kind in ("headers", "responses", "schemas"):
        contract["components"][kind] = library[kind] | contract["components"].get(kind, {})
    bundled: Document = _with_local_references(contract)
    return bundled


def resolve(document: Document, node: Document) -> Document:
    """What a node stands for: itself, or where its `$ref` leads in the document. Raises KeyError if that is nowhere."""
    while "$ref" in node:
        node = reduce(getitem, node["$ref"].removeprefix("#/").split("/"), document)
    return node


def operation_ids(*contracts: Document) -> dict[tuple[str, str], str]:
    """The operationIds by method and path."""
    return {
        (method.upper(), path): operation["operationId"]
        for contract in contracts
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    }


def operations_answering(status: str, *contracts: Document) -> frozenset[tuple[str, str]]:
    """The operations, by method and path, that may answer with that status."""
    return frozenset(
        (method.upper(), path)
        for contract in contracts
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
        if status in operation.get("responses", {})
    )


def _with_local_references(node: Any) -> Any:  # noqa: ANN401 - any part of a document
    if isinstance(node, list):
        return [_with_local_references(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: value.removeprefix("auth.yaml") if key == "$ref" else _with_local_references(value) for key, value in node.items()
    }


def read_document(name: str) -> Document:
    """A file of openapi/, as it is written."""
    document: Document = yaml.load((_FOLDER / name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    return document
