"""What can go wrong between the service and Supabase, for FaultyProxy: one function for each way."""

from __future__ import annotations

import asyncio
import gzip

from tests.support.faulty_proxy import Exchange, Fault, response_head

HTML = b"<!doctype html><html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>"
_JSON = {"Content-Type": "application/json"}
_HTML = {"Content-Type": "text/html; charset=utf-8"}


def reset() -> Fault:
    """The connection is reset before anything was answered."""

    async def fault(exchange: Exchange) -> None:
        exchange.reset()
        raise ConnectionResetError

    return fault


def close() -> Fault:
    """The connection is closed in order, before anything was answered."""

    async def fault(exchange: Exchange) -> None:
        exchange.writer.close()
        await exchange.writer.wait_closed()
        raise ConnectionResetError

    return fault


def reset_in_body() -> Fault:
    """The head and half of the body come, then a reset."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(response_head(200, 1000, _JSON) + b'{"access_token": "')
        await asyncio.sleep(0.02)
        exchange.reset()
        raise ConnectionResetError

    return fault


def close_in_body() -> Fault:
    """The head and half of the body come, then the end."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(response_head(200, 1000, _JSON) + b'{"access_token": "')
        exchange.writer.close()
        await exchange.writer.wait_closed()
        raise ConnectionResetError

    return fault


def stall() -> Fault:
    """Nothing is answered, and the connection stays open."""

    async def fault(_exchange: Exchange) -> None:
        await asyncio.Event().wait()

    return fault


def stall_in_body() -> Fault:
    """The head and half of the body come, and then nothing."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(response_head(200, 1000, _JSON) + b'{"access_token": "')
        await asyncio.Event().wait()

    return fault


def drip(interval: float = 0.1) -> Fault:
    """A byte every `interval` seconds: no single wait is long, and the end never comes."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(response_head(200, 1000, _JSON))
        for _ in range(1000):
            await exchange.send(b" ")
            await asyncio.sleep(interval)

    return fault


def drip_head(interval: float = 0.1) -> Fault:
    """A byte of the head every `interval` seconds."""

    async def fault(exchange: Exchange) -> None:
        for byte in response_head(200, 2, _JSON | {"X-Padding": "x" * 1000}) + b"{}":
            await exchange.send(bytes([byte]))
            await asyncio.sleep(interval)

    return fault


def garbage() -> Fault:
    """Something that is not HTTP."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(b"\x15\x03\x01 SSH-2.0-OpenSSH_9.2\r\n\r\n")
        exchange.writer.close()
        await exchange.writer.wait_closed()
        raise ConnectionResetError

    return fault


def status_html(status: int, headers: dict[str, str] | None = None) -> Fault:
    """What a gateway in front of Supabase answers."""

    async def fault(exchange: Exchange) -> None:
        await exchange.answer(status, HTML, _HTML | (headers or {}))

    return fault


def status_json(status: int, body: bytes, headers: dict[str, str] | None = None) -> Fault:
    """A whole answer with that body."""

    async def fault(exchange: Exchange) -> None:
        await exchange.answer(status, body, _JSON | (headers or {}))

    return fault


def enormous(size: int = 64_000_000) -> Fault:
    """A JSON array that goes on for `size` bytes."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(response_head(200, size, _JSON) + b"[")
        chunk = b'"aaaaaaaaaaaaaaaaaaaaaaaaaaaa",' * 2048
        for _ in range(size // len(chunk)):
            await exchange.send(chunk)

    return fault


def bomb() -> Fault:
    """A few bytes that gzip makes into many, unasked."""
    return status_json(200, gzip.compress(b" " * 64_000_000), {"Content-Encoding": "gzip"})


def redirect(location: str) -> Fault:
    """A redirect, which must not be followed: it would carry the credentials elsewhere."""
    return status_html(307, {"Location": location})


def lost_answer() -> Fault:
    """Supabase does what it was asked to; its answer is lost on the way back."""

    async def fault(exchange: Exchange) -> None:
        await exchange.forward()
        exchange.reset()
        raise ConnectionResetError

    return fault
