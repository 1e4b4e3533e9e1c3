"""Who gets which connection, and when one is made or dropped; TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time

import pytest
import trustme

from service.supabase.http.errors import ConnectionLostError, ConnectTimeoutError, NoFreeConnectionError, NotConnectedError
from service.supabase.http.pool import PoolState
from service.supabase.http.sender import Answer
from tests.support.raw_server import Exchange, raw_server, response
from tests.unit.supabase.http.wires import PLANTED, MakeWire, pool_of_one, until


async def test_whoever_waits_for_a_connection_gets_none_that_somebody_has_spoken_on_meanwhile() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pool = pool_of_one(listener.getsockname()[1])
        connection = await pool.acquire()
        waiter = asyncio.create_task(pool.acquire())
        await asyncio.sleep(0)
        pool.release(connection)
        accepted = listener.accept()[0]
        accepted.sendall(PLANTED)
        time.sleep(0.1)  # noqa: ASYNC251 - the event loop is not to notice
        assert await waiter is not connection
        pool.close()
        accepted.close()


async def test_a_server_that_speaks_first_is_not_asked(wire: MakeWire) -> None:
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            connection, _ = listener.accept()
            connection.sendall(PLANTED)
            connection.settimeout(5)
            with contextlib.suppress(ConnectionResetError):
                asked.append(connection.recv(4096))
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        asking = asyncio.create_task(wire(url).send("POST", "/x"))
        while not asking.done():  # the event loop takes its time, so that the answer is there before the request
            time.sleep(0.02)  # noqa: ASYNC251 - as above
            await asyncio.sleep(0)
        with pytest.raises((ConnectionLostError, NotConnectedError)):
            await asking
        await asyncio.to_thread(thread.join)
        assert asked in ([], [b""])


async def test_a_host_that_does_not_take_connections_is_a_connect_error(wire: MakeWire) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(NotConnectedError):
            await wire(url).send("GET", "/x")


async def test_a_name_that_does_not_exist_is_a_connect_error(wire: MakeWire) -> None:
    url = "http://latchkey.invalid"
    with pytest.raises(NotConnectedError):
        await wire(url).send("GET", "/x")


async def test_a_handshake_that_does_not_end_is_a_connect_timeout(wire: MakeWire) -> None:
    async with raw_server(response()) as server:
        url = server.url.replace("http", "https")
        one = wire(url, connect_timeout=0.2, max_connections=1)
        for _ in range(2):  # the second one finds the first one's place free
            with pytest.raises(ConnectTimeoutError):
                await one.send("GET", "/x")


async def test_no_free_connection_is_a_pool_timeout(wire: MakeWire) -> None:
    release = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await release.wait()
        await exchange.send(response(b"[1]"))

    async with raw_server(answer) as server:
        one = wire(server, connect_timeout=0.2, max_connections=2)
        first = [asyncio.create_task(one.send("GET", "/x")) for _ in range(2)]
        await until(lambda: len(server.exchanges) == 2)
        with pytest.raises(NoFreeConnectionError):
            await one.send("GET", "/x")
        release.set()
        assert [answer.body for answer in await asyncio.gather(*first)] == [b"[1]", b"[1]"]
        assert (await one.send("GET", "/x")).body == b"[1]"


async def test_many_requests_share_the_allowed_connections_and_each_gets_its_own_answer(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        await asyncio.sleep(0.001)
        await exchange.send(response(exchange.head.split()[1].encode()))

    async with raw_server(answer) as server:
        one = wire(server, max_connections=5)
        answers = await asyncio.gather(*(one.send("GET", f"/{number}") for number in range(300)))
        assert [answer.body for answer in answers] == [f"/{number}".encode() for number in range(300)]
        assert server.connections <= 5


async def test_a_cancelled_request_frees_its_place_and_leaves_no_answer_to_the_next(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        if "late" in exchange.head:
            await asyncio.sleep(0.05)
        if "never" not in exchange.head:
            await exchange.send(response(exchange.head.split()[1].encode()))

    async with raw_server(answer) as server:
        one = wire(server, max_connections=1)
        for path in ("/never", "/late", "/never"):
            seen = len(server.exchanges)
            cancelled = asyncio.create_task(one.send("GET", path))
            await until(lambda: len(server.exchanges) > seen)  # noqa: B023 - awaited at once
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            assert (await one.send("GET", "/next")).body == b"/next"


async def test_a_connection_that_is_handed_to_a_cancelled_waiter_goes_to_the_next() -> None:
    async with raw_server(response()) as server:
        pool = pool_of_one(server.port)
        connection = await pool.acquire()
        await connection.exchange(b"GET / HTTP/1.1\r\n\r\n")
        waiter = asyncio.create_task(pool.acquire())
        await asyncio.sleep(0)
        pool.release(connection)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        assert await pool.acquire() is connection
        pool.close()


async def test_cancelled_waiters_take_no_connection_with_them(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        await asyncio.sleep(0.002)
        await exchange.send(response(exchange.head.split()[1].encode()))

    async with raw_server(answer) as server:
        one = wire(server, max_connections=2)
        for round_number in range(20):
            tasks = [asyncio.create_task(one.send("GET", f"/{number}")) for number in range(12)]
            await asyncio.sleep(0.001 * (round_number % 5))
            for task in tasks[::2]:
                task.cancel()
            for number, outcome in enumerate(await asyncio.gather(*tasks, return_exceptions=True)):
                if not isinstance(outcome, asyncio.CancelledError):
                    assert isinstance(outcome, Answer)
                    assert outcome.body == f"/{number}".encode()
        answers = await asyncio.gather(*(one.send("GET", f"/{number}") for number in range(4)))
        assert [answer.body for answer in answers] == [b"/0", b"/1", b"/2", b"/3"]


async def test_a_request_that_is_cancelled_while_it_connects_frees_its_place(wire: MakeWire) -> None:
    async with raw_server(response()) as server:
        for steps in range(25):
            one = wire(server, max_connections=2)
            tasks = [asyncio.create_task(one.send("GET", "/x")) for _ in range(2)]
            for _ in range(steps):
                await asyncio.sleep(0)
            tasks[0].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await until(lambda: one.pool().in_use == 0)  # noqa: B023 - awaited at once


async def test_a_post_that_waits_for_a_connection_gets_none_that_has_ended_meanwhile() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pool = pool_of_one(listener.getsockname()[1])
        connection = await pool.acquire()
        waiter = asyncio.create_task(pool.acquire())
        await asyncio.sleep(0)
        pool.release(connection)
        listener.accept()[0].close()
        time.sleep(0.1)  # noqa: ASYNC251 - the event loop is not to notice the end
        assert await waiter is not connection
        pool.close()


async def test_whoever_waits_for_a_connection_when_the_client_is_closed_is_told(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        """None."""

    async with raw_server(answer) as server:
        one = wire(server, max_connections=1)
        tasks = [asyncio.create_task(one.send("GET", "/x")) for _ in range(3)]
        await until(lambda: len(server.exchanges) == 1)
        one.close()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ConnectionLostError, RuntimeError, RuntimeError]
        assert server.connections == 1


async def test_a_connection_that_idled_for_too_long_is_not_used(wire: MakeWire) -> None:
    async with raw_server(response()) as server:
        one = wire(server, keepalive=0.05)
        await one.send("GET", "/x")
        await asyncio.sleep(0.1)
        await one.send("GET", "/x")
        assert server.connections == 2
        await until(lambda: server.ended == [0])


async def test_renewed_connections_end_with_what_is_under_way(wire: MakeWire) -> None:
    release = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        if "waits" in exchange.head:
            await release.wait()
        await exchange.send(response(b"[1]"))

    async with raw_server(answer) as server:
        one = wire(server, max_connections=2)
        under_way = asyncio.create_task(one.send("POST", "/waits"))
        await until(lambda: len(server.exchanges) == 1)
        await one.send("POST", "/x")
        one.renew_connections()
        await until(lambda: server.ended == [1])
        waiting = [asyncio.create_task(one.send("POST", "/waits")) for _ in range(3)]
        release.set()
        assert [answer.body for answer in await asyncio.gather(under_way, *waiting)] == [b"[1]"] * 4
        assert {exchange.connection for exchange in server.exchanges[2:]}.isdisjoint({0, 1})
        await until(lambda: sorted(server.ended) == [0, 1])


async def test_the_pool_tells_how_it_stands(wire: MakeWire) -> None:
    release = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await release.wait()
        await exchange.send(response())

    async with raw_server(answer) as server:
        one = wire(server, max_connections=3)
        tasks = [asyncio.create_task(one.send("GET", "/x")) for _ in range(2)]
        await until(lambda: len(server.exchanges) == 2)
        assert one.pool() == PoolState(in_use=2, idle=0, limit=3)
        release.set()
        await asyncio.gather(*tasks)
        assert one.pool() == PoolState(in_use=0, idle=2, limit=3)
        await server.stop()
        await until(lambda: one.pool() == PoolState(in_use=0, idle=0, limit=3))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def _server_tls(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def test_a_trusted_certificate_with_the_right_name_is_accepted(wire: MakeWire, authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with raw_server(response(b"[1]"), tls=_server_tls(authority, "127.0.0.1")) as server:
        one = wire(server, tls=trusting)
        for method in ("GET", "POST", "POST"):
            assert (await one.send(method, "/x")).body == b"[1]"
        assert server.connections == 1


async def test_a_certificate_for_another_name_is_refused(wire: MakeWire, authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with raw_server(response(), tls=_server_tls(authority, "other.example")) as server:
        with pytest.raises(NotConnectedError):
            await wire(server, tls=trusting).send("GET", "/x")
        assert server.exchanges == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(wire: MakeWire, authority: trustme.CA) -> None:
    async with raw_server(response(), tls=_server_tls(authority, "127.0.0.1")) as server:
        with pytest.raises(NotConnectedError):
            await wire(server).send("GET", "/x")
        assert server.exchanges == []
