"""Checks requests against the contract, in the place where Connexion does."""

from __future__ import annotations

from connexion.middleware.request_validation import RequestValidationAPI, RequestValidationMiddleware
from connexion.operations import AbstractOperation
from connexion.validators import ParameterValidator
from starlette.types import ASGIApp, Receive, Scope, Send

from service.contract.request_body import BodyReader


class ContractRequestValidation(RequestValidationMiddleware):  # type: ignore[misc]  # Connexion has no types
    """Bodies go through `bodies`; parameters, where an operation has any, through Connexion's own validator.

    Connexion makes its validators anew for each request; here an operation's way is chosen once, at the start.
    """

    def __init__(self, app: ASGIApp, *, bodies: BodyReader) -> None:
        super().__init__(app)

        class Api(RequestValidationAPI):  # type: ignore[misc]  # Connexion has no types
            def make_operation(self, operation: AbstractOperation) -> _Operation:
                return _Operation(self.next_app, operation, bodies)

        self.api_cls = Api


class _Operation:
    def __init__(self, app: ASGIApp, operation: AbstractOperation, bodies: BodyReader) -> None:
        self._app = app
        self._operation_id: str = operation.operation_id
        self._bodies = bodies if operation.request_body else None
        self._parameters: ParameterValidator | None = None
        if operation.parameters:
            uri_parser = operation.uri_parser_class(operation.parameters, operation.body_definition())
            self._parameters = ParameterValidator(operation.parameters, uri_parser=uri_parser)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._parameters is not None:
            self._parameters.validate(scope)
        if self._bodies is not None:
            await self._bodies.read(self._operation_id, scope, receive)
        await self._app(scope, receive, send)
