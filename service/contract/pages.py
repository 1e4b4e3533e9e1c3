"""Serves the contract and Swagger UI, all of it from this host."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import yaml
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from service.contract.documents import Document
from service.request_context import current_request

Endpoint = Callable[[Request], Awaitable[Response]]

_STATIC: Final = Path(__file__).resolve().parent / "static"
_DOCUMENTS: Final = frozenset({"/openapi.json", "/openapi.yaml"})
_WAYS_TO_UI: Final = frozenset({"/", "/docs", "/ui"})


class DocsPagesMiddleware:
    """Answers /openapi.json and /openapi.yaml, and /ui/ where `swagger_ui` is on; passes everything else on.

    It stands in the place of Connexion's own, whose page has an inline script that no strict CSP lets run. Where the page is
    served, `/` and `/docs` lead to it.
    """

    def __init__(self, app: ASGIApp, *, contract: Document, swagger_ui: bool) -> None:
        self._app = app
        routes: list[Route | Mount] = [
            Route("/openapi.json", _document(contract, _as_json, "application/json")),
            Route("/openapi.yaml", _document(contract, _as_yaml, "application/yaml")),
        ]
        if swagger_ui:
            routes += [
                *(Route(path, _to_ui) for path in sorted(_WAYS_TO_UI)),
                Route("/ui/", _page("index.html")),
                Route("/ui/latchkey.css", _page("latchkey.css")),
                Route("/ui/latchkey.js", _page("latchkey.js")),
                Mount("/ui", StaticFiles(directory=_STATIC / "swagger-ui")),
            ]
        self._router = Router(routes, redirect_slashes=False)
        self._paths = _DOCUMENTS | (_WAYS_TO_UI if swagger_ui else frozenset())
        self._swagger_ui = swagger_ui

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request for a page. Raises HTTPException 404 and 405, which the exception handling answers."""
        if scope["type"] == "http" and self._serves(current_request().path):
            await self._router({**scope, "app": self}, receive, send)
        else:
            await self._app(scope, receive, send)

    def _serves(self, path: str) -> bool:
        return path in self._paths or (self._swagger_ui and path.startswith("/ui/"))


def _as_json(contract: Document) -> str:
    return json.dumps(contract, ensure_ascii=False)


class _Readable(yaml.SafeDumper):
    """As a person writes it: texts of several lines as they are, and nothing by a made-up anchor."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's name
        return True


def _text(dumper: _Readable, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Readable.add_representer(str, _text)


def _as_yaml(contract: Document) -> str:
    text: str = yaml.dump(contract, Dumper=_Readable, sort_keys=False, allow_unicode=True, width=128)
    return text


def _document(contract: Document, write: Callable[[Document], str], media_type: str) -> Endpoint:
    # One process is mounted in one place, or in a few: what is kept here does not grow with requests.
    written: dict[str, bytes] = {}

    async def document(request: Request) -> Response:
        root = _root_path(request)
        if root not in written:
            # YAML takes a fifth of a second: not at each start, and not while others wait.
            text = await run_in_threadpool(write, _below(contract, root) if root else contract)
            written.clear()
            written[root] = text.encode()
        return Response(written[root], media_type=media_type)

    return document


def _below(contract: Document, root: str) -> Document:
    """The contract of a service that is mounted at `root`: its first server is where this document comes from."""
    first, *others = contract["servers"]
    return {**contract, "servers": [{**first, "url": root}, *others]}


def _root_path(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")


def _page(name: str) -> Endpoint:
    async def page(_request: Request) -> Response:
        return FileResponse(_STATIC / name, headers={"Cache-Control": "no-cache"})

    return page


async def _to_ui(request: Request) -> Response:
    return RedirectResponse(f"{_root_path(request)}/ui/")
