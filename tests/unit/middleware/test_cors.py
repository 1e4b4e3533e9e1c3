"""CORS: exactly the configured origins, with credentials; no CORS header at all for any other."""

import httpx
import pytest
from starlette.responses import PlainTextResponse
from structlog.testing import capture_logs

from service.middleware.cors import ExactCorsMiddleware
from tests.conftest import OTHER_ORIGIN, OWN_ORIGIN
from tests.support import loopback
from tests.support.service import ServiceProcess

ALLOWED = ["http://localhost:5173", "http://127.0.0.1:5173"]
FOREIGN = [
    "http://localhost:5174", "https://localhost:5173", "http://localhost", "null", "http://evil.example",
    "http://localhost:5173.evil.example", "http://evil.example/http://localhost:5173", "HTTP://LOCALHOST:5173", "*",
]  # fmt: skip


def cors_headers(response: httpx.Response) -> list[str]:
    return [name for name in response.headers if name.startswith("access-control-")]


def preflight(service: ServiceProcess, origin: str, headers: str = "content-type,x-csrf-token") -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": headers}
    return loopback.options(f"{service.url}/auth/signin", headers=asked)


@pytest.mark.parametrize("origin", ALLOWED)
def test_an_allowed_origin_is_named_back_with_credentials(service: ServiceProcess, origin: str) -> None:
    response = loopback.get(f"{service.url}/auth/csrf", headers={"Origin": origin})
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in response.headers["Vary"]
    assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("origin", ALLOWED)
def test_a_preflight_of_an_allowed_origin_is_answered(service: ServiceProcess, origin: str) -> None:
    response = preflight(service, origin, "authorization,content-type,x-csrf-token,x-request-id")
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    "added", ["sentry-trace,baggage", "traceparent,tracestate", "x-requested-with", "X-Requested-With", "baggage"]
)
def test_what_the_tools_of_a_page_add_to_its_requests_blocks_none(service: ServiceProcess, added: str) -> None:
    response = preflight(service, ALLOWED[0], f"{added},content-type,x-csrf-token")
    assert response.status_code == 200
    allowed = {name.strip().lower() for name in response.headers["Access-Control-Allow-Headers"].split(",")}
    assert set(added.lower().split(",")) <= allowed


def test_a_preflight_for_a_header_that_the_api_does_not_know_is_refused_in_the_error_schema(service: ServiceProcess) -> None:
    response = preflight(service, ALLOWED[0], "x-made-up")
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_request"
    assert response.headers["Access-Control-Allow-Origin"] == ALLOWED[0]


@pytest.mark.parametrize("origin", FOREIGN)
def test_any_other_origin_gets_no_cors_header_at_all(service: ServiceProcess, origin: str) -> None:
    for response in (
        loopback.get(f"{service.url}/auth/csrf", headers={"Origin": origin}),
        loopback.get(f"{service.url}/nowhere", headers={"Origin": origin}),
        preflight(service, origin),
    ):
        assert cors_headers(response) == []


def test_the_origins_are_the_configured_ones(guarded: ServiceProcess) -> None:
    for origin, expected in ((OWN_ORIGIN, OWN_ORIGIN), (OTHER_ORIGIN, OTHER_ORIGIN), (ALLOWED[0], None)):
        response = loopback.get(f"{guarded.url}/auth/csrf", headers={"Origin": origin})
        assert response.headers.get("Access-Control-Allow-Origin") == expected


async def test_the_log_names_each_other_origin_once_and_not_without_end() -> None:
    app = ExactCorsMiddleware(PlainTextResponse("hello"), origins=ALLOWED, methods=["GET"], headers=[])
    own = {"Origin": "https://auth.example.com", "Host": "auth.example.com"}
    rewritten = {"Origin": "https://auth.example.com", "Host": "10.0.0.7", "Sec-Fetch-Site": "same-origin"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        with capture_logs() as silent:
            for headers in ({}, {"Origin": ALLOWED[0]}, own, rewritten):
                await http.get("/", headers=headers)
        assert silent == []
        with capture_logs() as told:
            for _ in range(2):
                await http.get("/", headers={"Origin": FOREIGN[0]})
            assert [(line["event"], line["origin"], "CORS_ORIGINS" in line["cure"]) for line in told] == [
                ("origin_not_allowed", FOREIGN[0], True)
            ]
            for port in range(1000):
                await http.get("/", headers={"Origin": f"http://{'x' * 300}:{port}"})
        assert len(told) == 20
        assert max(len(line["origin"]) for line in told) == 200
