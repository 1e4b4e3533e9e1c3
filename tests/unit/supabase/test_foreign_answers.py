"""What Supabase answers about another user than it was asked about reaches nobody, however it came about."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs
from uuid import NAMESPACE_URL, uuid5

import httpx
import jwt
import pytest

from local.keys import Keys
from tests.conftest import StartModuleService, StartService
from tests.support.browser import PASSWORD, Browser, cookies_set
from tests.support.fixed_answers import SESSION, USER, FixedAnswers
from tests.support.loopback import TRUST_NOBODY
from tests.support.raw_server import Exchange, raw_server, response
from tests.support.service import CSRF_TOKEN, ServiceProcess

pytestmark = pytest.mark.thorough

EMAIL, OTHER_EMAIL = str(USER["email"]), "grace@example.com"
OTHER_ID = "7d3f1c52-0b9e-4f6a-8a51-2c9e4b7d6f10"
TOKEN, SIGN_UP, GET_USER, PROFILE = (
    "POST /auth/v1/token",
    "POST /auth/v1/signup",
    "GET /auth/v1/user",
    "GET /rest/v1/user_profile",
)
OTHER_USER = {**USER, "id": OTHER_ID, "email": OTHER_EMAIL}

Fixed = tuple[ServiceProcess, FixedAnswers]


@pytest.fixture(scope="module")
def upstream() -> Iterator[FixedAnswers]:
    with FixedAnswers({}) as running:
        yield running


@pytest.fixture(scope="module")
def fixed(start_module_service: StartModuleService, upstream: FixedAnswers) -> Fixed:
    return start_module_service({"SUPABASE_URL": upstream.url}), upstream


@pytest.fixture
def browser(fixed: Fixed, keys: Keys) -> Browser:
    """Signed in as USER, with nothing wrong."""
    service, upstream = fixed
    session = {**SESSION, "access_token": access_token(keys, str(USER["id"]))}
    upstream.answers |= {TOKEN: (200, session), SIGN_UP: (200, session), GET_USER: (200, USER)}
    upstream.answers[PROFILE] = (200, [{"id": USER["id"], "display_name": "Ada"}])
    browser = Browser(service.url)
    assert browser.sign_in(EMAIL).status_code == 200
    assert browser.me().status_code == 200
    return browser


def access_token(keys: Keys, user_id: str) -> str:
    claims = {"sub": user_id, "aud": "authenticated", "exp": int(time.time()) + 600}
    return jwt.encode(claims, keys.jwt_secret, "HS256")


def foreign_session(keys: Keys) -> dict[str, object]:
    return {**SESSION, "access_token": access_token(keys, OTHER_ID), "user": OTHER_USER}


def another_subject(keys: Keys) -> dict[str, object]:
    return {**SESSION, "access_token": access_token(keys, OTHER_ID)}


CASES: dict[str, tuple[str, Callable[[Keys], object], Callable[[Browser], httpx.Response], str]] = {
    "sign-in, another user's session": (TOKEN, foreign_session, lambda b: b.sign_in(EMAIL), "sign_in"),
    "sign-in, another user's token": (TOKEN, another_subject, lambda b: b.sign_in(EMAIL), "sign_in"),
    "sign-in, a user without an address": (
        TOKEN, lambda keys: {**another_subject(keys), "user": {**USER, "email": None}}, lambda b: b.sign_in(EMAIL), "sign_in",
    ),
    "sign-up, another user": (SIGN_UP, lambda _: OTHER_USER, lambda b: b.sign_up(EMAIL), "sign_up"),
    "sign-up, another user's session": (SIGN_UP, foreign_session, lambda b: b.sign_up(EMAIL), "sign_up"),
    "sign-up, another user's token": (SIGN_UP, another_subject, lambda b: b.sign_up(EMAIL), "sign_up"),
    "refresh, another user's session": (TOKEN, foreign_session, Browser.refresh, "refresh"),
    "refresh, another user's token": (TOKEN, another_subject, Browser.refresh, "refresh"),
    "me, another user": (GET_USER, lambda _: OTHER_USER, Browser.me, "get_user"),
    "me, another user's profile": (PROFILE, lambda _: [{"id": OTHER_ID, "display_name": "Grace"}], Browser.me, "get_profile"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_answer_about_another_user_is_an_upstream_error(
    case: tuple[str, Callable[[Keys], object], Callable[[Browser], httpx.Response], str],
    fixed: Fixed,
    browser: Browser,
    keys: Keys,
) -> None:
    asked, answer, perform, call = case
    service, upstream = fixed
    cookie, logged = browser.refresh_token, len(service.log)
    upstream.answers[asked] = (200, answer(keys))
    refused = perform(browser)
    assert (refused.status_code, refused.json()["code"], refused.json()["details"]) == (502, "upstream_error", {})
    assert cookies_set(refused) == []
    assert browser.refresh_token == cookie
    lines = [json.loads(line) for line in service.log[logged:].splitlines()]
    (told,) = [line for line in lines if line["event"] == "foreign_answer"]
    assert (told["call"], told["level"]) == (call, "warning")
    for value in (str(USER["id"]), OTHER_ID, EMAIL, OTHER_EMAIL, "Grace"):
        assert value not in json.dumps(told)


def test_an_address_in_other_case_is_the_same_address(browser: Browser, fixed: Fixed, keys: Keys) -> None:
    _, upstream = fixed
    assert browser.sign_in(EMAIL.upper()).status_code == 200
    assert browser.sign_up(EMAIL.title()).status_code == 200
    token = access_token(keys, str(USER["id"]))
    upstream.answers[TOKEN] = (200, {**SESSION, "access_token": token, "user": {**USER, "email": EMAIL.title()}})
    assert browser.sign_in(EMAIL).status_code == 200


def test_sign_up_for_a_taken_address_does_not_tell_the_accounts_main_address(browser: Browser, fixed: Fixed) -> None:
    """Where it is taken as the address of an identity, Supabase's made-up user has the account's own."""
    _, upstream = fixed
    upstream.answers[SIGN_UP] = (200, {**OTHER_USER, "identities": []})
    answer = browser.sign_up(EMAIL.upper())
    assert (answer.status_code, answer.json()) == (
        200,
        {"user": {"id": OTHER_ID, "email": EMAIL}, "confirmationRequired": True},
    )
    assert cookies_set(answer) == []


# Surplus answers.


class User:
    """One of many, and what the fake Supabase answers about them."""

    def __init__(self, email: str, keys: Keys) -> None:
        self.email = email
        self.id = str(uuid5(NAMESPACE_URL, email))
        self.token = access_token(keys, self.id)
        self.row = {"id": self.id, "display_name": f"Name of {email}"}
        self.user = {**USER, "id": self.id, "email": email}
        self.session = {**SESSION, "access_token": self.token, "refresh_token": f"refresh-{self.id}", "user": self.user}


class SurplusAnswers:
    """A Supabase that answers correctly, and often once more: at once, or just as the next request is on its way."""

    def __init__(self, users: list[User]) -> None:
        self.by_email = {user.email: user for user in users}
        self.by_token = {user.token: user for user in users}
        self.by_id = {user.id: user for user in users}
        self.surplus = 0
        self.healthy = False
        self._late: set[asyncio.Task[None]] = set()

    async def answer(self, exchange: Exchange) -> None:
        own = response(json.dumps(self._body(exchange)).encode(), "Content-Type: application/json")
        await asyncio.sleep(random.choice((0, 0.002, 0.006)))  # noqa: S311 - no secret
        late = None if self.healthy else random.choice((None, None, 0, 0.001, 0.005))  # noqa: S311 - as above
        self.surplus += late is not None
        if late == 0:
            await exchange.send(own + own)
        else:
            await exchange.send(own)
        if late:
            task = asyncio.create_task(self._send_late(exchange, own, late))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

    async def _send_late(self, exchange: Exchange, own: bytes, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not exchange.writer.is_closing():
            await exchange.send(own)

    def _body(self, exchange: Exchange) -> object:
        target = exchange.head.split()[1]
        path, _, query = target.partition("?")
        if path == "/auth/v1/token":
            return self.by_email[json.loads(exchange.body)["email"]].session
        if path == "/auth/v1/user":
            (bearer,) = [line for line in exchange.head.split("\r\n") if line.lower().startswith("authorization: bearer ")]
            return self.by_token[bearer.split()[2]].user
        if path == "/rest/v1/user_profile" and "id" in parse_qs(query):
            return [self.by_id[parse_qs(query)["id"][0].removeprefix("eq.")].row]
        return {"keys": []}


@pytest.mark.thorough
async def test_nobody_gets_another_users_answers_when_supabase_answers_twice(start_service: StartService, keys: Keys) -> None:
    users = [User(f"user-{secrets.token_hex(6)}@example.com", keys) for _ in range(500)]
    supabase = SurplusAnswers(users)
    statuses: Counter[int] = Counter()
    async with raw_server(supabase.answer) as server:
        settings = {"SUPABASE_URL": server.url, "UPSTREAM_MAX_CONNECTIONS": "8"}
        service = await asyncio.to_thread(start_service, settings)
        http = httpx.AsyncClient(base_url=service.url, timeout=60, trust_env=False, verify=TRUST_NOBODY)
        limit = asyncio.Semaphore(24)

        async def use(user: User) -> None:
            async with limit:
                body = {"email": user.email, "password": PASSWORD}
                answer = await http.post("/auth/signin", json=body, headers={"X-CSRF-Token": CSRF_TOKEN})
                statuses[answer.status_code] += 1
                if check(answer):
                    found = answer.json()
                    assert (found["accessToken"], found["user"]) == (user.token, {"id": user.id, "email": user.email})
                    assert f"=refresh-{user.id};" in answer.headers["Set-Cookie"]
                answer = await http.get("/auth/me", headers={"Authorization": f"Bearer {user.token}"})
                statuses[answer.status_code] += 1
                if check(answer):
                    profile = {"displayName": user.row["display_name"]}
                    assert answer.json()["user"] == {"id": user.id, "email": user.email, "profile": profile}

        def check(answer: httpx.Response) -> bool:
            """Whether it went well; if not, nothing is given out."""
            assert answer.status_code == 200 or answer.json()["code"] == "upstream_error", answer.text
            assert answer.status_code == 200 or cookies_set(answer) == []
            http.cookies.clear()
            return answer.status_code == 200

        await asyncio.gather(*(use(user) for user in users))
        assert supabase.surplus > 100
        assert statuses[200] > len(users), statuses

        supabase.healthy = True
        await asyncio.sleep(0.1)
        statuses.clear()
        await asyncio.gather(*(use(user) for user in users[:50]))
        assert statuses == {200: 100}
        await http.aclose()
