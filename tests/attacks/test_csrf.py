"""Requests that another site makes in a signed-in browser, and tokens that do not belong to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator

import httpx
import pytest
from itsdangerous import TimestampSigner

from local.keys import Keys
from service.security.csrf import CsrfTokens
from service.security.signing import Signing
from tests.conftest import OWN_ORIGIN as OWN
from tests.conftest import StartService
from tests.support import loopback, raw
from tests.support.browser import PASSWORD, Browser, cookies_set, new_email
from tests.support.service import CSRF_TOKEN, ServiceProcess

POSTS = ["/auth/signup", "/auth/signin", "/auth/refresh", "/auth/logout"]


@pytest.fixture
def victim(signed_in: Browser) -> Iterator[Browser]:
    """A signed-in browser with a real token. Whatever is tried, it must still be signed in afterwards."""
    signed_in.fetch_csrf_token()
    yield signed_in
    assert signed_in.refresh().status_code == 200


def reason(response: httpx.Response) -> str:
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed"), response.text
    assert cookies_set(response) == []
    found: str = response.json()["details"]["reason"]
    return found


def sign(binding: str, key: str, *, age: int = 0, salt: str = "latchkey.csrf") -> str:
    """A token as somebody would make it who knows how tokens are made."""

    class Signer(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) - age

    return Signer(key, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256).sign(binding).decode()


def binding(browser: Browser) -> str:
    return hashlib.sha256(browser.http.cookies["latchkey_csrf"].encode()).hexdigest()


@pytest.mark.parametrize("path", POSTS)
def test_a_post_without_a_token(victim: Browser, path: str) -> None:
    victim_token, victim.csrf_token = victim.csrf_token, None
    assert reason(victim.post(path, {"email": "ada@example.com", "password": PASSWORD})) == "missing"
    victim.csrf_token = victim_token


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda _: "", id="empty"),
        pytest.param(lambda _: "x", id="one_letter"),
        pytest.param(lambda real: real.rpartition(".")[0], id="signature_stripped"),
        pytest.param(lambda real: real.rpartition(".")[0] + ".", id="signature_empty"),
        pytest.param(lambda real: real[:-1] + ("A" if real[-1] != "A" else "E"), id="signature_changed"),
        pytest.param(lambda real: ("0" if real[0] != "0" else "1") + real[1:], id="binding_changed"),
        pytest.param(lambda real: real.replace(real.split(".")[1], "ffffff"), id="time_changed"),
        pytest.param(lambda real: real + real, id="twice"),
        pytest.param(lambda real: real.upper(), id="upper_case"),
        pytest.param(lambda _: "null", id="null"),
        pytest.param(lambda _: "undefined", id="undefined"),
        pytest.param(lambda _: "*", id="asterisk"),
        pytest.param(lambda _: "a" * 8_000, id="eight_kilobytes"),
        pytest.param(lambda _: CSRF_TOKEN[:-1], id="prefix_of_the_static_token"),
        pytest.param(lambda _: CSRF_TOKEN + "s", id="static_token_and_more"),
    ],
)
def test_a_forged_token(victim: Browser, forge: object) -> None:
    real = victim.csrf_token
    assert real is not None
    assert callable(forge)
    forged = victim.http.post("/auth/logout", headers={"X-CSRF-Token": forge(real)})
    assert reason(forged) in {"missing", "invalid"}


def test_a_token_that_is_not_ascii(service: ServiceProcess) -> None:
    [response] = raw.send(service.port, raw.request("POST", "/auth/logout", [b"X-CSRF-Token: \xff\xfe\xc3\xa9"]))
    assert (response.status, response.code) == (403, "csrf_failed")


def test_two_tokens_one_of_them_good(victim: Browser) -> None:
    headers = [("X-CSRF-Token", str(victim.csrf_token)), ("X-CSRF-Token", "x")]
    assert reason(victim.http.post("/auth/logout", headers=headers)) == "invalid"


def test_an_expired_token_signed_with_the_real_secret(victim: Browser, keys: Keys) -> None:
    token = sign(binding(victim), keys.csrf_secret, age=43_200 + 60)
    assert reason(victim.http.post("/auth/logout", headers={"X-CSRF-Token": token})) == "expired"


def test_a_token_from_the_future(victim: Browser, keys: Keys) -> None:
    token = sign(binding(victim), keys.csrf_secret, age=-3_600)
    assert reason(victim.http.post("/auth/logout", headers={"X-CSRF-Token": token})) == "expired"


def test_a_token_signed_with_a_guessed_secret(victim: Browser) -> None:
    token = sign(binding(victim), "dev-secret")
    assert reason(victim.http.post("/auth/logout", headers={"X-CSRF-Token": token})) == "invalid"


def test_a_token_that_was_signed_for_another_purpose(victim: Browser, keys: Keys) -> None:
    token = sign(binding(victim), keys.csrf_secret, salt="itsdangerous.Signer")
    assert reason(victim.http.post("/auth/logout", headers={"X-CSRF-Token": token})) == "invalid"


def test_a_plain_hmac_instead_of_the_derived_key(victim: Browser, keys: Keys) -> None:
    value = f"{binding(victim)}.{base64.urlsafe_b64encode(int(time.time()).to_bytes(4, 'big')).decode().rstrip('=')}"
    signature = hmac.new(keys.csrf_secret.encode(), value.encode(), hashlib.sha256).digest()
    token = f"{value}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    assert reason(victim.http.post("/auth/logout", headers={"X-CSRF-Token": token})) == "invalid"


def test_a_token_of_the_attacker_s_own_browser(victim: Browser, service: ServiceProcess) -> None:
    token = Browser(service.url).fetch_csrf_token()
    assert reason(victim.http.post("/auth/logout", headers={"X-CSRF-Token": token})) == "invalid"


def test_a_stolen_token_without_the_browser_s_cookie(victim: Browser, service: ServiceProcess) -> None:
    stolen = loopback.post(f"{service.url}/auth/logout", headers={"X-CSRF-Token": str(victim.csrf_token)})
    assert reason(stolen) == "cookie_missing"


def test_the_cookie_s_value_as_the_token_as_naive_double_submit_would_take_it(victim: Browser) -> None:
    cookie = victim.http.cookies["latchkey_csrf"]
    assert reason(victim.http.post("/auth/logout", headers={"X-CSRF-Token": cookie})) == "invalid"


def test_the_token_in_the_query_or_the_body_instead_of_the_header(victim: Browser) -> None:
    token = str(victim.csrf_token)
    assert reason(victim.http.post(f"/auth/logout?X-CSRF-Token={token}&csrfToken={token}")) == "missing"
    assert reason(victim.http.post("/auth/signin", json={"csrfToken": token, "X-CSRF-Token": token})) == "missing"


def test_the_token_in_a_cookie_instead_of_the_header(victim: Browser) -> None:
    cookie = f"X-CSRF-Token={victim.csrf_token}; latchkey_csrf={victim.http.cookies['latchkey_csrf']}"
    assert reason(victim.http.post("/auth/logout", headers={"Cookie": cookie})) == "missing"


@pytest.mark.thorough
def test_a_token_signed_by_a_retired_secret(start_service: StartService) -> None:
    new, old, retired = (secrets.token_hex(32) for _ in range(3))
    browser = Browser(start_service({"CSRF_SECRETS": f"{new},{old}"}).url)
    browser.fetch_csrf_token()
    for key, accepted in ((new, True), (old, True), (retired, False)):
        response = browser.http.post("/auth/logout", headers={"X-CSRF-Token": sign(binding(browser), key)})
        assert (response.status_code == 200) == accepted
    # The newest signs.
    assert (
        CsrfTokens(Signing([new]), ttl=60, leeway=0).refusal(browser.fetch_csrf_token(), browser.http.cookies["latchkey_csrf"])
        is None
    )


FOREIGN_ORIGINS = {
    "another_site": "https://evil.example",
    "null": "null",
    "empty": "",
    "own_host_as_a_prefix": f"{OWN}.evil.example",
    "own_host_as_a_suffix": "https://evilapp.example.com",
    "own_host_with_a_dash": "https://app-example.com",
    "any_letter_for_a_dot": "https://appXexample.com",
    "subdomain": "https://sub.app.example.com",
    "sibling": "https://blog.example.com",
    "parent": "https://example.com",
    "http_instead_of_https": "http://app.example.com",
    "other_port": f"{OWN}:8443",
    "default_port_spelled_out": f"{OWN}:443",
    "trailing_slash": f"{OWN}/",
    "trailing_dot": f"{OWN}.",
    "path": f"{OWN}/evil",
    "upper_case": "HTTPS://APP.EXAMPLE.COM",
    "user_info": "https://app.example.com@evil.example",
    "user_info_of_the_own_host": "https://evil.example@app.example.com",
    "backslash": "https://evil.example\\app.example.com",
    "fragment": "https://evil.example#app.example.com",
    "query": "https://evil.example?app.example.com",
    "two_in_one": f"{OWN} https://evil.example",
    "list": f"{OWN}, https://evil.example",
    "tab": f"{OWN}\t.evil.example",
    "underscore": "https://app.example.com_.evil.example",
    "punycode_look_alike": "https://xn--pp-xbc.example.com",
    "cyrillic_look_alike": "https://\u0430pp.example.com".encode(),
    "file": "file://",
    "extension": "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
    "data_url": "data:text/html,evil",
    "wildcard": "*",
    "wildcard_host": "https://*",
    "broken_ipv6": "http://[",
    "broken_port": "http://localhost:port",
    "no_scheme": "app.example.com",
    "no_host": "https://",
}


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS.values(), ids=FOREIGN_ORIGINS)
def test_a_post_from_a_page_of(guarded: ServiceProcess, origin: str | bytes) -> None:
    line = b"Origin: " + (origin if isinstance(origin, bytes) else origin.encode())
    request = raw.request("POST", "/auth/logout", [line, f"X-CSRF-Token: {CSRF_TOKEN}"], host=f"localhost:{guarded.port}")
    [response] = raw.send(guarded.port, request)
    assert (response.status, response.code) == (403, "csrf_failed")
    assert response.json()["details"] == {"reason": "origin"}
    assert response.header("access-control-allow-origin") is None


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS.values(), ids=FOREIGN_ORIGINS)
def test_cors_names_no_origin_to_a_page_of(guarded: ServiceProcess, origin: str | bytes) -> None:
    line = b"Origin: " + (origin if isinstance(origin, bytes) else origin.encode())
    preflight = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-csrf-token"]
    for request in (raw.request("GET", "/auth/csrf", [line]), raw.request("OPTIONS", "/auth/signin", [line, *preflight])):
        [response] = raw.send(guarded.port, request)
        assert [name for name, _ in response.headers if name.startswith("access-control-")] == []


def test_the_configured_origin_is_the_control_of_these_attacks(guarded: ServiceProcess) -> None:
    headers = [f"Origin: {OWN}", "Sec-Fetch-Site: same-site", f"X-CSRF-Token: {CSRF_TOKEN}"]
    [response] = raw.send(guarded.port, raw.request("POST", "/auth/logout", headers))
    assert (response.status, response.header("access-control-allow-origin")) == (200, OWN)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin, cross-site", "SAME-ORIGIN", ""])
def test_fetch_metadata_of_another_site_without_an_origin(guarded: ServiceProcess, site: str) -> None:
    headers = [f"Sec-Fetch-Site: {site}", f"X-CSRF-Token: {CSRF_TOKEN}"]
    [response] = raw.send(guarded.port, raw.request("POST", "/auth/logout", headers))
    assert (response.status, response.code) == (403, "csrf_failed")


def test_a_page_of_the_own_host_behind_a_proxy_that_changes_the_host(service: ServiceProcess) -> None:
    """Where no origins are named, the browser's word that a page is of the same origin is enough."""
    headers = ["Sec-Fetch-Site: same-origin", "Origin: https://app.example.com", f"X-CSRF-Token: {CSRF_TOKEN}"]
    [response] = raw.send(service.port, raw.request("POST", "/auth/logout", headers, host="latchkey.internal:8000"))
    assert response.status == 200
    for lines in (headers[1:], ["Sec-Fetch-Site: same-site", *headers[1:]], ["Origin: https://evil.example", *headers]):
        [response] = raw.send(service.port, raw.request("POST", "/auth/logout", lines, host="latchkey.internal:8000"))
        assert (response.status, response.code) == (403, "csrf_failed")


