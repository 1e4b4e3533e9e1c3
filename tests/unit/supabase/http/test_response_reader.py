"""What comes in: put together, decompressed, bounded; and refused where it is ambiguous."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest

from service.supabase.http.errors import ConnectionLostError, UnusableResponseError
from service.supabase.http.response_reader import MAX_BODY_BYTES
from tests.support.raw_server import Answer as ServerAnswer
from tests.support.raw_server import Exchange, raw_server, response
from tests.unit.supabase.http.wires import CHUNKED, MakeWire, until


def _deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(body) + compressor.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(b"[1, 2]")), ("GZIP", gzip.compress(b"[1, 2]")), ("deflate", zlib.compress(b"[1, 2]")),
     ("deflate", _deflate(b"[1, 2]")), ("identity", b"[1, 2]")],
    ids=["gzip", "upper case", "deflate", "raw deflate", "identity"],
)  # fmt: skip
async def test_compressed_bodies_are_decompressed(wire: MakeWire, encoding: str, body: bytes) -> None:
    async with raw_server(response(body, f"Content-Encoding: {encoding}")) as server:
        assert (await wire(server).send("GET", "/x")).body == b"[1, 2]"
        assert "accept-encoding: identity" in server.exchanges[0].head.lower()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", b"not gzip"), ("gzip", gzip.compress(b"[]")[:-4]), ("gzip", gzip.compress(b"[]") + b"more"), ("br", b"[]"),
     ("gzip, gzip", gzip.compress(gzip.compress(b"[]"))), ("gzip", gzip.compress(bytes(MAX_BODY_BYTES + 1)))],
    ids=["garbage", "cut", "more behind", "not offered", "twice", "a bomb"],
)  # fmt: skip
async def test_a_body_that_does_not_decompress_is_unusable(wire: MakeWire, encoding: str, body: bytes) -> None:
    async with raw_server(response(body, f"Content-Encoding: {encoding}")) as server:
        with pytest.raises(UnusableResponseError):
            await wire(server).send("GET", "/x")


@pytest.mark.parametrize("size", [MAX_BODY_BYTES, MAX_BODY_BYTES + 1])
async def test_a_response_has_a_largest_size(wire: MakeWire, size: int) -> None:
    async with raw_server(response(bytes(size))) as server:
        if size <= MAX_BODY_BYTES:
            assert len((await wire(server).send("GET", "/x")).body) == size
        else:
            with pytest.raises(UnusableResponseError):
                await wire(server).send("GET", "/x")


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
async def test_an_endless_response_ends(wire: MakeWire, answer: ServerAnswer) -> None:
    async with raw_server(answer) as server, asyncio.timeout(20):
        with pytest.raises(UnusableResponseError):
            await wire(server).send("GET", "/x")
        await until(lambda: server.ended == [0])


async def test_a_chunked_body_is_put_together_and_its_trailer_ignored(wire: MakeWire) -> None:
    async with raw_server(CHUNKED + b"2;ext=1\r\n[1\r\n3\r\n, 2\r\n1\r\n]\r\n0\r\nContent-Encoding: gzip\r\n\r\n") as server:
        one = wire(server)
        for _ in range(2):
            answer = await one.send("GET", "/x")
            assert answer.body == b"[1, 2]"
            assert b"Content-Encoding" not in dict(answer.headers)
        assert server.connections == 1


async def test_a_response_may_come_byte_by_byte(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        for byte in response(b"[1]", "X-A: b"):
            await exchange.send(bytes([byte]))
            await asyncio.sleep(0)

    async with raw_server(answer) as server:
        one = wire(server)
        for _ in range(2):
            assert (await one.send("GET", "/x")).body == b"[1]"
        assert server.connections == 1


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_a_response_without_a_body_frees_the_connection(wire: MakeWire, status: str) -> None:
    async with raw_server(f"HTTP/1.1 {status}\r\n\r\n".encode()) as server:
        one = wire(server)
        for _ in range(2):
            assert (await one.send("POST", "/x")).body == b""
        assert server.connections == 1


async def test_interim_responses_are_passed_over(wire: MakeWire) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Encoding: gzip\r\nX-A: b\r\n\r\n"
    async with raw_server(interim + response(b"[1]")) as server:
        one = wire(server)
        for _ in range(2):
            answer = await one.send("GET", "/x")
            assert (answer.status, answer.body, b"X-A" in dict(answer.headers)) == (200, b"[1]", False)
        assert server.connections == 1


async def test_a_body_may_end_with_the_connection(wire: MakeWire) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\n\r\n[1,")
        await asyncio.sleep(0.02)
        await exchange.send(b" 2]")
        exchange.close()

    async with raw_server(answer) as server:
        one = wire(server)
        for _ in range(2):
            assert (await one.send("POST", "/x")).body == b"[1, 2]"
        assert server.connections == 2


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
async def test_an_illegal_response_is_unusable_and_ends_the_connection(wire: MakeWire, answer: bytes) -> None:
    async with raw_server(answer) as server:
        with pytest.raises(UnusableResponseError):
            await wire(server).send("POST", "/x")
        await until(lambda: server.ended == [0])


@pytest.mark.parametrize(
    "cut", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", CHUNKED + b"2\r\n{}\r\n"],
    ids=["nothing", "half a head", "half a body", "no last chunk"],
)  # fmt: skip
async def test_a_cut_response_is_a_protocol_error(wire: MakeWire, cut: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(cut)
        exchange.close()

    async with raw_server(answer) as server:
        with pytest.raises(ConnectionLostError):
            await wire(server).send("GET", "/x")
        assert len(server.exchanges) == 1  # a new connection that fails says something about the server: no second try


@pytest.mark.parametrize("framing", [b"Content-Length: 5", b"Transfer-Encoding: chunked", b"X: y"])
async def test_an_answer_to_a_head_ends_with_its_head_and_the_connection_with_it(wire: MakeWire, framing: bytes) -> None:
    async with raw_server(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n") as server:
        one = wire(server)
        for _ in range(2):
            answer = await one.send("HEAD", "/x")
            assert (answer.status, answer.body, len(answer.headers)) == (200, b"", 1)
        assert server.connections == 2


async def test_what_follows_the_head_of_an_answer_to_a_head_is_no_body(wire: MakeWire) -> None:
    async with raw_server(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    ) as server:
        assert (await wire(server).send("HEAD", "/x")).body == b""
        await until(lambda: server.ended == [0])
