"""Loads the contracts, and walks through them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from service.security.cookies import CookieJar

_FOLDER = Path(__file__).resolve().parents[2] / "openapi"
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})

# libyaml's takes a tenth of the time, at every start.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Document = dict[str, Any]


def load_contract(cookies: CookieJar) -> Document:
    """openapi/auth.yaml, with the refresh cookie's name as configured: what is served is what holds."""
    contract = _load("auth.yaml")
    contract["components"]["securitySchemes"]["refreshCookie"]["name"] = cookies.refresh_name
    return contract


def load_ops_contract() -> Document:
    """openapi/ops.yaml."""
    return _load("ops.yaml")


def resolve(document: Document, node: Document) -> Document:
    """What a `$ref` leads to, within the document; a node that is none is itself. Raises KeyError where it leads nowhere."""
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


def _load(name: str) -> Document:
    document: Document = yaml.load((_FOLDER / name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    return document
