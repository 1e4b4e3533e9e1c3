"""The service works below a path of another application, or behind a proxy that says so (ASGI's root_path)."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from local.keys import Keys
from local.supabase import LocalSupabase
from service.app import create_app
from service.settings import Settings
from tests.support.browser import Browser, new_email
from tests.support.service import CSRF_TOKEN, ServiceProcess, development_env, free_port


@pytest.mark.parametrize("way", ["mounted", "root path"])
async def test_every_path_counts_from_there(settings: Settings, way: str) -> None:
    app = create_app(settings)
    transport = (
        httpx.ASGITransport(Starlette(routes=[Mount("/api", app)]))
        if way == "mounted"
        else httpx.ASGITransport(app, root_path="/api")
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://service/api") as http:
        response = await http.get("/auth/csrf")
        assert response.json().keys() == {"csrfToken", "session"}
        assert response.headers["RateLimit"].startswith('"address";')
        response = await http.post("/auth/refresh", headers={"X-CSRF-Token": CSRF_TOKEN})
        assert (response.status_code, response.json()["code"]) == (401, "auth_refresh_missing")
        response = await http.put("/auth/me")
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, PATCH")
        assert (await http.get("/nowhere")).json()["code"] == "not_found"
        document = (await http.get("/openapi.json")).json()
        assert document["info"]["title"] == "Latchkey"
        assert document["servers"][0]["url"] == "/api"
        for path in ("/", "/docs", "/ui"):
            assert (await http.get(path)).headers["Location"] == "/api/ui/"
        page = await http.get("/ui/")
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert page.headers["Content-Type"].startswith("text/html")


# As programs do that make the application before they start their event loop: gunicorn, hypercorn, whoever mounts it.
OUTSIDE_OF_A_LOOP = """
import sys
import uvicorn
from service.app import create_app
application = create_app()
if sys.argv[2] == "mounted":
    from starlette.applications import Starlette
    from starlette.routing import Mount
    application = Starlette(routes=[Mount("/api", application)])
    uvicorn.run(application, port=int(sys.argv[1]), log_config=None)
else:
    uvicorn.run(application, port=int(sys.argv[1]), log_config=None, root_path="/api" if sys.argv[2] == "root path" else "")
"""


@pytest.mark.parametrize("way", ["as it is", "root path", "mounted"])
def test_it_is_made_where_no_event_loop_runs_and_serves_with_limits_and_pages(
    tmp_path: Path, supabase: LocalSupabase, keys: Keys, way: str
) -> None:
    env = development_env(supabase.url, keys, free_port()) | {"RATE_LIMIT_ADDRESS": "30/minute"}
    command = (sys.executable, "-c", OUTSIDE_OF_A_LOOP, env["PORT"], way)
    service = ServiceProcess(env, tmp_path / "service.log", command=command)
    prefix = "/api" if way == "mounted" else ""
    service.start(wait_for=f"{prefix}/readyz")
    try:
        browser = Browser(f"{service.url}{prefix}")
        assert browser.sign_up(email := new_email()).status_code == 200
        assert browser.sign_in(email).status_code == 200
        assert browser.me().status_code == 200
        assert browser.http.get("/openapi.json").json()["info"]["title"] == "Latchkey"
        assert browser.http.get("/ui/").status_code == 200
        statuses = [browser.http.get("/auth/csrf").status_code for _ in range(40)]
        assert statuses[0] == 200
        assert statuses[-1] == 429
    finally:
        service.stop()
