"""A Supabase that answers everything with one user's session, and what each capability asks of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import httpx
import pytest_asyncio

from service.supabase.auth.account import AccountCalls
from service.supabase.auth.captcha import SecretKeyRule
from service.supabase.auth.config import ConfigCalls
from service.supabase.auth.email import EmailCalls
from service.supabase.auth.gotrue import GoTrue
from service.supabase.auth.identities import IdentityCalls
from service.supabase.auth.oauth import OauthCalls
from service.supabase.auth.otp import OtpCalls
from service.supabase.auth.password import PasswordCalls
from service.supabase.auth.requests import AuthRequests
from service.supabase.auth.session import SessionCalls
from service.supabase.auth.sign_up import SignUpCalls
from service.supabase.calls import UpstreamCall
from service.supabase.data_api import DataApi
from service.supabase.http.httpx_client import httpx_client
from service.supabase.http.wire import Wire
from tests.support.fixed_answers import SESSION, USER
from tests.support.raw_server import Exchange, RawServer, raw_server, response
from tests.unit.supabase.auth.asking import PUBLISHABLE, SECRET

SETTINGS: Final = {
    "external": {"email": True, "github": True},
    "disable_signup": False,
    "mailer_autoconfirm": True,
    "saml_enabled": True,
}


@dataclass
class Rule:
    """Which calls may carry the secret key; a test may put another one in its place."""

    rule: SecretKeyRule = field(default_factory=lambda: SecretKeyRule(None))


@dataclass(frozen=True)
class Asked:
    """The server, and what asks it."""

    server: RawServer
    http: httpx.AsyncClient
    gotrue: GoTrue
    data_api: DataApi
    session: SessionCalls
    sign_up: SignUpCalls
    account: AccountCalls
    email: EmailCalls
    otp: OtpCalls
    password: PasswordCalls
    config: ConfigCalls
    oauth: OauthCalls
    identities: IdentityCalls
    rule: Rule


@pytest_asyncio.fixture
async def asked() -> AsyncIterator[Asked]:
    async def answer(exchange: Exchange) -> None:
        path = exchange.head.split()[1].partition("?")[0]
        body: object = SETTINGS if path.endswith("/settings") else USER if path.endswith("/user") else SESSION
        if path.endswith(("/sso", "/identities/authorize")):
            body = {"url": "https://provider.example/authorize"}
        if "/rest/" in path:
            body = [{"id": USER["id"], "display_name": None}]
        await exchange.send(response(json.dumps(body).encode()))

    async with raw_server(answer) as server:
        wire = Wire(server.url, connect_timeout=5, read_timeout=5, max_connections=5, keepalive=5)
        http = httpx_client(wire)
        rule = Rule()
        gotrue = GoTrue(
            http,
            server.url,
            publishable_key=PUBLISHABLE,
            secret_key=SECRET,
            may_carry_secret_key=lambda call, captcha: rule.rule.allows(call, captcha),
            patient_http=httpx_client(wire.patient(10)),
        )
        data_api = DataApi(http, server.url, publishable_key=PUBLISHABLE)
        upstream = partial(UpstreamCall, seconds=5, on_foreign_answer=wire.renew_connections)
        requests = AuthRequests(server.url, gotrue)
        config = ConfigCalls(requests, upstream)
        yield Asked(
            server, http, gotrue, data_api, SessionCalls(gotrue, upstream), SignUpCalls(requests, upstream),
            AccountCalls(gotrue, data_api, upstream), EmailCalls(requests, upstream), OtpCalls(requests, upstream),
            PasswordCalls(requests, upstream), config,
            OauthCalls(gotrue, requests, config, upstream, base_url=server.url),
            IdentityCalls(gotrue, requests, upstream), rule,
        )  # fmt: skip
        wire.close()
