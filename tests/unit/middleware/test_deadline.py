"""No request outlives REQUEST_TIMEOUT, whatever it waits for."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from local.keys import Keys
from service.app import create_app
from service.error_codes import MEANINGS, ErrorCode
from service.handlers.session import SessionHandlers
from service.middleware.deadline import DeadlineMiddleware
from service.telemetry.log_writer import flush_logs
from tests.conftest import StartService
from tests.faults.conftest import assert_nothing_leaked
from tests.support import faults
from tests.support.browser import Browser, cookies_set
from tests.support.faulty_proxy import Exchange, FaultyProxy, relay
from tests.support.metrics import scrape
from tests.support.project import Project, elliptic
from tests.support.service import CSRF_TOKEN, development_env, free_port

ORIGIN = "http://localhost:5173"
CREDENTIALS = {"email": "ada@example.com", "password": "correct horse"}


def assert_timeout(response: httpx.Response) -> None:
    """The response is the contract's, and a page of an allowed origin may read it."""
    assert response.status_code == 504
    assert response.headers["Content-Type"] == "application/json"
    message = MEANINGS[ErrorCode.upstream_timeout].message
    assert response.json() == {"code": "upstream_timeout", "message": message, "details": {}}
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert response.headers["X-Request-ID"]
    assert cookies_set(response) == []


@pytest.mark.thorough
async def test_a_request_that_hangs_is_given_up(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], keys: Keys
) -> None:
    """Whatever we know of ends by itself before, so a handler is made to hang, in a service inside this process."""
    given_up = False

    async def hang(*_args: object, **_kwargs: object) -> None:
        nonlocal given_up
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up = True
            raise

    monkeypatch.setattr(SessionHandlers, "sign_in", hang)
    env = development_env("http://127.0.0.1:9", keys, free_port())
    for name, value in (env | {"UPSTREAM_TIMEOUT": "0.3", "REQUEST_TIMEOUT": "0.6", "MAIL_ANSWER_AFTER": "0.1"}).items():
        monkeypatch.setenv(name, value)
    transport = httpx.ASGITransport(create_app())
    async with asyncio.timeout(30), httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        response = await http.post("/auth/signin", json=CREDENTIALS, headers={"Origin": ORIGIN, "X-CSRF-Token": CSRF_TOKEN})
    assert_timeout(response)
    assert given_up
    flush_logs()
    assert '"event": "request_deadline_exceeded"' in capfd.readouterr().err


@pytest.mark.thorough
def test_calls_to_supabase_that_are_each_in_time_do_not_add_up(start_service: StartService) -> None:
    """The signing keys come slowly, and then the user does not: each by itself would be waited for longer."""

    async def slow(exchange: Exchange) -> None:
        if exchange.target.endswith("/jwks.json"):
            await asyncio.sleep(1.5)
            await relay(exchange)
        else:
            await faults.stall()(exchange)

    with Project(elliptic("key-es")) as project, FaultyProxy(project.url) as proxy:
        service = start_service(
            {
                "SUPABASE_URL": proxy.url,
                "SUPABASE_JWT_ISSUER": project.issuer,
                "UPSTREAM_READ_TIMEOUT": "4",
                "UPSTREAM_TIMEOUT": "4",
                "REQUEST_TIMEOUT": "4.5",
            }
        )
        browser = Browser(service.url)
        browser.http.headers["Origin"] = ORIGIN
        with proxy.failing(slow):
            started = time.monotonic()
            response = browser.me(project.token())
            took = time.monotonic() - started
        assert_timeout(response)
        assert 4.5 <= took < 15
        assert '"event": "request_deadline_exceeded"' in service.log
        samples = scrape(service.url)
        for target, call in (("auth", "get_user"), ("data_api", "get_profile")):
            # Not a call's own timeout, which would have come a second later.
            assert samples["latchkey_upstream_calls_total", call, "cancelled", target] == 1
        assert samples["latchkey_upstream_calls_total", "jwks", "ok", "auth"] == 1
        assert browser.me(project.token()).status_code == 200
        assert_nothing_leaked(browser)


class Sent(list[Message]):
    """Keeps what is sent."""

    async def __call__(self, message: Message) -> None:
        self.append(message)


async def _receive() -> Message:
    raise AssertionError("nobody reads")


async def test_a_response_that_began_is_broken_off() -> None:
    """There is no second status line to say so with: the server cuts the connection."""

    async def hang_in_body(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    sent = Sent()
    with pytest.raises(TimeoutError):
        await DeadlineMiddleware(hang_in_body, timeout=0.05)({"type": "http"}, _receive, sent)
    assert [message["type"] for message in sent] == ["http.response.start"]


async def test_a_timeout_of_somebody_else_is_not_taken_for_the_deadline() -> None:
    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await DeadlineMiddleware(fail, timeout=30)({"type": "http"}, _receive, Sent())


async def test_the_time_that_the_client_takes_to_read_does_not_count() -> None:
    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    sent = Sent()

    async def send_slowly(message: Message) -> None:
        await asyncio.sleep(0.2)
        await sent(message)

    await DeadlineMiddleware(answer, timeout=0.1)({"type": "http"}, _receive, send_slowly)
    assert len(sent) == 3
