"""The service below a path of another application. Served by uvicorn: tests.e2e.mounted:app."""

from starlette.applications import Starlette
from starlette.routing import Mount

from service.app import create_app

app = Starlette(routes=[Mount("/api", create_app())])
