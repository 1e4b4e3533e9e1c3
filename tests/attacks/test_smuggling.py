"""Requests that two servers may read in two ways, and requests that are none: nothing may slip through behind another."""

from __future__ import annotations

import pytest

from tests.conftest import StartService
from tests.support import raw
from tests.support.browser import Browser
from tests.support.service import CSRF_TOKEN, ServiceProcess

HOST = b"Host: localhost\r\n"
POST = b"POST /auth/signin HTTP/1.1\r\n" + HOST
GET = b"GET /auth/csrf HTTP/1.1\r\n"
SMUGGLED = b"GET /auth/csrf HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="cl_te"),
        pytest.param(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", id="te_cl"),
        pytest.param(b"Content-Length: 0\r\nContent-Length: 45\r\n\r\n", id="two_lengths"),
        pytest.param(b"Content-Length: 0, 45\r\n\r\n", id="list_of_lengths"),
        pytest.param(b"Content-Length: +0\r\n\r\n", id="signed_length"),
        pytest.param(b"Content-Length: -1\r\n\r\n", id="negative_length"),
        pytest.param(b"Content-Length: 0x10\r\n\r\n", id="hexadecimal_length"),
        pytest.param(b"Content-Length: 18446744073709551616\r\n\r\n", id="length_that_overflows_64_bits"),
        pytest.param(b"Content-Length : 45\r\n\r\n", id="space_before_the_colon"),
        pytest.param(b"Content-Length: 45\r\n folded\r\n\r\n", id="folded_header_line"),
        pytest.param(b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", id="unknown_transfer_encoding"),
        pytest.param(b"Transfer-Encoding: identity\r\n\r\n", id="identity_transfer_encoding"),
        pytest.param(b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", id="chunked_is_not_last"),
        pytest.param(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", id="two_transfer_encodings"),
        pytest.param(b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", id="vertical_tab_before_chunked"),
        pytest.param(b"Transfer-Encoding\x00: chunked\r\n\r\n0\r\n\r\n", id="nul_in_a_header_name"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff0\r\nx\r\n", id="chunk_size_that_overflows_64_bits"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n1;\x00\r\nx\r\n0\r\n\r\n", id="nul_in_a_chunk_extension"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n", id="chunk_longer_than_its_size"),
        pytest.param(b"Transfer-Encoding: chunked\n\r\n0\r\n\r\n", id="bare_line_feed"),
        pytest.param(b"X-Header: a\rTransfer-Encoding: chunked\r\n\r\n", id="bare_carriage_return"),
        pytest.param(b"X-Header: a\x00b\r\n\r\n", id="nul_in_a_header_value"),
    ],
)
def test_ambiguous_framing_is_refused_and_the_connection_closed(service: ServiceProcess, framing: bytes) -> None:
    responses = raw.send(service.port, POST + framing + SMUGGLED)
    assert [(response.status, response.code) for response in responses] == [(400, "invalid_request")]
    assert responses[0].header("connection") == "close"
    assert responses[0].header("x-content-type-options") == "nosniff"
    assert responses[0].header("cache-control") == "no-store"
    assert responses[0].header("x-request-id")
    assert responses[0].header("server") is None


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="tls_client_hello"),
        pytest.param(b"GET /auth/csrf\r\n\r\n", id="http_0_9"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="http_2_preface"),
        pytest.param(b"GET /auth/csrf HTTP/3.0\r\n" + HOST + b"\r\n", id="http_3_0"),
        pytest.param(b"HACK /auth/csrf HTTP/1.1\r\n" + HOST + b"\r\n", id="unknown_method"),
        pytest.param(GET + b"\r\n", id="no_host"),
        pytest.param(GET + HOST + b"Host: evil.example\r\n\r\n", id="two_hosts"),
        pytest.param(b"GET http://evil.example HTTP/1.1\r\n" + HOST + b"\r\n", id="absolute_url_without_a_path"),
        pytest.param("GET /auth/csrf\u00e9 HTTP/1.1\r\n".encode() + HOST + b"\r\n", id="raw_utf_8_in_the_path"),
        pytest.param(b"GET /auth/csrf\x00 HTTP/1.1\r\n" + HOST + b"\r\n", id="nul_in_the_request_line"),
        pytest.param(b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", id="connect"),
    ],
)
def test_what_is_not_an_http_request_is_answered_in_the_error_schema(service: ServiceProcess, message: bytes) -> None:
    responses = raw.send(service.port, message)
    assert [(response.status, response.code) for response in responses] == [(400, "invalid_request")]


def test_a_refusal_is_never_taken_for_the_answer_to_an_earlier_request_on_the_connection(service: ServiceProcess) -> None:
    responses = raw.send(service.port, GET + HOST + b"\r\n" + b"GARBAGE\r\n\r\n")
    assert [response.status for response in responses] in ([], [200])


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(GET + b"\r\n", id="no_host"),
        pytest.param(GET + HOST + HOST + b"\r\n", id="two_hosts"),
        pytest.param(GET + HOST + b"X: y\r\n" * 100 + b"\r\n", id="a_hundred_and_one_lines"),
        pytest.param(b"GET http://evil.example HTTP/1.1\r\n" + HOST + b"\r\n", id="absolute_url_without_a_path"),
    ],
)
def test_a_refused_head_does_not_answer_for_the_complete_request_before_it(service: ServiceProcess, refused: bytes) -> None:
    responses = raw.send(service.port, b"POST /auth/logout HTTP/1.1\r\n" + HOST + b"\r\n" + refused)
    assert [response.status for response in responses] in ([], [403])


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(b"no chunk\r\n", id="malformed_chunk"),
        pytest.param(b"1\r\nxx\r\n", id="chunk_longer_than_its_size"),
        pytest.param(b"0\r\nno trailer\r\n\r\n", id="malformed_trailer"),
        pytest.param(b"0\r\n" + b"X: y\r\n" * 10_000, id="trailer_flood"),
        pytest.param(b"1;" + b"x" * 50_000, id="chunk_extension_that_does_not_end"),
        pytest.param(b"0\r\nConnection: close\r\n\r\n", id="trailer_that_ends_the_connection"),
    ],
)
def test_a_request_that_was_answered_early_is_not_answered_again(service: ServiceProcess, rest: bytes) -> None:
    with raw.connect(service.port) as connection:
        connection.sendall(b"POST /auth/logout HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
        answer = b""
        while not answer.endswith(b'"reason":"missing"}}'):
            answer += connection.recv(65_536)
        connection.sendall(rest)
        assert raw.receive_all(connection) == b""


def test_pipelined_requests_are_answered_in_their_order(service: ServiceProcess) -> None:
    requests = [b"GET /healthz HTTP/1.1\r\n" + HOST + f"X-Request-ID: request-{n}\r\n\r\n".encode() for n in range(5)]
    last = raw.request("GET", "/healthz", ["X-Request-ID: request-5"])
    responses = raw.send(service.port, b"".join(requests) + last)
    assert [response.header("x-request-id") for response in responses] == [f"request-{n}" for n in range(6)]


# Trailers: fields that come after the body, when everybody has looked at the head (RFC 9110 section 6.5.1)


def with_trailers(method: str, path: str, headers: list[str], trailers: list[str], body: bytes = b"") -> bytes:
    """A request in chunks that ends its connection; `trailers` are whole lines."""
    chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    trailer_section = "".join(f"{line}\r\n" for line in trailers).encode()
    return raw.request(method, path, [*headers, "Transfer-Encoding: chunked"]) + chunk + b"0\r\n" + trailer_section + b"\r\n"


def send_in_segments(port: int, data: bytes, segments: str) -> raw.RawResponse:
    """All at once; or the last bytes, which hold the trailers, one by one."""
    if segments == "at_once":
        [response] = raw.send(port, data)
        return response
    start = data.index(b"\r\n0\r\n") + 2
    [response], _ = raw.send_slowly(port, [data[:start], *(bytes([byte]) for byte in data[start:])], 0.001)
    return response


@pytest.mark.parametrize("segments", ["at_once", "byte_by_byte"])
@pytest.mark.parametrize("path", ["/auth/signin", "/auth/logout", "/auth/refresh"])
def test_a_csrf_token_in_a_trailer_is_none(service: ServiceProcess, path: str, segments: str) -> None:
    body = b'{"email": "ada@example.com", "password": "x"}'
    message = with_trailers("POST", path, ["Content-Type: application/json"], [f"X-CSRF-Token: {CSRF_TOKEN}"], body)
    response = send_in_segments(service.port, message, segments)
    assert (response.status, response.code) == (403, "csrf_failed")
    assert response.json()["details"]["reason"] == "missing"


@pytest.mark.parametrize("segments", ["at_once", "byte_by_byte"])
def test_a_bearer_token_in_a_trailer_is_none(service: ServiceProcess, signed_in: Browser, segments: str) -> None:
    bearer = f"Authorization: Bearer {signed_in.access_token}"
    response = send_in_segments(service.port, with_trailers("GET", "/auth/me", [], [bearer]), segments)
    assert response.status == 401
    assert send_in_segments(service.port, with_trailers("GET", "/auth/me", [bearer], []), segments).status == 200


@pytest.mark.parametrize("segments", ["at_once", "byte_by_byte"])
def test_a_cookie_in_a_trailer_is_none(service: ServiceProcess, signed_in: Browser, segments: str) -> None:
    csrf, cookie = f"X-CSRF-Token: {CSRF_TOKEN}", f"Cookie: sb_refresh_token={signed_in.refresh_token}"
    response = send_in_segments(service.port, with_trailers("POST", "/auth/refresh", [csrf], [cookie]), segments)
    assert response.status == 401
    assert send_in_segments(service.port, with_trailers("POST", "/auth/refresh", [csrf, cookie], []), segments).status == 200


@pytest.mark.thorough
@pytest.mark.parametrize("segments", ["at_once", "byte_by_byte"])
def test_an_address_in_a_trailer_passes_no_limit_and_is_not_logged(start_service: StartService, segments: str) -> None:
    service = start_service({"TRUSTED_PROXIES": "127.0.0.1/32", "RATE_LIMIT_CREDENTIALS": "3/day"})
    head = [f"X-CSRF-Token: {CSRF_TOKEN}", "Content-Type: application/json", "X-Forwarded-For: 192.0.2.1"]
    statuses = []
    for n in range(5):
        body = b'{"email": "ada-%d@example.com", "password": "not the password"}' % n
        trailers = [f"X-Forwarded-For: 198.51.100.{n}", f"Forwarded: for=198.51.100.{n}"]
        message = with_trailers("POST", "/auth/signin", head, trailers, body)
        statuses.append(send_in_segments(service.port, message, segments).status)
    assert statuses == [401] * 3 + [429] * 2
    assert "192.0.2.1" in service.log
    assert "198.51.100." not in service.log


def test_a_request_behind_trailers_has_its_own_headers_only(service: ServiceProcess) -> None:
    trailers = f"X-CSRF-Token: {CSRF_TOKEN}\r\nX-Request-ID: of-the-trailer\r\n\r\n".encode()
    first = b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-Request-ID: first\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + trailers
    responses = raw.send(service.port, first + raw.request("POST", "/auth/logout", ["X-Request-ID: second"]))
    assert [(response.status, response.header("x-request-id")) for response in responses] == [(200, "first"), (403, "second")]


@pytest.mark.parametrize(
    "excess",
    [
        pytest.param(b"0\r\n" + b"X: y\r\n" * 10_000, id="trailer_flood"),
        pytest.param(b"0\r\nX: " + b"y" * 50_000, id="one_trailer_that_does_not_end"),
        pytest.param(b"0\r\n" + b"x" * 50_000, id="one_trailer_name_that_does_not_end"),
        pytest.param(b"1;" + b"x" * 50_000, id="one_chunk_extension_that_does_not_end"),
        pytest.param((b"1;" + b"x" * 1_000 + b"\r\n \r\n") * 50, id="many_chunk_extensions"),
    ],
)
def test_too_much_that_frames_a_body_is_refused_as_a_head_would_be(service: ServiceProcess, excess: bytes) -> None:
    csrf = f"X-CSRF-Token: {CSRF_TOKEN}\r\n".encode()
    head = POST + csrf + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    [response] = raw.send(service.port, head + excess)
    assert (response.status, response.code) == (400, "invalid_request")
    assert response.header("connection") == "close"


@pytest.mark.parametrize(
    "trailer",
    [
        pytest.param(b"Content-Length: 45\r\n\r\n", id="content_length"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n", id="transfer_encoding"),
        pytest.param(b"X-Header: a\r\n folded\r\n\r\n", id="folded"),
        pytest.param(b"X-Header : a\r\n\r\n", id="space_before_the_colon"),
        pytest.param(b"X-Header: a\n\n", id="bare_line_feed"),
        pytest.param(b"GET /auth/csrf HTTP/1.1\r\n\r\n", id="request_line"),
    ],
)
def test_a_trailer_that_would_frame_the_message_is_refused(service: ServiceProcess, trailer: bytes) -> None:
    head = POST + f"X-CSRF-Token: {CSRF_TOKEN}\r\nContent-Type: application/json\r\n".encode()
    responses = raw.send(service.port, head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + trailer + SMUGGLED)
    assert [(response.status, response.code) for response in responses] == [(400, "invalid_request")]


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
def test_an_upgrade_is_not_followed_and_nothing_behind_it_is_read(service: ServiceProcess, protocol: str) -> None:
    upgrade = f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\nHTTP2-Settings: AAMAAABk\r\n\r\n".encode()
    responses = raw.send(service.port, b"GET /healthz HTTP/1.1\r\n" + HOST + upgrade + SMUGGLED)
    assert [response.status for response in responses] == [200]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(["X-HTTP-Method-Override: GET"], id="method_override"),
        pytest.param(["X-Method-Override: GET"], id="other_method_override"),
        pytest.param(["X-Original-URL: /auth/csrf"], id="original_url"),
        pytest.param(["X-Rewrite-URL: /auth/csrf"], id="rewrite_url"),
        pytest.param(["X-Forwarded-Prefix: /auth/csrf", "X-Forwarded-Path: /auth/csrf"], id="forwarded_prefix"),
        pytest.param(["Connection: X-CSRF-Token"], id="hop_by_hop_csrf_header"),
        pytest.param(["Connection: Cookie, Origin"], id="hop_by_hop_origin_header"),
    ],
)
def test_a_header_does_not_change_what_is_asked_for(service: ServiceProcess, headers: list[str]) -> None:
    [response] = raw.send(service.port, raw.request("POST", "/auth/logout", ["Origin: https://evil.example", *headers]))
    assert (response.status, response.code) == (403, "csrf_failed")


