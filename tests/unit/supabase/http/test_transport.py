"""The HTTP client under Supabase's packages, against real sockets: on asyncio's event loop and on uvloop, which serves."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
import trustme

from service.supabase.http.pool import ConnectionPool, PoolState
from service.supabase.http.response_reader import MAX_BODY_BYTES, UnusableResponseError
from service.supabase.http.transport import SupabaseHttpClient
from tests.support.raw_server import Answer, Exchange, RawServer, raw_server, response

Client = Callable[..., SupabaseHttpClient]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    """Makes clients for a server, and closes them."""
    made: list[SupabaseHttpClient] = []

    def make(server: RawServer | str, **options: Any) -> SupabaseHttpClient:
        settings: dict[str, Any] = {"connect_timeout": 5.0, "read_timeout": 5.0, "max_connections": 10, "keepalive": 30.0}
        url = server if isinstance(server, str) else server.url
        made.append(SupabaseHttpClient(url, **(settings | options)))
        return made[-1]

    yield make
    for one in made:
        await _until(lambda: one.pool().in_use == 0)  # noqa: B023 - awaited at once
        await one.aclose()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in another process or in the kernel
            await asyncio.sleep(0.005)


# What goes out.


async def test_a_request_carries_its_method_target_headers_and_json(client: Client) -> None:
    async with raw_server(response()) as server:
        await client(server).request(
            "POST",
            f"{server.url}/auth/v1/token",
            params=httpx.QueryParams(grant_type="a&b ü"),
            headers={"apikey": "key", "Content-Type": "application/json"},
            json={"name": "Ü", "none": None},
        )
        (exchange,) = server.exchanges
        lines = exchange.head.split("\r\n")
        assert lines[0] == "POST /auth/v1/token?grant_type=a%26b+%C3%BC HTTP/1.1"
        assert {f"Host: 127.0.0.1:{server.port}", "apikey: key", "Content-Type: application/json"} <= set(lines)
        assert exchange.body == '{"name":"Ü","none":null}'.encode()


async def test_content_is_sent_as_it_is_and_httpx_headers_are_taken(client: Client) -> None:
    async with raw_server(response()) as server:
        headers = httpx.Headers({"Content-Type": "text/plain"})
        await client(server).request("POST", f"{server.url}/x", content=b"\x00\r\n", headers=headers)
        assert server.exchanges[0].body == b"\x00\r\n"
        assert "content-type: text/plain" in server.exchanges[0].head.lower()


async def test_get_and_post_of_httpx_work_too(client: Client) -> None:
    async with raw_server(response(b"[1]")) as server:
        assert (await client(server).get(f"{server.url}/x")).json() == [1]
        assert (await client(server).post(f"{server.url}/x")).json() == [1]
        assert "content-length: 0" in server.exchanges[1].head.lower()


@pytest.mark.parametrize(
    "value", ["a\r\nX-Injected: 1", "a\nb", "a\rb", "a\0b", "ü"], ids=["line", "lf", "cr", "nul", "not ASCII"]
)
async def test_a_header_value_cannot_add_to_the_request(client: Client, value: str) -> None:
    async with raw_server(response()) as server:
        with pytest.raises(httpx.LocalProtocolError):
            await client(server).request("GET", f"{server.url}/x", headers={"Authorization": value})
        assert server.exchanges == []


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "a b", "a:b", "", "a\r\nb"])
async def test_a_header_name_cannot_change_the_framing(client: Client, name: str) -> None:
    async with raw_server(response()) as server:
        with pytest.raises(httpx.LocalProtocolError):
            await client(server).request("GET", f"{server.url}/x", headers={name: "1"})


@pytest.mark.parametrize("target", ["", "/a b", "/a\r\nb", "/ü", "/a#b", "@127.0.0.2/", ".example.com/x", "0/x"])
async def test_nothing_is_sent_to_another_origin_or_a_malformed_target(client: Client, target: str) -> None:
    async with raw_server(response()) as server:
        with pytest.raises(httpx.LocalProtocolError):
            await client(server).request("GET", server.url + target)
        with pytest.raises(httpx.LocalProtocolError):
            await client(server).request("GET", f"http://127.0.0.2:{server.port}/x")
        assert server.connections == 0


async def test_what_is_not_supported_is_refused_and_not_ignored(client: Client) -> None:
    async with raw_server(response()) as server:
        for options in ({"auth": ("user", "password")}, {"data": {"a": "b"}}, {"cookies": {"a": "b"}}, {"timeout": 1}):
            with pytest.raises(TypeError):
                await client(server).request("POST", f"{server.url}/x", **options)
        for method in ("HEAD", "PUT", "CONNECT", "GET /x HTTP/1.1\r\n"):
            with pytest.raises(httpx.LocalProtocolError):
                await client(server).request(method, f"{server.url}/x")
        with pytest.raises(httpx.UnsupportedProtocol):
            await client(server).send(httpx.Request("GET", f"{server.url}/x"))


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://", "http://user:password@127.0.0.1"])
async def test_a_base_url_that_is_none_is_refused(client: Client, url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        client(url)


# What comes in.


async def test_header_names_have_no_case_and_values_may_repeat(client: Client) -> None:
    async with raw_server(response(b"{}", "X-THING: one", "x-thing: two", "Content-Type: application/json")) as server:
        answer = await client(server).request("GET", f"{server.url}/x")
        assert answer.headers["x-Thing"] == "one, two"
        assert answer.headers.get_list("X-Thing") == ["one", "two"]


async def test_a_response_is_one_of_httpx(client: Client) -> None:
    async with raw_server(response('{"a":"ü"}'.encode(), "Content-Type: application/json")) as server:
        answer = await client(server).request("GET", f"{server.url}/x?a=1", headers={"Prefer": "count=exact"})
        assert isinstance(answer, httpx.Response)
        assert answer.raise_for_status() is answer
        assert (answer.status_code, answer.is_success, answer.text, answer.json()) == (200, True, '{"a":"ü"}', {"a": "ü"})
        assert await answer.aread() == answer.read() == answer.content
        assert answer.request.method == "GET"
        assert str(answer.url) == f"{server.url}/x?a=1"
        assert answer.request.headers["prefer"] == "count=exact"
        assert answer.encoding == "utf-8"
        assert not hasattr(answer, "made_up")
        assert not hasattr(answer.request, "made_up")


async def test_an_error_status_raises_as_in_httpx(client: Client) -> None:
    async with raw_server(response(b'{"code":"x"}', "X-A: b", status="404 Not Found")) as server:
        answer = await client(server).request("POST", f"{server.url}/x", json={})
        with pytest.raises(httpx.HTTPStatusError) as raised:
            answer.raise_for_status()
        assert raised.value.response is answer
        assert raised.value.request.method == "POST"
        assert raised.value.response.headers["x-a"] == "b"
        assert answer.reason_phrase == "Not Found"


@pytest.mark.parametrize("status", [429, 500, 503, 520, 599])
async def test_a_server_in_trouble_raises_at_once(client: Client, status: int) -> None:
    async with raw_server(response(b"[]", "Retry-After: 7", status=f"{status} Whatever")) as server:
        with pytest.raises(httpx.HTTPStatusError) as raised:
            await client(server).request("GET", f"{server.url}/x")
        assert raised.value.response.status_code == status
        assert raised.value.response.headers["retry-after"] == "7"


async def test_nothing_in_the_place_of_json_is_unusable(client: Client) -> None:
    async with raw_server(response(b"")) as server:
        with pytest.raises(UnusableResponseError):
            await client(server).request("GET", f"{server.url}/x")
        assert (await client(server).request("POST", f"{server.url}/x")).content == b""


async def test_a_redirect_is_an_answer_and_is_not_followed(client: Client) -> None:
    async with raw_server(response(b"", "Location: http://127.0.0.1:9/", status="302 Found")) as server:
        answer = await client(server).request("GET", f"{server.url}/x")
        assert (answer.status_code, len(server.exchanges)) == (302, 1)


async def test_cookies_are_not_kept(client: Client) -> None:
    async with raw_server(response(b"{}", "Set-Cookie: a=b")) as server:
        one = client(server)
        for _ in range(2):
            await one.request("GET", f"{server.url}/x")
        assert "cookie" not in server.exchanges[1].head.lower()
        assert len(one.cookies) == 0


def _deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(body) + compressor.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(b"[1, 2]")), ("GZIP", gzip.compress(b"[1, 2]")), ("deflate", zlib.compress(b"[1, 2]")),
     ("deflate", _deflate(b"[1, 2]")), ("identity", b"[1, 2]")],
    ids=["gzip", "upper case", "deflate", "raw deflate", "identity"],
)  # fmt: skip
async def test_compressed_bodies_are_decompressed(client: Client, encoding: str, body: bytes) -> None:
    async with raw_server(response(body, f"Content-Encoding: {encoding}")) as server:
        assert (await client(server).request("GET", f"{server.url}/x")).json() == [1, 2]
        assert "accept-encoding: identity" in server.exchanges[0].head.lower()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", b"not gzip"), ("gzip", gzip.compress(b"[]")[:-4]), ("gzip", gzip.compress(b"[]") + b"more"), ("br", b"[]"),
     ("gzip, gzip", gzip.compress(gzip.compress(b"[]"))), ("gzip", gzip.compress(bytes(MAX_BODY_BYTES + 1)))],
    ids=["garbage", "cut", "more behind", "not offered", "twice", "a bomb"],
)  # fmt: skip
async def test_a_body_that_does_not_decompress_is_unusable(client: Client, encoding: str, body: bytes) -> None:
    async with raw_server(response(body, f"Content-Encoding: {encoding}")) as server:
        with pytest.raises(UnusableResponseError):
            await client(server).request("GET", f"{server.url}/x")


@pytest.mark.parametrize("size", [MAX_BODY_BYTES, MAX_BODY_BYTES + 1])
async def test_a_response_has_a_largest_size(client: Client, size: int) -> None:
    async with raw_server(response(bytes(size))) as server:
        if size <= MAX_BODY_BYTES:
            assert len((await client(server).request("GET", f"{server.url}/x")).content) == size
        else:
            with pytest.raises(UnusableResponseError):
                await client(server).request("GET", f"{server.url}/x")


async def _endless_body(exchange: Exchange) -> None:
    await exchange.send(CHUNKED)
    while True:
        await exchange.send(b"8000\r\n" + bytes(0x8000) + b"\r\n")


async def _endless_head(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await exchange.send(b"X: " + b"a" * 8000 + b"\r\n")


async def _endless_interim(exchange: Exchange) -> None:
    while True:
        await exchange.send(b"HTTP/1.1 103 Early Hints\r\nLink: " + b"a" * 8000 + b"\r\n\r\n")


@pytest.mark.parametrize("answer", [_endless_body, _endless_head, _endless_interim])
async def test_an_endless_response_ends(client: Client, answer: Answer) -> None:
    async with raw_server(answer) as server, asyncio.timeout(20):
        with pytest.raises(UnusableResponseError):
            await client(server).request("GET", f"{server.url}/x")
        await _until(lambda: server.ended == [0])


async def test_a_chunked_body_is_put_together_and_its_trailer_ignored(client: Client) -> None:
    async with raw_server(CHUNKED + b"2;ext=1\r\n[1\r\n3\r\n, 2\r\n1\r\n]\r\n0\r\nContent-Encoding: gzip\r\n\r\n") as server:
        one = client(server)
        for _ in range(2):
            answer = await one.request("GET", f"{server.url}/x")
            assert answer.json() == [1, 2]
            assert "content-encoding" not in answer.headers
        assert server.connections == 1


async def test_a_response_may_come_byte_by_byte(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        for byte in response(b"[1]", "X-A: b"):
            await exchange.send(bytes([byte]))
            await asyncio.sleep(0)

    async with raw_server(answer) as server:
        one = client(server)
        for _ in range(2):
            assert (await one.request("GET", f"{server.url}/x")).json() == [1]
        assert server.connections == 1


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_a_response_without_a_body_frees_the_connection(client: Client, status: str) -> None:
    async with raw_server(f"HTTP/1.1 {status}\r\n\r\n".encode()) as server:
        one = client(server)
        for _ in range(2):
            assert (await one.request("POST", f"{server.url}/x")).content == b""
        assert server.connections == 1


async def test_interim_responses_are_passed_over(client: Client) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Encoding: gzip\r\nX-A: b\r\n\r\n"
    async with raw_server(interim + response(b"[1]")) as server:
        one = client(server)
        for _ in range(2):
            answer = await one.request("GET", f"{server.url}/x")
            assert (answer.status_code, answer.json(), "x-a" in answer.headers) == (200, [1], False)
        assert server.connections == 1


async def test_a_body_may_end_with_the_connection(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\n\r\n[1,")
        await asyncio.sleep(0.02)
        await exchange.send(b" 2]")
        exchange.close()

    async with raw_server(answer) as server:
        one = client(server)
        for _ in range(2):
            assert (await one.request("POST", f"{server.url}/x")).json() == [1, 2]
        assert server.connections == 2


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
    client: Client, answer: bytes, connections: int
) -> None:
    async with raw_server(answer) as server:
        one = client(server)
        for _ in range(2):
            assert (await one.request("POST", f"{server.url}/x")).json() == {}
        assert server.connections == connections


ILLEGAL = {
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "the same length twice": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
    "a signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}",
    "a huge length": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
    "length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunks and length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a coding not offered": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "an unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a bad chunk size": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"1\r\n{}\r\n0\r\n\r\n",
    "a folded header": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "a space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}",
    "a NUL in a header": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "another version": b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "another protocol": b"SSH-2.0-OpenSSH_9.9\r\n",
    "an upgrade": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "an odd status": b"HTTP/1.1 999 X\r\nContent-Length: 2\r\n\r\n{}",
    "no status": b"HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("answer", ILLEGAL.values(), ids=ILLEGAL)
async def test_an_illegal_response_is_unusable_and_ends_the_connection(client: Client, answer: bytes) -> None:
    async with raw_server(answer) as server:
        with pytest.raises(UnusableResponseError):
            await client(server).request("POST", f"{server.url}/x")
        await _until(lambda: server.ended == [0])


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n0", b"garbage"])
async def test_what_nobody_asked_for_is_no_answer_to_the_next_request(client: Client, more: bytes) -> None:
    async with raw_server(response(b"[1]") + more) as server:
        one = client(server)
        for _ in range(3):
            assert (await one.request("GET", f"{server.url}/x")).json() == [1]
        assert server.connections == 3


async def test_an_answer_before_the_question_ends_the_connection(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(response(b"[1]"))
        await asyncio.sleep(0.02)
        await exchange.send(response(b'["planted"]'))

    async with raw_server(answer) as server:
        one = client(server)
        assert (await one.request("GET", f"{server.url}/x")).json() == [1]
        await _until(lambda: server.ended == [0])
        assert (await one.request("GET", f"{server.url}/x")).json() == [1]


PLANTED = response(b'["planted"]')


async def test_two_answers_at_once_are_an_answer_to_the_first_request_only(client: Client) -> None:
    """Later, either of them may be a late one to the request before."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send(response(b"[1]") if len(server.exchanges) != 2 else PLANTED + response(b"[2]"))

    async with raw_server(answer) as server:
        one = client(server)
        assert (await one.request("GET", f"{server.url}/x")).json() == [1]
        with pytest.raises(UnusableResponseError):
            await one.request("GET", f"{server.url}/x")
        assert (await one.request("GET", f"{server.url}/x")).json() == [1]
        assert [exchange.connection for exchange in server.exchanges] == [0, 0, 1]


