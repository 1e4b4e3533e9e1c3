"""What the tests of this folder share: who asks, with which keys, and what arrived."""

from __future__ import annotations

from typing import Final

from service.security.access_token import AccessToken
from service.security.mail_links import MailLink
from service.supabase.auth.oauth import Return
from tests.support.fixed_answers import USER
from tests.support.raw_server import Exchange

PUBLISHABLE: Final = "sb_publishable_of_the_test"
SECRET: Final = "sb_secret_of_the_test"
ADDRESS: Final = "203.0.113.7"
ADA: Final = AccessToken("token.of.ada", str(USER["id"]), None)
LINK: Final = MailLink("https://app.example.com/account/confirm?flow=f.l.ow", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
BACK: Final = Return("https://app.example.com/account/return?flow=f~l~ow", LINK.code_challenge)
EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"


def headers_of(exchange: Exchange) -> dict[str, str]:
    lines = exchange.head.split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
