"""Traces: in by traceparent, on to Supabase, out over OTLP; and nothing of it unless it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.conftest import StartService
from tests.support import faults
from tests.support.background import is_readiness
from tests.support.browser import Browser, new_email
from tests.support.faulty_proxy import Exchange, FaultyProxy
from tests.support.service import ServiceProcess, development_env, free_port
from tests.support.trace_receiver import TraceReceiver

pytestmark = pytest.mark.thorough

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture
def receiver() -> Iterator[TraceReceiver]:
    with TraceReceiver() as running:
        yield running


@pytest.fixture
def proxy(supabase: LocalSupabase) -> Iterator[FaultyProxy]:
    with FaultyProxy(supabase.url) as running:
        yield running


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, supabase: LocalSupabase, keys: Keys
) -> Iterator[tuple[ServiceProcess, TraceReceiver, FaultyProxy]]:
    """A service that is traced, where its traces go, and what is between it and Supabase."""
    with TraceReceiver() as receiver, FaultyProxy(supabase.url) as proxy:
        env = development_env(supabase.url, keys, free_port()) | _traced(receiver, proxy)
        with ServiceProcess(env, tmp_path_factory.mktemp("traced") / "service.log") as running:
            yield running, receiver, proxy


@pytest.fixture
def traced(shared: tuple[ServiceProcess, TraceReceiver, FaultyProxy]) -> tuple[Browser, TraceReceiver, FaultyProxy]:
    """A browser at the shared service, and the rest of `shared`, without the traces of earlier tests."""
    service, receiver, proxy = shared
    receiver.spans.clear()
    return Browser(service.url), receiver, proxy


def _traced(receiver: TraceReceiver, proxy: FaultyProxy) -> dict[str, str]:
    return {
        "SUPABASE_URL": proxy.url,
        "TRACING": "true",
        "TRACE_CONTEXT_TRUSTED": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_SERVICE_NAME": "latchkey-under-test",
    }


def test_a_trace_goes_through_the_service_and_on_to_supabase(traced: tuple[Browser, TraceReceiver, FaultyProxy]) -> None:
    browser, receiver, proxy = traced
    email, seen = new_email(), dict[str, str]()
    browser.sign_up(email)
    browser.sign_in(email)

    async def spy(exchange: Exchange) -> None:
        if not is_readiness(exchange.target):
            seen[exchange.target.partition("?")[0]] = exchange.headers.get("traceparent", "")
        response = await exchange.forward()
        await exchange.answer(response.status_code, response.content, {"Content-Type": "application/json"})

    browser.http.headers["traceparent"] = f"00-{TRACE}-{PARENT}-01"
    with proxy.failing(spy):
        assert browser.me().status_code == 200

    request, user, profile = (receiver.named(name) for name in ("getMe", "supabase get_user", "supabase get_profile"))
    assert {span.trace_id.hex() for span in (request, user, profile)} == {TRACE}
    assert request.parent_span_id.hex() == PARENT
    assert {user.parent_span_id, profile.parent_span_id} == {request.span_id}
    assert seen["/auth/v1/user"] == f"00-{TRACE}-{user.span_id.hex()}-01"
    assert seen["/rest/v1/user_profile"] == f"00-{TRACE}-{profile.span_id.hex()}-01"
    assert receiver.services == {"latchkey-under-test"}


def test_a_stranger_s_context_goes_nowhere_and_chooses_nothing(
    start_service: StartService, receiver: TraceReceiver, proxy: FaultyProxy
) -> None:
    service = start_service(_traced(receiver, proxy) | {"TRACE_CONTEXT_TRUSTED": None})
    browser, email, seen = Browser(service.url), new_email(), list[dict[str, str]]()
    Browser(service.url).sign_up(email)  # elsewhere: here a session would be replaced, and ended while others are looked at
    browser.sign_in(email)
    receiver.spans.clear()

    async def spy(exchange: Exchange) -> None:
        if not is_readiness(exchange.target):
            seen.append({name.lower(): value for name, value in exchange.headers.items()})
        response = await exchange.forward()
        await exchange.answer(response.status_code, response.content, {"Content-Type": "application/json"})

    # The last two digits say "do not sample", which a parent-based sampler obeys.
    browser.http.headers.update({"traceparent": f"00-{TRACE}-{PARENT}-00", "tracestate": "a=stranger", "baggage": "b=stranger"})
    with proxy.failing(spy):
        assert browser.me().status_code == 200
    request = receiver.named("getMe")
    assert request.trace_id.hex() != TRACE
    assert not request.parent_span_id
    assert len(seen) == 2
    for headers in seen:
        assert headers["traceparent"].startswith(f"00-{request.trace_id.hex()}-")
        assert "baggage" not in headers
        assert "stranger" not in headers.get("tracestate", "")


def test_a_failed_call_is_marked_by_its_type_and_holds_no_secret(traced: tuple[Browser, TraceReceiver, FaultyProxy]) -> None:
    browser, receiver, proxy = traced
    email = new_email()
    with proxy.failing(faults.status_html(503)):
        browser.sign_in(email, "a password that nobody may see")
    span = receiver.named("supabase sign_in")
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert span.status.message == "AuthRetryableError"
    everything = "".join(str(span) for span in receiver.spans)
    assert "a password that nobody may see" not in everything
    assert email not in everything


def test_a_path_that_nobody_knows_names_no_span(traced: tuple[Browser, TraceReceiver, FaultyProxy]) -> None:
    browser, receiver, _ = traced
    browser.http.get("/nowhere/4711")
    receiver.named("GET")
    assert not [span for span in receiver.spans if "4711" in span.name]


def test_what_is_pending_is_sent_before_the_process_ends(
    start_service: StartService, receiver: TraceReceiver, proxy: FaultyProxy
) -> None:
    service = start_service(_traced(receiver, proxy) | {"OTEL_BSP_SCHEDULE_DELAY": "60000"})
    Browser(service.url).fetch_csrf_token()
    assert receiver.spans == []
    service.stop()
    receiver.named("getCsrfToken", timeout=1)


def test_nothing_is_traced_unless_it_is_asked_for(
    start_service: StartService, receiver: TraceReceiver, proxy: FaultyProxy
) -> None:
    service = start_service(_traced(receiver, proxy) | {"TRACING": "false"})
    seen = []

    async def spy(exchange: Exchange) -> None:
        seen.append("traceparent" in exchange.headers)
        await exchange.answer(503, b"{}")

    browser = Browser(service.url)
    browser.http.headers["traceparent"] = f"00-{TRACE}-{PARENT}-01"
    with proxy.failing(spy):
        browser.sign_in(new_email())
    service.stop()
    assert seen == [False]
    assert receiver.spans == []
