"""What the contract's security schemes call: each is served by a check, found by the scheme's name.

Connexion finds a scheme's check by the scheme's kind, and where it has none it answers 401 to everybody. Its own checks answer
a missing credential with a bare 401, and read cookies with a parser that illegal ones break.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from connexion.lifecycle import ConnexionRequest
from connexion.security import AbstractSecurityHandler
from starlette.datastructures import Headers

from service.contract.documents import Document, operations

_NAME: Final = "x-name"  # only in the copy that Connexion is given
_ANY_RESPONSE: Final[Document] = {"default": {"description": "Checked elsewhere."}}
_KINDS: Final = ("apiKey", "basic", "bearer", "oauth2", "openIdConnect")  # all that OpenAPI 3.0 has

Check = Callable[[ConnexionRequest], Awaitable[dict[str, Any]]]


class Scheme(NamedTuple):
    """How a security scheme is served. `check` raises ApiError; what it finds reaches the handler as `argument`."""

    check: Callable[[Headers], Awaitable[object]]
    argument: str | None = None


def security_map(schemes: Mapping[str, Scheme]) -> dict[str, type[AbstractSecurityHandler]]:
    """What Connexion takes under this name, for documents that `named` made."""
    checks = {name: _adapted(scheme) for name, scheme in schemes.items()}

    class Named(AbstractSecurityHandler):  # type: ignore[misc]  # Connexion has no types
        def get_fn(self, security_scheme: dict[str, str], required_scopes: list[str]) -> Check:  # noqa: ARG002 - Connexion's
            return checks[security_scheme[_NAME]]

    return dict.fromkeys(_KINDS, Named)


def named(document: Document, schemes: Mapping[str, Scheme]) -> Document:
    """What Connexion needs of the document, each scheme with its name where `security_map` finds it.

    Of an operation that is the id, and which schemes it asks for. Connexion would check all the rest against OpenAPI's own
    schema at each start, as the linters have done: 100 to 170 ms for six operations.

    Raises ValueError for a scheme that nobody serves.
    """
    declared = document.get("components", {}).get("securitySchemes", {})
    paths: dict[str, Document] = {}
    used: set[str] = set()
    for operation in operations(document):
        security = _security(document, operation.node)
        used.update(name for needed in security for name in needed)
        needed_of_it = {"operationId": operation.node["operationId"], "security": security, "responses": _ANY_RESPONSE}
        paths.setdefault(operation.path, {})[operation.method.lower()] = needed_of_it
    if unserved := sorted((used | declared.keys()) - schemes.keys()):
        raise ValueError(f"nobody serves the security scheme {', '.join(unserved)} of the contract")
    components = {"securitySchemes": {name: {**scheme, _NAME: name} for name, scheme in declared.items()}}
    return {"openapi": document["openapi"], "info": document["info"], "paths": paths, "components": components}


def _security(document: Document, operation: Document) -> list[dict[str, list[str]]]:
    security: list[dict[str, list[str]]] = operation["security"] if "security" in operation else document.get("security", [])
    return security


def _adapted(scheme: Scheme) -> Check:
    async def check(request: ConnexionRequest) -> dict[str, Any]:
        found = await scheme.check(request.headers)
        if scheme.argument is not None:
            request.context[scheme.argument] = found
        return {}

    return check
