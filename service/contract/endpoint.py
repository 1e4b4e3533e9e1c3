"""Serves one operation: what its handler needs goes in by name, checked, and its reply goes out."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import get_type_hints

from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from service.contract.handlers import Handler
from service.contract.parameters import read_parameters
from service.contract.request_body import read_body
from service.operation import Checked, Operation
from service.reply import Reply
from service.request_context import RequestContext, current_request

# Is told of each request that passed its checks, before the handler is called. Raises ApiError to refuse it.
Hook = Callable[[Operation, Checked], Awaitable[None]]
ReadHeaders = Callable[[Headers], object]

_BODY = "body"


class OperationEndpoint:
    """Everything that can be known beforehand is found out here, once.

    `credentials` are the arguments that security schemes may fill, `readers` what else a handler may ask for by name. Raises
    ValueError where the handler asks for something that it cannot be given.
    """

    def __init__(
        self,
        operation: Operation,
        handler: Handler,
        *,
        credentials: frozenset[str],
        readers: Mapping[str, ReadHeaders],
        hooks: Sequence[Hook],
    ) -> None:
        self._operation = operation
        self._handler = handler
        self._hooks = hooks
        parameters = inspect.signature(handler).parameters
        self._credentials = tuple(sorted(credentials & parameters.keys()))
        self._readers = {name: read for name, read in readers.items() if name in parameters}
        self._body_model = _body_model(handler) if _BODY in parameters else None
        self._refuse_misfits(parameters, credentials | readers.keys())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request, call the handler and send what it answers. Raises ApiError."""
        request = current_request()
        checked = await self._check(request, scope, receive)
        for hook in self._hooks:
            await hook(self._operation, checked)
        reply = await self._handler(**self._arguments(scope, checked))
        await _send(reply, send)

    async def _check(self, request: RequestContext, scope: Scope, receive: Receive) -> Checked:
        operation = self._operation
        parameters: Mapping[str, object] = {}
        if operation.parameters:
            parameters = read_parameters(operation.parameters, request.path_parameters, scope.get("query_string", b""))
        body: object = {}
        if operation.check_body is not None:
            body = await read_body(operation.check_body, Headers(scope=scope), receive, required=operation.body_required)
        return Checked(request.client_address, body if isinstance(body, dict) else {}, parameters, request.user_id)

    def _arguments(self, scope: Scope, checked: Checked) -> dict[str, object]:
        context = scope["extensions"].get("connexion_context", {})
        arguments = {name: context[name] for name in self._credentials if name in context}
        arguments.update(checked.parameters)
        if self._body_model is not None:
            arguments[_BODY] = self._body_model.model_validate(checked.body)
        for name, read in self._readers.items():
            arguments[name] = read(Headers(scope=scope))
        return arguments

    def _refuse_misfits(self, parameters: Mapping[str, inspect.Parameter], given: frozenset[str]) -> None:
        if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
            return
        documented = {parameter.argument for parameter in self._operation.parameters}
        needed = {name for name, parameter in parameters.items() if parameter.default is inspect.Parameter.empty}
        body = {_BODY} if self._operation.check_body is not None else set()
        if misfits := sorted((needed - documented - given - body) | (documented - parameters.keys())):
            raise ValueError(f"the handler of {self._operation.id} and the contract do not agree about {', '.join(misfits)}")


def _body_model(handler: Handler) -> type[BaseModel]:
    model: type[BaseModel] = get_type_hints(handler)[_BODY]
    return model


async def _send(reply: Reply, send: Send) -> None:
    content = reply.content()
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    headers.append((b"cache-control", b"no-store"))
    body = b""
    if content is not None:  # a response without one has no Content-Length either (RFC 9110 section 8.6)
        body, media_type = content
        headers.append((b"content-type", media_type.encode("latin-1")))
        headers.append((b"content-length", str(len(body)).encode()))
    headers.extend((b"set-cookie", cookie.encode("latin-1")) for cookie in reply.cookies)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
