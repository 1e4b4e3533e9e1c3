"""What Supabase's packages ask of an httpx.AsyncClient and of its responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from service.supabase.http.errors import UnsendableRequestError, UnusableResponseError
from service.supabase.http.httpx_client import httpx_client
from tests.support.raw_server import RawServer, raw_server, response
from tests.unit.supabase.http.wires import MakeWire

MakeClient = Callable[[RawServer], httpx.AsyncClient]


@pytest.fixture
def client(wire: MakeWire) -> MakeClient:
    return lambda server: httpx_client(wire(server))


async def test_a_request_carries_its_method_target_headers_and_json(client: MakeClient) -> None:
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


async def test_content_is_sent_as_it_is_and_httpx_headers_are_taken(client: MakeClient) -> None:
    async with raw_server(response()) as server:
        headers = httpx.Headers({"Content-Type": "text/plain"})
        await client(server).request("POST", f"{server.url}/x", content=b"\x00\r\n", headers=headers)
        assert server.exchanges[0].body == b"\x00\r\n"
        assert "content-type: text/plain" in server.exchanges[0].head.lower()


async def test_a_get_has_a_name_of_its_own(client: MakeClient) -> None:
    async with raw_server(response(b"[1]")) as server:
        assert (await client(server).get(f"{server.url}/x")).json() == [1]
        assert "content-length" not in server.exchanges[0].head.lower()


@pytest.mark.parametrize("target", ["", "/a b", "/a\r\nb", "/ü", "/a#b", "@127.0.0.2/", ".example.com/x", "0/x"])
async def test_nothing_is_sent_to_another_origin_or_a_malformed_target(client: MakeClient, target: str) -> None:
    async with raw_server(response()) as server:
        with pytest.raises(UnsendableRequestError):
            await client(server).request("GET", server.url + target)
        with pytest.raises(UnsendableRequestError):
            await client(server).request("GET", f"http://127.0.0.2:{server.port}/x")
        assert server.connections == 0


@pytest.mark.parametrize(
    "options", [{"auth": ("user", "password")}, {"data": {"a": "b"}}, {"cookies": {"a": "b"}}, {"timeout": 1}]
)
async def test_what_is_not_supported_is_refused_and_not_ignored(client: MakeClient, options: dict[str, Any]) -> None:
    async with raw_server(response()) as server:
        with pytest.raises(TypeError):
            await client(server).request("POST", f"{server.url}/x", **options)
        with pytest.raises(UnsendableRequestError):
            await client(server).request("CONNECT", f"{server.url}/x")
        assert server.connections == 0


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_every_method_goes_out_and_its_answer_comes_in(client: MakeClient, method: str) -> None:
    async with raw_server(response(b"[1]")) as server:
        answer = await client(server).request(method, f"{server.url}/x", json={"a": 1} if method != "GET" else None)
        assert (answer.json(), server.exchanges[0].head.split()[0]) == ([1], method)
        assert server.exchanges[0].body == (b'{"a":1}' if method != "GET" else b"")


async def test_header_names_have_no_case_and_values_may_repeat(client: MakeClient) -> None:
    async with raw_server(response(b"{}", "X-THING: one", "x-thing: two", "Content-Type: application/json")) as server:
        answer = await client(server).request("GET", f"{server.url}/x")
        assert answer.headers["x-Thing"] == "one, two"
        assert answer.headers.get_list("X-Thing") == ["one", "two"]


async def test_a_response_has_what_supabase_s_packages_read_of_one(client: MakeClient) -> None:
    async with raw_server(response('{"a":"ü"}'.encode(), "Content-Type: application/json")) as server:
        answer = await client(server).request("GET", f"{server.url}/x?a=1", headers={"Prefer": "count=exact"})
        assert answer.raise_for_status() is answer
        assert (answer.status_code, answer.is_success, answer.text, answer.json()) == (200, True, '{"a":"ü"}', {"a": "ü"})
        assert answer.content == '{"a":"ü"}'.encode()
        assert answer.request.method == "GET"
        assert str(answer.request.url) == f"{server.url}/x?a=1"
        assert answer.request.headers["prefer"] == "count=exact"


async def test_an_error_status_raises_as_in_httpx(client: MakeClient) -> None:
    async with raw_server(response(b'{"code":"x"}', "X-A: b", status="404 Not Found")) as server:
        answer = await client(server).request("POST", f"{server.url}/x", json={})
        with pytest.raises(httpx.HTTPStatusError) as raised:
            answer.raise_for_status()
        assert raised.value.response is answer
        assert raised.value.request.method == "POST"
        assert raised.value.response.headers["x-a"] == "b"
        assert answer.reason_phrase == "Not Found"


@pytest.mark.parametrize("status", [429, 500, 503, 520, 599])
async def test_a_server_in_trouble_raises_at_once(client: MakeClient, status: int) -> None:
    async with raw_server(response(b"[]", "Retry-After: 7", status=f"{status} Whatever")) as server:
        with pytest.raises(httpx.HTTPStatusError) as raised:
            await client(server).request("GET", f"{server.url}/x")
        assert raised.value.response.status_code == status
        assert raised.value.response.headers["retry-after"] == "7"


async def test_nothing_in_the_place_of_json_is_unusable(client: MakeClient) -> None:
    async with raw_server(response(b"")) as server:
        with pytest.raises(UnusableResponseError):
            await client(server).request("GET", f"{server.url}/x")
        with pytest.raises(UnusableResponseError):
            await client(server).request("POST", f"{server.url}/x")
    async with raw_server(response(b"", status="201 Created")) as server:
        assert (await client(server).request("POST", f"{server.url}/x")).content == b""
