"""One origin, requests that are sent once, answers that reach who asked."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest

from service.supabase.http.errors import ConnectionLostError, ReadTimeoutError, UnsendableRequestError, UnusableResponseError
from service.supabase.http.sender import Answer
from service.supabase.http.wire import Wire
from tests.support.raw_server import Exchange, raw_server, response
from tests.unit.supabase.http.wires import PLANTED, MakeWire, until


@pytest.mark.parametrize("target", ["", "/a b", "/a\r\nb", "/ü", "/a#b", "@127.0.0.2/", ".example.com/x", "0/x"])
async def test_nothing_is_sent_to_another_origin_or_a_malformed_target(wire: MakeWire, target: str) -> None:
    async with raw_server(response()) as server:
        with pytest.raises(UnsendableRequestError):
            await wire(server).send("GET", target)
        with pytest.raises(UnsendableRequestError):
            await wire(server).send("GET", f"http://127.0.0.2:{server.port}/x")
        assert server.connections == 0


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://", "http://user:password@127.0.0.1"])
async def test_a_base_url_that_is_none_is_refused(wire: MakeWire, url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        wire(url)


async def test_a_redirect_is_an_answer_and_is_not_followed(wire: MakeWire) -> None:
    async with raw_server(response(b"", "Location: http://127.0.0.1:9/", status="302 Found")) as server:
        answer = await wire(server).send("GET", "/x")
        assert (answer.status, len(server.exchanges)) == (302, 1)


async def test_cookies_are_not_kept(wire: MakeWire) -> None:
    async with raw_server(response(b"{}", "Set-Cookie: a=b")) as server:
        one = wire(server)
        for _ in range(2):
            await one.send("GET", "/x")
        assert "cookie" not in server.exchanges[1].head.lower()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nobody_gets_an_answer_that_the_event_loop_has_not_read_yet(wire: MakeWire, method: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:  # in a thread, so that it sends while the event loop is busy
            held = []
            for _ in range(2):
                connection, _ = listener.accept()
                held.append(connection)
                connection.recv(4096)
                connection.sendall(response(b"[1]"))
                time.sleep(0.05)
                connection.sendall(PLANTED)
            for connection in held:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        one = wire(url)
        assert (await one.send(method, "/x")).body == b"[1]"
        time.sleep(0.15)  # noqa: ASYNC251 - the event loop is to be busy
        assert (await one.send(method, "/x")).body == b"[1]"
        await asyncio.to_thread(thread.join)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_whatever_follows_the_answers_everybody_gets_their_own(wire: MakeWire, method: str) -> None:
    async def answer(exchange: Exchange) -> None:
        own = response(exchange.head.split()[1].encode())
        await exchange.send(own + (PLANTED if len(server.exchanges) % 3 else b""))

    async with raw_server(answer) as server:
        one = wire(server, max_connections=5)
        asking = (one.send(method, f"/{number}") for number in range(300))
        answers = await asyncio.gather(*asking, return_exceptions=True)
        for number, outcome in enumerate(answers):
            if not isinstance(outcome, UnusableResponseError):
                assert isinstance(outcome, Answer)
                assert outcome.body == f"/{number}".encode()
        assert sum(isinstance(outcome, Answer) for outcome in answers) >= 100


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_restart_of_supabase_costs_no_request(wire: MakeWire, method: str) -> None:
    async with raw_server(response(b"[1]")) as server:
        one = wire(server)
        await asyncio.gather(*(one.send(method, "/x") for _ in range(5)))
        await server.stop()
        await server.start()
        answers = await asyncio.gather(*(one.send(method, "/x") for _ in range(5)))
        assert [answer.body for answer in answers] == [b"[1]"] * 5


async def test_a_connection_that_closes_as_a_get_is_sent_is_replaced_once(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.connection == 0 and len(server.exchanges) > 1:
            exchange.close()
        else:
            await exchange.send(response(b"[1]"))

    async with raw_server(answer) as server:
        one = wire(server)
        for _ in range(2):
            assert (await one.send("GET", "/x")).body == b"[1]"
        assert [exchange.connection for exchange in server.exchanges] == [0, 0, 1]


@pytest.mark.parametrize(("method", "last_words"), [("POST", b""), ("GET", b"HTTP/1.1 2")])
async def test_neither_a_post_nor_what_was_answered_in_part_is_sent_again(
    wire: MakeWire, method: str, last_words: bytes
) -> None:
    async def answer(exchange: Exchange) -> None:
        if len(server.exchanges) > 1:
            await exchange.send(last_words)
            exchange.close()
        else:
            await exchange.send(response(b"[1]"))

    async with raw_server(answer) as server:
        one = wire(server)
        await one.send(method, "/x")
        with pytest.raises(ConnectionLostError):
            await one.send(method, "/x")
        assert len(server.exchanges) == 2


async def test_a_post_is_not_sent_over_a_connection_whose_end_the_event_loop_has_not_noticed(wire: MakeWire) -> None:
    answered = response(b"[1]")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:  # in a thread, so that it closes while the event loop is busy
            for _ in range(2):
                connection, _ = listener.accept()
                connection.recv(4096)
                connection.sendall(answered)
                time.sleep(0.1)
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        one = wire(url)
        await one.send("POST", "/x")
        time.sleep(0.3)  # noqa: ASYNC251 - the event loop is to be busy
        assert (await one.send("POST", "/x")).body == b"[1]"
        await asyncio.to_thread(thread.join)


async def test_a_closed_client_closes_its_connections_and_sends_nothing(wire: MakeWire) -> None:
    async with raw_server(response()) as server:
        one = wire(server)
        await one.send("GET", "/x")
        one.close()
        await until(lambda: server.ended == [0])
        with pytest.raises(RuntimeError, match="closed"):
            await one.send("GET", "/x")


@pytest.mark.thorough
async def test_who_is_patient_waits_longer_over_the_same_connections(wire: MakeWire) -> None:
    async def late(exchange: Exchange) -> None:
        await asyncio.sleep(0.4)
        await exchange.send(response(b"[1]"))

    async with raw_server(late) as server:
        one = wire(server, read_timeout=0.1)
        with pytest.raises(ReadTimeoutError):
            await one.send("POST", "/x")
        patient = one.patient(5)
        assert patient.origin == one.origin
        for _ in range(2):
            assert (await patient.send("POST", "/x")).body == b"[1]"
        assert server.connections == 2, "the impatient one's was closed"
        with pytest.raises(ReadTimeoutError):
            await one.send("POST", "/x")


def test_it_can_be_made_where_no_event_loop_runs_and_belongs_to_the_one_that_uses_it() -> None:
    one = Wire("http://127.0.0.1:9", connect_timeout=1, read_timeout=1, max_connections=1, keepalive=1)

    async def ask() -> None:
        async with raw_server(response(b"[1]")) as server:
            asking = Wire(server.url, connect_timeout=1, read_timeout=1, max_connections=1, keepalive=1)
            assert (await asking.send("GET", "/x")).body == b"[1]"
            asking.close()

    asyncio.run(ask())
    one.close()
