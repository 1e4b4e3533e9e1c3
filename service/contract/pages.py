"""Serves the contract and Swagger UI, all of it from this host."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import yaml
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from swagger_ui_bundle import swagger_ui_path

from service.contract.documents import Document
from service.request_context import current_request

Endpoint = Callable[[Request], Awaitable[Response]]

_STATIC = Path(__file__).resolve().parent / "static"


class DocsPagesMiddleware:
    """Answers /openapi.json and /openapi.yaml, and /ui/ where `swagger_ui` is on; passes everything else on.

    It stands in the place of Connexion's own, whose page has an inline script that no strict CSP lets run.
    """

    def __init__(self, app: ASGIApp, *, contract: Document, swagger_ui: bool) -> None:
        self._app = app
        routes: list[Route | Mount] = [
            Route("/openapi.json", _document(json.dumps(contract, ensure_ascii=False), "application/json")),
            Route(
                "/openapi.yaml",
                _document(yaml.safe_dump(contract, sort_keys=False, allow_unicode=True), "application/yaml"),
            ),
        ]
        if swagger_ui:
            routes += [
                Route("/ui", _to_ui),
                Route("/ui/", _page("index.html")),
                Route("/ui/latchkey.css", _page("latchkey.css")),
                Route("/ui/latchkey.js", _page("latchkey.js")),
                Mount("/ui", StaticFiles(directory=swagger_ui_path)),
            ]
        self._router = Router(routes, redirect_slashes=False)
        self._prefixes = ("/openapi.json", "/openapi.yaml", "/ui") if swagger_ui else ("/openapi.json", "/openapi.yaml")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request for a page. Raises HTTPException 404 and 405, which the exception handling answers."""
        if scope["type"] == "http" and current_request().path.startswith(self._prefixes):
            await self._router({**scope, "app": self}, receive, send)
        else:
            await self._app(scope, receive, send)


def _document(text: str, media_type: str) -> Endpoint:
    body = text.encode()

    async def document(_request: Request) -> Response:
        return Response(body, media_type=media_type)

    return document


def _page(name: str) -> Endpoint:
    async def page(_request: Request) -> Response:
        return FileResponse(_STATIC / name, headers={"Cache-Control": "no-cache"})

    return page


async def _to_ui(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/ui/")
