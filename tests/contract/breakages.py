"""Ways to break the service on purpose: what stands in the place of one of its parts, and who must notice."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.contract.endpoint import OperationEndpoint
from service.error_codes import ErrorCode
from service.errors import ApiError, invalid_request
from service.handlers.csrf import CsrfHandlers
from service.handlers.session import SessionHandlers
from service.handlers.sign_up import SignUpHandlers
from service.middleware.cors import ExactCorsMiddleware
from service.middleware.errors import ErrorMiddleware
from service.middleware.request_log import RequestLogMiddleware
from service.models import SignInRequest, SignUpRequest
from service.operation import Checked
from service.reply import Reply
from service.request_context import RequestContext
from service.security.checks import CredentialChecks
from service.security.cookies import CookieJar
from service.security.session_mark import PresentedSession

Edit = Callable[[Scope, Message, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Breakage:
    """`parts` are names in modules of service/ and what stands there instead: "assembly:CookieJar".

    `rule` is the house rule that finds it through the probes. `check` is the check of Schemathesis that finds it in `phase`
    at `operation`, where one does. `inside` says that the check of responses, which runs in development, turns it into a 500.
    """

    parts: Mapping[str, object]
    rule: str | None
    check: str | None = None
    operation: str = "getMe"
    phase: str = "coverage"
    inside: bool = False


def edit_json(outer: type, edit: Edit) -> type:
    """A middleware that does what `outer` does, on responses whose JSON body `edit` has changed."""

    class Editor:
        def __init__(self, app: ASGIApp, **options: Any) -> None:
            self._app: ASGIApp = outer(self._inner, **options)
            self._next = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self._app(scope, receive, send)

        async def _inner(self, scope: Scope, receive: Receive, send: Send) -> None:
            start: Message = {}

            async def send_edited(message: Message) -> None:
                if message["type"] == "http.response.start":
                    start.update(message)
                    return
                body = json.loads(message.get("body") or b"null")
                if isinstance(body, dict):
                    edit(scope, start, body)
                    message["body"] = json.dumps(body).encode()
                headers = MutableHeaders(scope=start)
                if "content-length" in headers:
                    headers["content-length"] = str(len(message.get("body", b"")))
                await send(start)
                await send(message)

            is_api = scope["type"] == "http" and scope["path"].startswith("/auth/")
            await self._next(scope, receive, send_edited if is_api else send)

    return Editor


def edit_headers(outer: type, edit: Callable[[Scope, Message, MutableHeaders], None]) -> type:
    """A middleware that does what `outer` does, and changes the headers of what comes out of it."""

    class Editor:
        def __init__(self, app: ASGIApp, **options: Any) -> None:
            self._app: ASGIApp = outer(app, **options)

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def send_edited(message: Message) -> None:
                if message["type"] == "http.response.start" and scope["path"].startswith("/auth/"):
                    edit(scope, message, MutableHeaders(scope=message))
                await send(message)

            await self._app(scope, receive, send_edited if scope["type"] == "http" else send)

    return Editor


def _remove(name: str) -> Callable[[Scope, Message, MutableHeaders], None]:
    def remove(_scope: Scope, _start: Message, headers: MutableHeaders) -> None:
        if name in headers:
            del headers[name]

    return remove


def _without_details(_scope: Scope, start: Message, body: dict[str, Any]) -> None:
    if start["status"] >= 400:
        body.pop("details", None)


def _with_a_debug_property(_scope: Scope, start: Message, body: dict[str, Any]) -> None:
    if start["status"] < 400:
        body["debug"] = True


def _with_a_foreign_code(scope: Scope, start: Message, body: dict[str, Any]) -> None:
    if scope["path"] == "/auth/signin" and start["status"] == 401:
        body["code"] = "unauthorized"


def _as_problem(_scope: Scope, start: Message, headers: MutableHeaders) -> None:
    if start["status"] >= 400:
        headers["content-type"] = "application/problem+json"


def _as_html(_scope: Scope, start: Message, headers: MutableHeaders) -> None:
    if start["status"] < 400 and "content-type" in headers:
        headers["content-type"] = "text/html; charset=utf-8"


class _AcceptedHandlers(CsrfHandlers):
    async def get_csrf_token(self, csrf_cookie: str | None, presented: PresentedSession) -> Reply:
        reply = await super().get_csrf_token(csrf_cookie, presented)
        return Reply(reply.body, status=202, cookies=reply.cookies)


class _FragileHandlers(SessionHandlers):
    async def sign_in(self, body: SignInRequest, presented: PresentedSession) -> Reply:
        if len(body.password.get_secret_value()) < 3:
            raise RuntimeError("nobody has a password of this length")
        return await super().sign_in(body, presented)


class _PickyHandlers(SignUpHandlers):
    async def sign_up(self, body: SignUpRequest, presented: PresentedSession, csrf_cookie: str | None) -> Reply:
        if body.profile is not None:
            raise invalid_request("/profile", "is not wanted")
        return await super().sign_up(body, presented, csrf_cookie)


class _OpenChecks(CredentialChecks):
    async def check_csrf(self, headers: Headers) -> None:
        """Nothing is checked."""


class _TrustingEndpoint(OperationEndpoint):
    async def _check(self, request: RequestContext, scope: Scope, receive: Receive) -> Checked:
        try:
            return await super()._check(request, scope, receive)
        except ApiError as error:
            if error.code is not ErrorCode.invalid_request:
                raise
            made_up = {"email": f"{secrets.token_hex(8)}@example.com", "password": "not the password"}
            return Checked(request.client_address, made_up)


class _ReadableCookies(CookieJar):
    def _write(self, name: str, value: str, max_age: int | None) -> str:
        return super()._write(name, value, max_age).replace(" HttpOnly;", "")


class _OpenCors(CORSMiddleware):
    def __init__(self, app: ASGIApp, **_options: Any) -> None:
        super().__init__(app, allow_origin_regex=".*", allow_credentials=True)


BREAKAGES: Final[Mapping[str, Breakage]] = {
    "an error without details": Breakage(
        {"middleware.stack:ExactCorsMiddleware": edit_json(ExactCorsMiddleware, _without_details)},
        "error_shape", "response_schema_conformance", inside=True,
    ),
    "a status that is not documented": Breakage(
        {"assembly:CsrfHandlers": _AcceptedHandlers}, "expected_answer", "status_code_conformance", "getCsrfToken", "examples",
        inside=True,
    ),
    "a media type that is not documented": Breakage(
        {"middleware.stack:ExactCorsMiddleware": edit_headers(ExactCorsMiddleware, _as_html)},
        None, "content_type_conformance", "getCsrfToken", "examples", inside=True,
    ),
    "an error as problem+json": Breakage(
        {"middleware.stack:ExactCorsMiddleware": edit_headers(ExactCorsMiddleware, _as_problem)},
        "error_shape", "content_type_conformance", inside=True,
    ),
    "a crash on odd input": Breakage(
        {"assembly:SessionHandlers": _FragileHandlers}, None, "not_a_server_error", "signIn", "fuzzing",
    ),
    "a route that ignores its security": Breakage(
        {"assembly:CredentialChecks": _OpenChecks}, "expected_answer", "ignored_auth", "logout",
    ),
    "405 without Allow": Breakage(
        {"middleware.stack:ErrorMiddleware": edit_headers(ErrorMiddleware, _remove("allow"))}, "allow", "unsupported_method",
    ),
    "401 without a challenge": Breakage(
        {"middleware.stack:ErrorMiddleware": edit_headers(ErrorMiddleware, _remove("www-authenticate"))},
        "challenge", "response_headers_conformance", inside=True,
    ),
    "a property too many": Breakage(
        {"middleware.stack:ExactCorsMiddleware": edit_json(ExactCorsMiddleware, _with_a_debug_property)},
        "documented_properties", "house_rules", "getCsrfToken", "examples", inside=True,
    ),
    "a cookie that scripts can read": Breakage(
        {"assembly:CookieJar": _ReadableCookies}, "cookies", "house_rules", "getCsrfToken", "examples",
    ),
    "a token that caches may keep": Breakage(
        {"middleware.stack:ExactCorsMiddleware": edit_headers(ExactCorsMiddleware, _remove("cache-control"))},
        "no_store", "response_headers_conformance", "getCsrfToken", "examples", inside=True,
    ),
    "no request id": Breakage(
        {"middleware.stack:RequestLogMiddleware": edit_headers(RequestLogMiddleware, _remove("x-request-id"))},
        "request_id", "response_headers_conformance", "getCsrfToken", "examples", inside=True,
    ),
    "CORS for every origin": Breakage({"middleware.stack:ExactCorsMiddleware": _OpenCors}, "cross_origin"),
    "invalid data accepted": Breakage(
        {"contract.application:OperationEndpoint": _TrustingEndpoint},
        "expected_answer", "negative_data_rejection", "signUp", "fuzzing",
    ),
    "valid data refused": Breakage(
        {"assembly:SignUpHandlers": _PickyHandlers}, None, "positive_data_acceptance", "signUp", "examples",
    ),
    "an error code of another operation": Breakage(
        {"middleware.stack:ExactCorsMiddleware": edit_json(ExactCorsMiddleware, _with_a_foreign_code)},
        "expected_answer", "response_schema_conformance", "signIn", "fuzzing", inside=True,
    ),
}  # fmt: skip
