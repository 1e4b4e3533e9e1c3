"""The service works below a path of another application, or behind a proxy that says so (ASGI's root_path)."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from service.app import create_app
from service.settings import Settings
from tests.support.service import CSRF_TOKEN


@pytest.mark.parametrize("way", ["mounted", "root path"])
async def test_every_path_counts_from_there(settings: Settings, way: str) -> None:
    app = create_app(settings)
    transport = (
        httpx.ASGITransport(Starlette(routes=[Mount("/api", app)]))
        if way == "mounted"
        else httpx.ASGITransport(app, root_path="/api")
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://service/api") as http:
        assert (await http.get("/auth/csrf")).json().keys() == {"csrfToken"}
        response = await http.post("/auth/refresh", headers={"X-CSRF-Token": CSRF_TOKEN})
        assert (response.status_code, response.json()["code"]) == (401, "auth_refresh_missing")
        response = await http.put("/auth/me")
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
        assert (await http.get("/nowhere")).json()["code"] == "not_found"
        document = (await http.get("/openapi.json")).json()
        assert document["info"]["title"] == "Latchkey"
        assert document["servers"][0]["url"] == "/api"
        for path in ("/", "/docs", "/ui"):
            assert (await http.get(path)).headers["Location"] == "/api/ui/"
        page = await http.get("/ui/")
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert page.headers["Content-Type"].startswith("text/html")