def test_fetch_metadata_that_contradicts_a_foreign_origin(guarded: ServiceProcess) -> None:
    headers = ["Sec-Fetch-Site: same-origin", "Origin: https://evil.example", f"X-CSRF-Token: {CSRF_TOKEN}"]
    [response] = raw.send(guarded.port, raw.request("POST", "/auth/logout", headers))
    assert (response.status, response.code) == (403, "csrf_failed")


def test_an_insecure_page_of_the_own_host_told_by_fetch_metadata(guarded: ServiceProcess) -> None:
    headers = ["Sec-Fetch-Site: cross-site", f"Origin: http://localhost:{guarded.port}", f"X-CSRF-Token: {CSRF_TOKEN}"]
    [response] = raw.send(guarded.port, raw.request("POST", "/auth/logout", headers, host=f"localhost:{guarded.port}"))
    assert (response.status, response.code) == (403, "csrf_failed")


def test_two_origins_one_of_them_allowed(guarded: ServiceProcess) -> None:
    headers = [f"Origin: {OWN}", "Origin: https://evil.example", f"X-CSRF-Token: {CSRF_TOKEN}"]
    [response] = raw.send(guarded.port, raw.request("POST", "/auth/logout", headers))
    assert (response.status, response.code) == (403, "csrf_failed")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain; application/json",
        None,
    ],
)
def test_a_form_post_that_needs_no_preflight(victim: Browser, content_type: str | None) -> None:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    content = b'{"email": "ada@example.com", "password": "correct horse battery staple", "x": "="}'
    request = victim.http.build_request("POST", "/auth/signin", content=content, headers=headers)
    if content_type is not None:
        request.headers["Content-Type"] = content_type
    assert reason(victim.http.send(request)) == "origin"


def test_json_sent_as_text_with_a_good_token(victim: Browser) -> None:
    content = b'{"email": "ada@example.com", "password": "correct horse battery staple"}'
    response = victim.post("/auth/signin", content=content, headers={"Content-Type": "text/plain"})
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_login_csrf_does_not_sign_the_victim_in_as_the_attacker(victim: Browser, service: ServiceProcess) -> None:
    attacker, email = Browser(service.url), new_email()
    attacker.sign_up(email)
    before = victim.refresh_token
    response = victim.http.post(
        "/auth/signin", json={"email": email, "password": PASSWORD}, headers={"Origin": "https://evil.example"}
    )
    assert reason(response) == "origin"
    assert victim.refresh_token == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_no_other_method_signs_anybody_out(victim: Browser, method: str) -> None:
    response = victim.http.request(method, "/auth/logout", headers={"X-CSRF-Token": str(victim.csrf_token)})
    assert response.status_code == 405
    assert cookies_set(response) == []
