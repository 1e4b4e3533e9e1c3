"""Joins Connexion to the handlers: what an operation's handler needs goes in by name, and its reply goes out."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from typing import Any, get_type_hints

from connexion.apps.asynchronous import AsyncApi, AsyncApp
from connexion.operations import AbstractOperation
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.contract.request_body import validated_body
from service.reply import Reply
from service.request_context import current_request
from service.security.cookies import CookieJar

Handler = Callable[..., Awaitable[Reply]]

CREDENTIALS = frozenset({"access_token", "refresh_token"})


def function_name(operation_id: str) -> str:
    """The handler's name for an operationId: `refreshSession` is `refresh_session`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation_id).lower()


class OperationEndpoint:
    """Serves one operation. Everything that can be known beforehand is found out here, once."""

    def __init__(self, operation_id: str, handler: Handler, cookies: CookieJar) -> None:
        self._operation_id = operation_id
        self._handler = handler
        self._cookies = cookies
        parameters = inspect.signature(handler).parameters
        hints = get_type_hints(handler)
        self._body_model: type[BaseModel] | None = hints["body"] if "body" in parameters else None
        self._credentials = CREDENTIALS & parameters.keys()
        self._wants_csrf_cookie = "csrf_cookie" in parameters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the handler and send what it answers."""
        request = current_request()
        request.operation = self._operation_id
        reply = await self._handler(**self._arguments(scope))
        content, media_type = reply.content()
        response = Response(
            content,
            reply.status,
            {
                **reply.headers,
                "Content-Type": media_type,
                "Cache-Control": "no-store",
                # Set again outside for every response; here so that the contract's check of this one sees it.
                "X-Request-ID": request.request_id,
            },
        )
        if reply.cookie is not None:
            response.headers["Set-Cookie"] = reply.cookie
        await response(scope, receive, send)

    def _arguments(self, scope: Scope) -> dict[str, Any]:
        context = scope.get("extensions", {}).get("connexion_context", {})
        arguments = {name: context[name] for name in self._credentials if name in context}
        if self._body_model is not None:
            arguments["body"] = self._body_model.model_validate(validated_body(scope))
        if self._wants_csrf_cookie:
            header = "; ".join(Headers(scope=scope).getlist("cookie"))
            arguments["csrf_cookie"] = self._cookies.read(header, self._cookies.csrf_name)
        return arguments


class ContractApp(AsyncApp):  # type: ignore[misc]  # Connexion has no types
    """Connexion's AsyncApp, with OperationEndpoint in the place of its decorators, which are built anew for each request."""

    def __init__(self, *args: Any, cookies: CookieJar, **kwargs: Any) -> None:  # noqa: ANN401 - Connexion's own
        super().__init__(*args, **kwargs)

        class Api(AsyncApi):  # type: ignore[misc]  # Connexion has no types
            def make_operation(self, operation: AbstractOperation) -> OperationEndpoint:
                return OperationEndpoint(operation.operation_id, operation.function, cookies)

        self._middleware_app.api_cls = Api
