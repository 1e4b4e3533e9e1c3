"""Loads the contracts, and adapts what the service serves to how it is configured."""

from __future__ import annotations

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
    contract = _load("auth.yaml")
    contract["components"]["securitySchemes"]["refreshCookie"]["name"] = cookies.refresh_name
    return contract


def load_ops_contract() -> Document:
    """openapi/ops.yaml."""
    return _load("ops.yaml")


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


def _load(name: str) -> Document:
    document: Document = yaml.load((_FOLDER / name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    return document
