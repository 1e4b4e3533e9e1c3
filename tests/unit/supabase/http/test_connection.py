"""One request at a time on a connection, and no answer but its own."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from service.supabase.http.errors import ConnectionLostError, ReadTimeoutError, UnusableResponseError
from tests.support.raw_server import Exchange, raw_server, response
from tests.unit.supabase.http.wires import CHUNKED, PLANTED, MakeWire, pool_of_one, until


@pytest.mark.parametrize(
    ("answer", "connections"),
    [(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 2),
     (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}", 1),
     (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", 2),
     (response(b"{}", "Keep-Alive: timeout=1"), 2),
     (response(b"{}", "Keep-Alive: timeout=60, max=100"), 1)],
    ids=["HTTP/1.0", "HTTP/1.0 that keeps alive", "close", "a second to live", "a minute to live"],
)  # fmt: skip
async def test_a_connection_is_used_again_when_the_server_says_that_it_may(
    wire: MakeWire, answer: bytes, connections: int
) -> None:
    async with raw_server(answer) as server:
        one = wire(server)
        for _ in range(2):
            assert (await one.send("POST", "/x")).body == b"{}"
        assert server.connections == connections


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n0", b"garbage"])
async def test_what_nobody_asked_for_is_no_answer_to_the_next_request(wire: MakeWire, more: bytes) -> None:
    async with raw_server(response(b"[1]") + more) as server:
        one = wire(server)
        for _ in range(3):
            assert (await one.send("GET", "/x")).body == b"[1]"
        assert server.connections == 3


async def test_an_answer_before_the_question_ends_the_connection(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(response(b"[1]"))
        await asyncio.sleep(0.02)
        await exchange.send(response(b'["planted"]'))

    async with raw_server(answer) as server:
        one = wire(server)
        assert (await one.send("GET", "/x")).body == b"[1]"
        await until(lambda: server.ended == [0])
        assert (await one.send("GET", "/x")).body == b"[1]"


async def test_two_answers_at_once_are_an_answer_to_the_first_request_only(wire: MakeWire) -> None:
    """Later, either of them may be a late one to the request before."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send(response(b"[1]") if len(server.exchanges) != 2 else PLANTED + response(b"[2]"))

    async with raw_server(answer) as server:
        one = wire(server)
        assert (await one.send("GET", "/x")).body == b"[1]"
        with pytest.raises(UnusableResponseError):
            await one.send("GET", "/x")
        assert (await one.send("GET", "/x")).body == b"[1]"
        assert [exchange.connection for exchange in server.exchanges] == [0, 0, 1]


async def test_a_second_answer_spoils_the_first_before_its_reader_has_it() -> None:
    async with raw_server(response()) as server:
        pool = pool_of_one(server.port)
        connection = await pool.acquire()
        await connection.exchange(b"GET / HTTP/1.1\r\n\r\n")
        reading = asyncio.create_task(connection.exchange(b"GET / HTTP/1.1\r\n\r\n"))
        await asyncio.sleep(0)
        connection.data_received(PLANTED)
        connection.data_received(response())
        with pytest.raises(UnusableResponseError):
            await reading
        assert not connection.reusable
        pool.close()


async def test_an_answer_to_half_a_question_is_unusable(wire: MakeWire) -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            connection, _ = listener.accept()
            connection.recv(100)
            connection.sendall(PLANTED)
            done.wait(5)
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(UnusableResponseError):
            await wire(url).send("POST", "/x", body=bytes(32_000_000))
        done.set()
        await asyncio.to_thread(thread.join)


async def test_a_reset_connection_is_a_read_error(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\n")
        sock: socket.socket = exchange.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        exchange.writer.transport.abort()

    async with raw_server(answer) as server:
        with pytest.raises(ConnectionLostError):
            await wire(server).send("GET", "/x")


async def test_a_silent_server_is_a_read_timeout(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{")
        await asyncio.sleep(30)

    async with raw_server(answer) as server:
        with pytest.raises(ReadTimeoutError):
            await wire(server, read_timeout=0.1).send("GET", "/x")
        await until(lambda: len(server.exchanges) == 1)


async def test_a_slow_answer_that_is_never_silent_for_long_is_waited_for(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        for byte in response(b"[1]"):
            await exchange.send(bytes([byte]))
            await asyncio.sleep(0.02)

    async with raw_server(answer) as server:
        assert (await wire(server, read_timeout=0.5).send("GET", "/x")).body == b"[1]"


async def test_the_callers_timeout_bounds_the_whole_and_ends_the_connection(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(CHUNKED)
        while True:
            await exchange.send(b"1\r\n \r\n")
            await asyncio.sleep(0.01)

    async with raw_server(answer) as server:
        one = wire(server)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await one.send("GET", "/x")
        await until(lambda: server.ended == [0])
