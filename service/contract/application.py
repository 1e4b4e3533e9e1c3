"""Connexion between the documents and the handlers: it runs security schemes, and calls what serves an operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.middleware.lifespan import Lifespan, LifespanMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.operations import AbstractOperation
from connexion.resolver import Resolver
from starlette.types import ASGIApp, Receive, Scope, Send

from service.contract.documents import Document
from service.contract.endpoint import Hook, OperationEndpoint, ReadHeaders
from service.contract.handlers import find_handlers
from service.contract.pages import DocsPagesMiddleware
from service.contract.routing import RoutingMiddleware
from service.contract.security_schemes import Scheme, named, security_map
from service.operation import OperationTable

Middleware = Callable[[ASGIApp], ASGIApp]


def build_contract_app(
    documents: Sequence[Document],
    table: OperationTable,
    handlers: Iterable[object],
    *,
    schemes: Mapping[str, Scheme],
    readers: Mapping[str, ReadHeaders],
    hooks: Sequence[Hook],
    middleware: Sequence[Middleware],
    lifespan: Lifespan,
    swagger_ui: bool,
) -> ASGIApp:
    """The application. The first document is the one whose pages are served; `middleware` comes outermost first.

    Raises ValueError where documents, handlers and schemes do not fit together.
    """
    credentials = frozenset(scheme.argument for scheme in schemes.values() if scheme.argument is not None)
    found = find_handlers(table, handlers)
    endpoints = {
        operation.id: OperationEndpoint(operation, found[operation.id], credentials=credentials, readers=readers, hooks=hooks)
        for operation in table.operations
    }
    app = ConnexionMiddleware(
        _Endpoints(endpoints),
        import_name=__name__,
        lifespan=lifespan,
        middlewares=[
            *middleware,
            partial(DocsPagesMiddleware, contract=documents[0], swagger_ui=swagger_ui),
            partial(RoutingMiddleware, table=table),
            SecurityMiddleware,
            LifespanMiddleware,
        ],
        security_map=security_map(schemes),
    )
    for document in documents:
        app.add_api(named(document, schemes), base_path="", resolver=Resolver(found.__getitem__))
    application: ASGIApp = app
    return application


class _Endpoints(RoutedMiddleware):  # type: ignore[misc]  # Connexion has no types
    """The innermost of Connexion's: calls the endpoint of the operation, in the place of an application with a router."""

    def __init__(self, endpoints: Mapping[str, OperationEndpoint]) -> None:
        super().__init__(_nothing)

        class Api(RoutedAPI):  # type: ignore[misc]  # Connexion has no types
            def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Connexion's own
                super().__init__(*args, **kwargs)
                self.add_paths()

            def make_operation(self, operation: AbstractOperation) -> OperationEndpoint:
                return endpoints[operation.operation_id]

        self.api_cls = Api


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise LookupError("no operation was found, and nobody refused the request")