def test_a_method_override_in_the_query_is_ignored(service: ServiceProcess) -> None:
    [response] = raw.send(service.port, raw.request("GET", "/auth/logout?_method=POST", [f"X-CSRF-Token: {CSRF_TOKEN}"]))
    assert (response.status, response.code) == (405, "method_not_allowed")
    assert response.header("allow") == "POST"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("//auth/csrf", id="double_slash_in_front"),
        pytest.param("/auth//csrf", id="double_slash_inside"),
        pytest.param("/auth/csrf/", id="slash_at_the_end"),
        pytest.param("/auth/../auth/csrf", id="dot_dot"),
        pytest.param("/auth/./csrf", id="dot"),
        pytest.param("/auth/%2e%2e/auth/csrf", id="encoded_dot_dot"),
        pytest.param("/%2e%2e/%2e%2e/etc/passwd", id="traversal"),
        pytest.param("/ui/../../pyproject.toml", id="traversal_below_the_pages"),
        pytest.param("/ui/%2e%2e/%2e%2e/pyproject.toml", id="encoded_traversal_below_the_pages"),
        pytest.param("/ui/..%2f..%2fpyproject.toml", id="encoded_slash_below_the_pages"),
        pytest.param("/ui/..%5c..%5cpyproject.toml", id="backslash_below_the_pages"),
        pytest.param("/auth/csrf%00", id="encoded_nul"),
        pytest.param("/auth/csrf%0d%0aX-Injected:%20yes", id="encoded_line_break"),
        pytest.param("/auth/csrf;jsessionid=1", id="path_parameter"),
        pytest.param("/AUTH/CSRF", id="upper_case"),
        pytest.param("/auth/c%73rf%", id="broken_escape"),
        pytest.param("/auth/csrf%c0%ae", id="overlong_utf_8"),
        pytest.param("/auth/csrf%ef%bc%8f", id="full_width_slash"),
        pytest.param("\\auth\\csrf", id="backslashes"),
    ],
)
def test_only_the_exact_path_is_served(service: ServiceProcess, path: str) -> None:
    [response] = raw.send(service.port, raw.request("GET", path))
    assert response.status in {400, 404}
    assert response.code in {"invalid_request", "not_found"}
    assert response.header("x-injected") is None
