"""The embedded Supabase, which has no admin API: people sign up, and hashes are read from its database."""

from __future__ import annotations

import secrets
import urllib.parse
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from local.github import Account, LocalGitHub
from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support.service import free_port
from tests.support.upstream.base import PASSWORD, SITE, LinkKind, Person, Proof, Unavailable, Upstream, address
from tests.support.upstream.mailbox import MailboxReader
from tests.support.upstream.wire import Wire

# Supabase Auth's settings, as far as supabase/config.toml has them for the embedded one.
_CONFIG: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "DISABLE_SIGNUP": ("auth.enable_signup", lambda value: value != "true"),
    "JWT_EXP": ("auth.jwt_expiry", int),
    "MAILER_AUTOCONFIRM": ("auth.email.enable_confirmations", lambda value: value != "true"),
    "PASSWORD_MIN_LENGTH": ("auth.minimum_password_length", int),
    "SECURITY_REFRESH_TOKEN_REUSE_INTERVAL": ("auth.refresh_token_reuse_interval", int),
}
_USUAL: Final = {"DISABLE_SIGNUP": "false", "JWT_EXP": "3600", "MAILER_AUTOCONFIRM": "true", "PASSWORD_MIN_LENGTH": "8"}
_ASKED: Final[Mapping[LinkKind, tuple[str, str]]] = {
    "signup": ("/resend", "confirmation_token"),
    "magiclink": ("/otp", "recovery_token"),
    "recovery": ("/recover", "recovery_token"),
}


class EmbeddedUpstream(Upstream):
    """Start it with `with`. `state` makes the state folder of a migrated instance; each other configuration has its own.

    `mailbox_url` is where its mails can be read, `config` what changes in supabase/config.toml so that they go there, and
    `certificate` is the mail server's.
    """

    name = "the embedded Supabase"

    def __init__(
        self,
        state: Callable[[], Path],
        keys: Keys,
        *,
        mailbox_url: str = "",
        config: Mapping[str, object] | None = None,
        certificate: Path | None = None,
    ) -> None:
        self._state = state
        self._config = dict(config or {})
        self._certificate = certificate
        self._mailbox = MailboxReader(mailbox_url)
        self._port = free_port()
        self._running: LocalSupabase | None = None
        self._settings: dict[str, str] | None = None
        self._github = LocalGitHub(f"http://127.0.0.1:{self._port}/auth/v1/callback")
        self._visitor: Account | None = None
        self._started = ExitStack()
        super().__init__(Wire(f"http://127.0.0.1:{self._port}", keys.publishable_key, keys.secret_key), keys)

    def __enter__(self) -> Self:
        self._started.enter_context(self._github)
        self.configure()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._running is not None:
            self._running.stop()
        self._started.close()

    def configure(self, **settings: str) -> None:
        if unknown := set(settings) - set(_CONFIG):
            raise Unavailable(f"{self.name} has no {sorted(unknown)}")
        settings = {name: value for name, value in settings.items() if _USUAL.get(name) != value}
        if settings == self._settings:
            return
        if self._running is not None:
            self._running.stop()
        overrides = (
            self._config | self._provider | {_CONFIG[name][0]: _CONFIG[name][1](value) for name, value in settings.items()}
        )
        self._running = LocalSupabase(
            self._state(), self._port, self.keys, overrides, password_cost=4, trusted_certificate=self._certificate
        )
        self._running.start()
        self._settings = dict(settings)

    def person(self, email: str | None = None, password: str = PASSWORD) -> Person:
        email = email or address()
        answer = self.wire.call("POST", "/signup", {"email": email, "password": password})
        assert answer.status == 200, answer.text
        user = answer.json.get("user", answer.json)
        if user.get("email_confirmed_at") is None:
            self._query(f"""update "auth.users" set email_confirmed_at = created_at where email = '{email}'""")
        return Person(user["id"], email, password)

    def link(self, kind: LinkKind, email: str, **more: str) -> Proof:
        """Without the digits, which only the mail has."""
        if kind not in _ASKED:
            raise Unavailable(f"{self.name} makes no link of kind {kind}")
        path, column = _ASKED[kind]
        if kind == "signup":
            self.wire.call("POST", "/signup", {"email": email, **more})
        else:
            self.wire.call("POST", path, {"email": email})
        (row,) = self._query(f"""select {column} from "auth.users" where email = '{email}'""")
        return Proof(row[column], "")

    def count_mails(self, email: str) -> int:
        return len(self._mailbox.texts(email))

    def mail(self, email: str) -> Proof:
        return self._mailbox.newest(email)

    def next_at_provider(self, email: str) -> None:
        self._visitor = Account(secrets.randbelow(10**9) + 10**4, "octo", "Octo Cat", email)

    def consent(self, url: str) -> str:
        if not url.startswith(f"{self._github.url}/login/oauth/authorize?"):
            return super().consent(url)
        assert self._visitor is not None, "nobody is at the provider"
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        answer = {"code": self._github.allow(self._visitor, asked["scope"].replace(" ", ",")), "state": asked["state"]}
        return super().consent(f"{asked['redirect_uri']}?{urllib.parse.urlencode(answer)}")

    @property
    def _provider(self) -> dict[str, object]:
        return {"auth.site_url": SITE, "auth.external.github": self._github.settings}

    def end_session(self, session_id: str) -> None:
        self._query(f"""delete from "auth.sessions" where id = '{session_id}'""")

    def _query(self, sql: str) -> list[dict[str, Any]]:
        assert self._running is not None
        return self._running.query(sql)
