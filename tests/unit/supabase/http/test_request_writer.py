"""What goes out: no header can add to a request or change where it ends."""

from __future__ import annotations

import pytest

from service.supabase.http.errors import UnsendableRequestError
from service.supabase.http.request_writer import request_bytes
from tests.support.raw_server import raw_server, response
from tests.unit.supabase.http.wires import MakeWire


@pytest.mark.parametrize(
    "value", ["a\r\nX-Injected: 1", "a\nb", "a\rb", "a\0b", "ü"], ids=["line", "lf", "cr", "nul", "not ASCII"]
)
async def test_a_header_value_cannot_add_to_the_request(wire: MakeWire, value: str) -> None:
    async with raw_server(response()) as server:
        with pytest.raises(UnsendableRequestError):
            await wire(server).send("GET", "/x", [("Authorization", value)])
        assert server.exchanges == []


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "a b", "a:b", "", "a\r\nb"])
async def test_a_header_name_cannot_change_the_framing(wire: MakeWire, name: str) -> None:
    async with raw_server(response()) as server:
        with pytest.raises(UnsendableRequestError):
            await wire(server).send("GET", "/x", [(name, "1")])


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [("GET", None, None), ("HEAD", None, None), ("POST", None, "0"), ("PUT", None, "0"), ("PATCH", None, "0"),
     ("DELETE", None, None),
     ("POST", b"{}", "2"), ("PUT", b"{}", "2"), ("PATCH", b"{}", "2"), ("DELETE", b"{}", "2")],
)  # fmt: skip
def test_every_method_says_how_long_its_body_is_where_one_is_expected(
    method: str, body: bytes | None, length: str | None
) -> None:
    head, _, rest = request_bytes(method, "/x", "Host: h\r\n", [("A", "b")], body).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines == [f"{method} /x HTTP/1.1", "Host: h", "A: b", *([f"Content-Length: {length}"] if length else [])]
    assert rest == (body or b"")


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "OPTIONS", "get", "GET /x HTTP/1.1\r\n", ""])
def test_a_method_that_is_none_of_these_is_not_sent(method: str) -> None:
    with pytest.raises(UnsendableRequestError):
        request_bytes(method, "/x", "", [], None)
