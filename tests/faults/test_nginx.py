"""What strangers send through the shipped nginx takes no replica out, and what nginx answers itself is the contract's."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support import raw
from tests.support.certificates import CertificateAuthority
from tests.support.nginx import Nginx
from tests.support.service import ServiceProcess, development_env, free_port

pytestmark = [pytest.mark.replicas, pytest.mark.timeout(180)]

ORIGIN = "https://app.example.com"
NAME = "auth.example.com"


@dataclass
class Site:
    nginx: Nginx
    trust: ssl.SSLContext

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.nginx.url, verify=self.trust, timeout=30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, supabase: LocalSupabase, keys: Keys) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("nginx")
    authority = CertificateAuthority(folder / "authority")
    certificate = authority.issue("localhost")
    env = development_env(supabase.url, keys, 0) | {"TRUSTED_PROXIES": "127.0.0.0/8", "CORS_ORIGINS": ORIGIN}
    replicas = [ServiceProcess(env | {"PORT": str(free_port())}, folder / f"replica-{n}" / "service.log") for n in (1, 2)]
    with replicas[0], replicas[1]:
        nginx = Nginx(folder / "nginx", [replica.port for replica in replicas], certificate, certificate)
        with nginx:
            yield Site(nginx, authority.trust())


async def refused_all_the_time(site: Site, seconds: float, refusals: list[int], **request: object) -> None:
    """A stranger who posts 60 kB, ten times a second."""
    async with site.client() as client:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            # Any of httpx's keywords.
            response = await client.post("/auth/signin", content=b"x" * 60_000, **request)  # type: ignore[arg-type]
            refusals.append(response.status_code)
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-CSRF-Token": "static-token-of-the-tests", "Content-Type": "application/json"}, 413),
    ],
)
async def test_large_bodies_that_are_refused_take_no_replica_out(site: Site, headers: dict[str, str], status: int) -> None:
    refusals: list[int] = []
    statuses: list[int] = []

    async def others() -> None:
        async with site.client() as client:
            while not strangers.done():
                statuses.append((await client.get("/auth/csrf")).status_code)
                await asyncio.sleep(0.02)

    strangers = asyncio.gather(*(refused_all_the_time(site, 5, refusals, headers=headers) for _ in range(3)))
    await others()
    await strangers
    assert len(refusals) > 30
    assert set(refusals) <= {status, 413}
    assert set(statuses) == {200}
    assert "upstream prematurely closed" not in site.nginx.error_log
    assert "Connection reset" not in site.nginx.error_log
    assert "no live upstreams" not in site.nginx.error_log
    assert not [line for line in site.nginx.access_log.splitlines() if "," in line.split(" ")[0]], "no request was sent twice"


async def test_nginx_s_own_413_has_the_schema_and_cors(site: Site) -> None:
    async with site.client() as client:
        for size in (100_000, 5_000_000):
            response = await client.post("/auth/signin", content=b"x" * size, headers={"Origin": ORIGIN})
            assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
            assert response.json()["details"] == {"maxBytes": 16_384}
            assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert response.headers["Access-Control-Allow-Credentials"] == "true"
            assert response.headers["Vary"] == "Origin"
        stranger = await client.post("/auth/signin", content=b"x" * 100_000, headers={"Origin": "https://evil.example"})
        assert stranger.status_code == 413
        assert "Access-Control-Allow-Origin" not in stranger.headers
        assert "Access-Control-Allow-Credentials" not in stranger.headers


@pytest.mark.parametrize("size", [18_000, 30_000, 60_000])
async def test_cookies_of_other_programs_are_a_431_that_the_page_can_read(site: Site, size: int) -> None:
    async with site.client() as client:
        response = await client.get("/auth/csrf", headers={"Origin": ORIGIN, "Cookie": "a=" + "b" * size})
    assert (response.status_code, response.json()["code"]) == (431, "headers_too_large")
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("host", [NAME, "evil.example", "localhost:8080", f"{NAME}.evil.example"])
def test_plain_http_is_sent_to_the_configured_name_and_nowhere_else(site: Site, host: str) -> None:
    [response] = raw.send(site.nginx.plain_port, raw.request("GET", "/auth/csrf?a=b", host=host))
    assert response.status == 308
    assert response.header("location") == f"https://{NAME}/auth/csrf?a=b"


def test_a_request_without_a_host_is_sent_nowhere_else_either(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.nginx.plain_port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        [response] = raw.parse(raw.receive_all(connection))
    assert response.header("location") == f"https://{NAME}/"