async def test_a_second_answer_spoils_the_first_before_its_reader_has_it() -> None:
    async with raw_server(response()) as server:
        pool = _pool_of_one(server.port)
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


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nobody_gets_an_answer_that_the_event_loop_has_not_read_yet(client: Client, method: str) -> None:
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
        one = client(url)
        assert (await one.request(method, f"{url}/x")).json() == [1]
        time.sleep(0.15)  # noqa: ASYNC251 - the event loop is to be busy
        assert (await one.request(method, f"{url}/x")).json() == [1]
        await asyncio.to_thread(thread.join)


async def test_whoever_waits_for_a_connection_gets_none_that_somebody_has_spoken_on_meanwhile() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pool = _pool_of_one(listener.getsockname()[1])
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


async def test_a_server_that_speaks_first_is_not_asked(client: Client) -> None:
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
        asking = asyncio.create_task(client(url).request("POST", f"{url}/x"))
        while not asking.done():  # the event loop takes its time, so that the answer is there before the request
            time.sleep(0.02)  # noqa: ASYNC251 - as above
            await asyncio.sleep(0)
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await asking
        await asyncio.to_thread(thread.join)
        assert asked in ([], [b""])


async def test_an_answer_to_half_a_question_is_unusable(client: Client) -> None:
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
            await client(url).request("POST", f"{url}/x", content=bytes(32_000_000))
        done.set()
        await asyncio.to_thread(thread.join)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_whatever_follows_the_answers_everybody_gets_their_own(client: Client, method: str) -> None:
    async def answer(exchange: Exchange) -> None:
        own = response(exchange.head.split()[1].encode())
        await exchange.send(own + (PLANTED if len(server.exchanges) % 3 else b""))

    async with raw_server(answer) as server:
        one = client(server, max_connections=5)
        asking = (one.request(method, f"{server.url}/{number}") for number in range(300))
        answers = await asyncio.gather(*asking, return_exceptions=True)
        for number, outcome in enumerate(answers):
            if not isinstance(outcome, UnusableResponseError):
                assert isinstance(outcome, httpx.Response)
                assert outcome.text == f"/{number}"
        assert sum(isinstance(outcome, httpx.Response) for outcome in answers) >= 100


