"""Many users at once, through one process and one connection pool: nobody ever sees somebody else."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qsl

import httpx
import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.conftest import StartService
from tests.support.browser import PASSWORD, new_email
from tests.support.faulty_proxy import Exchange, FaultyProxy, relay
from tests.support.loopback import TRUST_NOBODY
from tests.support.service import CSRF_TOKEN, ServiceProcess

pytestmark = pytest.mark.thorough

USERS = 12
HEADERS = {"X-CSRF-Token": CSRF_TOKEN}


class User:
    """A user with a browser of its own, who checks every answer for being about nobody else."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.AsyncClient(base_url=base_url, timeout=60, trust_env=False, verify=TRUST_NOBODY, headers=HEADERS)
        self.email = new_email()
        self.name = f"Name {secrets.token_hex(4)}"
        self.user_id = ""
        self.token = ""

    async def sign_up(self) -> None:
        body = {"email": self.email, "password": PASSWORD, "profile": {"displayName": self.name}}
        answer = (await self.http.post("/auth/signup", json=body)).raise_for_status().json()
        self.user_id = answer["user"]["id"]
        assert answer["user"]["email"] == self.email

    async def sign_in(self) -> None:
        self._keep(await self.http.post("/auth/signin", json={"email": self.email, "password": PASSWORD}))

    async def refresh(self) -> None:
        self._keep(await self.http.post("/auth/refresh"))

    async def sign_out(self) -> None:
        (await self.http.post("/auth/logout", headers={"Authorization": f"Bearer {self.token}"})).raise_for_status()

    async def me(self) -> None:
        answer = await self.http.get("/auth/me", headers={"Authorization": f"Bearer {self.token}"})
        assert answer.raise_for_status().json()["user"] == {
            "id": self.user_id,
            "email": self.email,
            "profile": {"displayName": self.name},
        }

    async def act(self, rounds: int) -> None:
        for _ in range(rounds):
            await self.me()
            await asyncio.gather(self.refresh(), self.me(), self.me())

    def _keep(self, response: httpx.Response) -> None:
        answer = response.raise_for_status().json()
        assert answer["user"] == {"id": self.user_id, "email": self.email}
        self.token = answer["accessToken"]


@pytest.mark.parametrize("rounds", [4, pytest.param(12, marks=pytest.mark.thorough)])
async def test_hundreds_of_interleaved_requests_never_mix_users_up(service: ServiceProcess, rounds: int) -> None:
    users = [User(service.url) for _ in range(USERS)]
    try:
        await asyncio.gather(*(user.sign_up() for user in users))
        await asyncio.gather(*(user.sign_in() for user in users))
        await asyncio.gather(*(user.act(rounds) for user in users))
    finally:
        await asyncio.gather(*(user.http.aclose() for user in users))


@dataclass(frozen=True)
class Call:
    """A request to Supabase, by the names of what it carried: no test may show a token when it fails."""

    what: str
    api_key: str
    bearer: str


class Spy:
    """Relays to Supabase and notes who asked as whom. `whose` names the tokens, and may learn of one after it was sent."""

    def __init__(self, keys: Keys) -> None:
        self.whose = {keys.publishable_key: "publishable key", keys.secret_key: "secret key", "": "nobody"}
        self._seen: list[tuple[str, str, str]] = []

    async def __call__(self, exchange: Exchange) -> None:
        path, _, query = exchange.target.partition("?")
        of = dict(parse_qsl(query))
        bearer = exchange.headers.get("authorization", "").removeprefix("Bearer ")
        what = f"{exchange.method} {path} {of.get('grant_type') or of.get('id', '')}".strip()
        self._seen.append((what, exchange.headers.get("apikey", ""), bearer))
        await relay(exchange)

    @property
    def probes(self) -> int:
        """How often readiness asked the data API, which it does for no user's row."""
        return sum(what == "GET /rest/v1/user_profile" for what, _, _ in self._seen)

    @property
    def calls(self) -> Counter[Call]:
        """What was asked so far, and how often."""
        name = defaultdict(lambda: "a stranger", self.whose)
        return Counter(Call(what, name[api_key], name[bearer]) for what, api_key, bearer in self._seen)


@pytest.mark.thorough  # readiness remembers for two seconds, which each probe waits for
async def test_the_admin_client_stays_admin_and_users_stay_users(
    start_service: StartService, supabase: LocalSupabase, keys: Keys
) -> None:
    """Readiness acts as the admin, between and beside what users do: it must neither lose that role nor lend it."""
    probes = 4
    spy, rounds = Spy(keys), dict.fromkeys(("Ada", "Ben", "Cat", "Dan"), 0)
    expected: Counter[Call] = Counter()

    async def act(user: User, name: str) -> None:
        public = partial(Call, api_key="publishable key")
        await user.sign_up()
        expected[public("POST /auth/v1/signup", bearer="nobody")] += 1
        # The first sign-in replaces the session that this opened, which is ended by a token that nobody was given.
        expected[public("POST /auth/v1/token refresh_token", bearer="nobody")] += 1
        expected[public("POST /auth/v1/logout", bearer="a stranger")] += 1
        count = 0
        while spy.probes < probes:
            for open_session, grant in ((user.sign_in, "password"), (user.refresh, "refresh_token")):
                await open_session()
                count += 1
                # Two tokens of one session and one second are the same.
                token = spy.whose.setdefault(user.token, f"{name}, token {count}")
                await user.me()
                expected[public(f"POST /auth/v1/token {grant}", bearer="nobody")] += 1
                expected[public("GET /auth/v1/user", bearer=token)] += 1
                expected[public(f"GET /rest/v1/user_profile eq.{user.user_id}", bearer=token)] += 1
            await user.sign_out()
            expected[public("POST /auth/v1/logout", bearer=token)] += 1
            expected[public("POST /auth/v1/token refresh_token", bearer="nobody")] += 1  # for the session of the cookie
            rounds[name] += 1

    async def probe(http: httpx.AsyncClient) -> None:
        while spy.probes < probes:
            if min(rounds.values()) < spy.probes:  # users act between any two probes, however busy the machine
                await asyncio.sleep(0.05)
                continue
            assert (await http.get("/readyz")).raise_for_status().json()["checks"]["migration"] == "outdated"
            await asyncio.sleep(0.1)

    with FaultyProxy(supabase.url) as proxy, proxy.failing(spy):
        service = start_service({"SUPABASE_URL": proxy.url})
        users = {name: User(service.url) for name in rounds}
        async with httpx.AsyncClient(base_url=service.url, timeout=60, trust_env=False, verify=TRUST_NOBODY) as http:
            try:
                await asyncio.gather(probe(http), *(act(user, name) for name, user in users.items()))
            finally:
                await asyncio.gather(*(user.http.aclose() for user in users.values()))
    # Each call for a user carries the public key, and none but that user's token of the moment.
    calls = spy.calls
    # The service asks by itself, too, now and then.
    assert calls.pop(Call("GET /rest/v1/user_profile", "secret key", "nobody")) >= probes
    assert calls.pop(Call("POST /rest/v1/rpc/latchkey_migration", "secret key", "nobody")) >= probes - 1
    assert calls.pop(Call("GET /auth/v1/health", "publishable key", "nobody")) >= probes
    assert calls == expected
