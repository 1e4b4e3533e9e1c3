"""Many users at once, through one process and one connection pool: nobody ever sees somebody else."""

from __future__ import annotations

import asyncio
import secrets

import httpx
import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support.browser import PASSWORD, new_email
from tests.support.loopback import TRUST_NOBODY
from tests.support.service import CSRF_TOKEN, ServiceProcess

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


async def test_the_admin_client_stays_admin_and_users_stay_users(
    service: ServiceProcess, supabase: LocalSupabase, keys: Keys
) -> None:
    """Readiness acts as the admin; between sign-ins of users it must neither lose that role nor lend it."""
    users = [User(service.url) for _ in range(4)]
    async with httpx.AsyncClient(base_url=service.url, timeout=60, trust_env=False, verify=TRUST_NOBODY) as probe:
        try:
            await asyncio.gather(*(user.sign_up() for user in users))
            for user in users:
                await user.sign_in()
                asking = asyncio.create_task(probe.get("/readyz"))
                await asyncio.gather(*(other.me() for other in users if other.token))
                ready = await asking
                assert ready.json()["checks"]["migration"] == "ok"
                await asyncio.sleep(0.6)  # so that readiness asks Supabase again, and does not answer from memory
            # The rows that a user's token reads are that user's, whatever the service did as the admin in between.
            for user in users:
                answer = await probe.get(
                    f"{supabase.url}/rest/v1/user_profile",
                    headers={"apikey": keys.publishable_key, "Authorization": f"Bearer {user.token}"},
                )
                rows = answer.json()
                assert [row["id"] for row in rows] == [user.user_id]
        finally:
            await asyncio.gather(*(user.http.aclose() for user in users))