@pytest.mark.parametrize(
    "cut", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", CHUNKED + b"2\r\n{}\r\n"],
    ids=["nothing", "half a head", "half a body", "no last chunk"],
)  # fmt: skip
async def test_a_cut_response_is_a_protocol_error(client: Client, cut: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(cut)
        exchange.close()

    async with raw_server(answer) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await client(server).request("GET", f"{server.url}/x")
        assert len(server.exchanges) == 1  # a new connection that fails says something about the server: no second try


async def test_a_reset_connection_is_a_read_error(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\n")
        sock: socket.socket = exchange.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        exchange.writer.transport.abort()

    async with raw_server(answer) as server:
        with pytest.raises(httpx.ReadError):
            await client(server).request("GET", f"{server.url}/x")


# Time.


async def test_a_silent_server_is_a_read_timeout(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{")
        await asyncio.sleep(30)

    async with raw_server(answer) as server:
        with pytest.raises(httpx.ReadTimeout):
            await client(server, read_timeout=0.1).request("GET", f"{server.url}/x")
        await _until(lambda: len(server.exchanges) == 1)


async def test_a_slow_answer_that_is_never_silent_for_long_is_waited_for(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        for byte in response(b"[1]"):
            await exchange.send(bytes([byte]))
            await asyncio.sleep(0.02)

    async with raw_server(answer) as server:
        assert (await client(server, read_timeout=0.5).request("GET", f"{server.url}/x")).json() == [1]


async def test_the_callers_timeout_bounds_the_whole_and_ends_the_connection(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(CHUNKED)
        while True:
            await exchange.send(b"1\r\n \r\n")
            await asyncio.sleep(0.01)

    async with raw_server(answer) as server:
        one = client(server)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await one.request("GET", f"{server.url}/x")
        await _until(lambda: server.ended == [0])


async def test_a_host_that_does_not_take_connections_is_a_connect_error(client: Client) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(httpx.ConnectError):
            await client(url).request("GET", f"{url}/x")


async def test_a_name_that_does_not_exist_is_a_connect_error(client: Client) -> None:
    url = "http://latchkey.invalid"
    with pytest.raises(httpx.ConnectError):
        await client(url).request("GET", f"{url}/x")


async def test_a_handshake_that_does_not_end_is_a_connect_timeout(client: Client) -> None:
    async with raw_server(response()) as server:
        url = server.url.replace("http", "https")
        one = client(url, connect_timeout=0.2, max_connections=1)
        for _ in range(2):  # the second one finds the first one's place free
            with pytest.raises(httpx.ConnectTimeout):
                await one.request("GET", f"{url}/x")


async def test_no_free_connection_is_a_pool_timeout(client: Client) -> None:
    release = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await release.wait()
        await exchange.send(response(b"[1]"))

    async with raw_server(answer) as server:
        one = client(server, connect_timeout=0.2, max_connections=2)
        first = [asyncio.create_task(one.request("GET", f"{server.url}/x")) for _ in range(2)]
        await _until(lambda: len(server.exchanges) == 2)
        with pytest.raises(httpx.PoolTimeout):
            await one.request("GET", f"{server.url}/x")
        release.set()
        assert [answer.json() for answer in await asyncio.gather(*first)] == [[1], [1]]
        assert (await one.request("GET", f"{server.url}/x")).json() == [1]


# The pool.


async def test_many_requests_share_the_allowed_connections_and_each_gets_its_own_answer(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        await asyncio.sleep(0.001)
        await exchange.send(response(exchange.head.split()[1].encode()))

    async with raw_server(answer) as server:
        one = client(server, max_connections=5)
        answers = await asyncio.gather(*(one.request("GET", f"{server.url}/{number}") for number in range(300)))
        assert [answer.text for answer in answers] == [f"/{number}" for number in range(300)]
        assert server.connections <= 5


async def test_a_cancelled_request_frees_its_place_and_leaves_no_answer_to_the_next(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        if "late" in exchange.head:
            await asyncio.sleep(0.05)
        if "never" not in exchange.head:
            await exchange.send(response(exchange.head.split()[1].encode()))

    async with raw_server(answer) as server:
        one = client(server, max_connections=1)
        for path in ("/never", "/late", "/never"):
            seen = len(server.exchanges)
            cancelled = asyncio.create_task(one.request("GET", f"{server.url}{path}"))
            await _until(lambda: len(server.exchanges) > seen)  # noqa: B023 - awaited at once
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            assert (await one.request("GET", f"{server.url}/next")).text == "/next"


def _pool_of_one(port: int) -> ConnectionPool:
    return ConnectionPool("127.0.0.1", port, tls=None, connect_timeout=1, read_timeout=1, max_connections=1, keepalive=30)


async def test_a_connection_that_is_handed_to_a_cancelled_waiter_goes_to_the_next() -> None:
    async with raw_server(response()) as server:
        pool = _pool_of_one(server.port)
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


async def test_cancelled_waiters_take_no_connection_with_them(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        await asyncio.sleep(0.002)
        await exchange.send(response(exchange.head.split()[1].encode()))

    async with raw_server(answer) as server:
        one = client(server, max_connections=2)
        for round_number in range(20):
            tasks = [asyncio.create_task(one.request("GET", f"{server.url}/{number}")) for number in range(12)]
            await asyncio.sleep(0.001 * (round_number % 5))
            for task in tasks[::2]:
                task.cancel()
            for number, outcome in enumerate(await asyncio.gather(*tasks, return_exceptions=True)):
                if not isinstance(outcome, asyncio.CancelledError):
                    assert isinstance(outcome, httpx.Response)
                    assert outcome.text == f"/{number}"
        answers = await asyncio.gather(*(one.request("GET", f"{server.url}/{number}") for number in range(4)))
        assert [answer.text for answer in answers] == ["/0", "/1", "/2", "/3"]


async def test_a_request_that_is_cancelled_while_it_connects_frees_its_place(client: Client) -> None:
    async with raw_server(response()) as server:
        for steps in range(25):
            one = client(server, max_connections=2)
            tasks = [asyncio.create_task(one.request("GET", f"{server.url}/x")) for _ in range(2)]
            for _ in range(steps):
                await asyncio.sleep(0)
            tasks[0].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await _until(lambda: one.pool().in_use == 0)  # noqa: B023 - awaited at once


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_restart_of_supabase_costs_no_request(client: Client, method: str) -> None:
    async with raw_server(response(b"[1]")) as server:
        one = client(server)
        await asyncio.gather(*(one.request(method, f"{server.url}/x") for _ in range(5)))
        await server.stop()
        await server.start()
        answers = await asyncio.gather(*(one.request(method, f"{server.url}/x") for _ in range(5)))
        assert [answer.json() for answer in answers] == [[1]] * 5


async def test_a_connection_that_closes_as_a_get_is_sent_is_replaced_once(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.connection == 0 and len(server.exchanges) > 1:
            exchange.close()
        else:
            await exchange.send(response(b"[1]"))

    async with raw_server(answer) as server:
        one = client(server)
        for _ in range(2):
            assert (await one.request("GET", f"{server.url}/x")).json() == [1]
        assert [exchange.connection for exchange in server.exchanges] == [0, 0, 1]


@pytest.mark.parametrize(("method", "last_words"), [("POST", b""), ("GET", b"HTTP/1.1 2")])
async def test_neither_a_post_nor_what_was_answered_in_part_is_sent_again(
    client: Client, method: str, last_words: bytes
) -> None:
    async def answer(exchange: Exchange) -> None:
        if len(server.exchanges) > 1:
            await exchange.send(last_words)
            exchange.close()
        else:
            await exchange.send(response(b"[1]"))

    async with raw_server(answer) as server:
        one = client(server)
        await one.request(method, f"{server.url}/x")
        with pytest.raises(httpx.RemoteProtocolError):
            await one.request(method, f"{server.url}/x")
        assert len(server.exchanges) == 2


async def test_a_post_is_not_sent_over_a_connection_whose_end_the_event_loop_has_not_noticed(client: Client) -> None:
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
        one = client(url)
        await one.request("POST", f"{url}/x")
        time.sleep(0.3)  # noqa: ASYNC251 - the event loop is to be busy
        assert (await one.request("POST", f"{url}/x")).json() == [1]
        await asyncio.to_thread(thread.join)


async def test_a_post_that_waits_for_a_connection_gets_none_that_has_ended_meanwhile() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pool = _pool_of_one(listener.getsockname()[1])
        connection = await pool.acquire()
        waiter = asyncio.create_task(pool.acquire())
        await asyncio.sleep(0)
        pool.release(connection)
        listener.accept()[0].close()
        time.sleep(0.1)  # noqa: ASYNC251 - the event loop is not to notice the end
        assert await waiter is not connection
        pool.close()


async def test_whoever_waits_for_a_connection_when_the_client_is_closed_is_told(client: Client) -> None:
    async def answer(exchange: Exchange) -> None:
        """None."""

    async with raw_server(answer) as server:
        one = client(server, max_connections=1)
        tasks = [asyncio.create_task(one.request("GET", f"{server.url}/x")) for _ in range(3)]
        await _until(lambda: len(server.exchanges) == 1)
        await one.aclose()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [httpx.RemoteProtocolError, RuntimeError, RuntimeError]
        assert server.connections == 1


async def test_a_connection_that_idled_for_too_long_is_not_used(client: Client) -> None:
    async with raw_server(response()) as server:
        one = client(server, keepalive=0.05)
        await one.request("GET", f"{server.url}/x")
        await asyncio.sleep(0.1)
        await one.request("GET", f"{server.url}/x")
        assert server.connections == 2
        await _until(lambda: server.ended == [0])


async def test_renewed_connections_end_with_what_is_under_way(client: Client) -> None:
    release = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        if "waits" in exchange.head:
            await release.wait()
        await exchange.send(response(b"[1]"))

    async with raw_server(answer) as server:
        one = client(server, max_connections=2)
        under_way = asyncio.create_task(one.request("POST", f"{server.url}/waits"))
        await _until(lambda: len(server.exchanges) == 1)
        await one.request("POST", f"{server.url}/x")
        one.renew_connections()
        await _until(lambda: server.ended == [1])
        waiting = [asyncio.create_task(one.request("POST", f"{server.url}/waits")) for _ in range(3)]
        release.set()
        assert [answer.json() for answer in await asyncio.gather(under_way, *waiting)] == [[1]] * 4
        assert {exchange.connection for exchange in server.exchanges[2:]}.isdisjoint({0, 1})
        await _until(lambda: sorted(server.ended) == [0, 1])


async def test_the_pool_tells_how_it_stands(client: Client) -> None:
    release = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await release.wait()
        await exchange.send(response())

    async with raw_server(answer) as server:
        one = client(server, max_connections=3)
        tasks = [asyncio.create_task(one.request("GET", f"{server.url}/x")) for _ in range(2)]
        await _until(lambda: len(server.exchanges) == 2)
        assert one.pool() == PoolState(in_use=2, idle=0, limit=3)
        release.set()
        await asyncio.gather(*tasks)
        assert one.pool() == PoolState(in_use=0, idle=2, limit=3)
        await server.stop()
        await _until(lambda: one.pool() == PoolState(in_use=0, idle=0, limit=3))


async def test_a_closed_client_closes_its_connections_and_sends_nothing(client: Client) -> None:
    async with raw_server(response()) as server:
        one = client(server)
        await one.request("GET", f"{server.url}/x")
        await one.aclose()
        await _until(lambda: server.ended == [0])
        with pytest.raises(RuntimeError, match="closed"):
            await one.request("GET", f"{server.url}/x")


# TLS.


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def _server_tls(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def test_a_trusted_certificate_with_the_right_name_is_accepted(client: Client, authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with raw_server(response(b"[1]"), tls=_server_tls(authority, "127.0.0.1")) as server:
        one = client(server, tls=trusting)
        for method in ("GET", "POST", "POST"):
            assert (await one.request(method, f"{server.url}/x")).json() == [1]
        assert server.connections == 1


async def test_a_certificate_for_another_name_is_refused(client: Client, authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with raw_server(response(), tls=_server_tls(authority, "other.example")) as server:
        with pytest.raises(httpx.ConnectError):
            await client(server, tls=trusting).request("GET", f"{server.url}/x")
        assert server.exchanges == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(client: Client, authority: trustme.CA) -> None:
    async with raw_server(response(), tls=_server_tls(authority, "127.0.0.1")) as server:
        with pytest.raises(httpx.ConnectError):
            await client(server).request("GET", f"{server.url}/x")
        assert server.exchanges == []
