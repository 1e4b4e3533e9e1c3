"""Loads the contracts, and adapts what the service serves to how it is configured."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from service.security.cookies import CookieJar

# In an installed package they lie beside this file, where pyproject.toml has the wheel put them.
_INSTALLED = Path(__file__).resolve().parent / "openapi"
_FOLDER = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).resolve().parents[2] / "openapi"

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})

# libyaml's takes a tenth of the time, at every start.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Document = dict[str, Any]


def load_contract(cookies: CookieJar) -> Document:
    """openapi/auth.yaml, with the refresh cookie's name as configured: what is served is what holds."""
    contract = read_document("auth.yaml")
    contract["components"]["securitySchemes"]["refreshCookie"]["name"] = cookies.refresh_name
    return contract


def load_ops_contract(auth: Document | None = None) -> Document:
    """openapi/ops.yaml, with what it refers to in auth.yaml copied into it, since its readers look in one document only.

    `auth` is that document, where it was read already: that takes a tenth of a second.
    """
    contract, library = read_document("ops.yaml"), (auth or read_document("auth.yaml"))["components"]
    for kind in ("headers", "responses", "schemas"):
        contract["components"][kind] = library[kind] | contract["components"].get(kind, {})
    bundled: Document = _with_local_references(contract)
    return bundled


def resolve(document: Document, node: Document) -> Document:
    """What a node stands for: itself, or where its `$ref` leads in the document. Raises KeyError if that is nowhere."""
    while "$ref" in node:
        node = reduce(getitem, node["$ref"].removeprefix("#/").split("/"), document)
    return node


class DocumentedOperation(NamedTuple):
    """An operation as a document has it. `parameters` are its own and those of its path, resolved."""

    method: str
    path: str
    node: Document
    parameters: list[Document]


def operations(document: Document) -> Iterator[DocumentedOperation]:
    """Every operation of a contract, in order."""
    for path, item in document["paths"].items():
        for method, node in item.items():
            if method in _METHODS:
                own = [resolve(document, parameter) for parameter in node.get("parameters", ())]
                shared = [resolve(document, parameter) for parameter in item.get("parameters", ())]
                merged = {(parameter["in"], parameter["name"]): parameter for parameter in (*shared, *own)}
                yield DocumentedOperation(method.upper(), path, node, list(merged.values()))


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
