"""A real Supabase, as the environment names it.

SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY (and SUPABASE_JWT_SECRET for a project that signs with one) are
needed. What more can be tried depends on:
- MAILBOX_URL: a maildev (https://github.com/maildev/maildev) that gets the project's mails; its REST address.
- DATABASE_URL: PostgreSQL as a superuser, by psql, to make things older than they are.
- SUPABASE_CONFIGURE: a command that gives Supabase Auth other settings and returns when it is up again. It is called with the
  settings as NAME=value arguments, without GOTRUE_; those of the call before are to be forgotten.
- SUPABASE_PROVIDER_VISITOR: a command that is called with an address. The GitHub of the project's EXTERNAL_GITHUB_URL then
  answers as somebody new who has that address, verified, and gives consent without asking.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

from local.keys import Keys
from tests.support.programs import executable
from tests.support.upstream.base import Aged, Proof, Unavailable, Upstream
from tests.support.upstream.mailbox import MailboxReader
from tests.support.upstream.wire import Wire

_NEEDED = ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY")
_AGED: Mapping[Aged, str] = {
    "session": "update auth.sessions set created_at = created_at - {by} where id = {key}",
    "recovery": "update auth.users set recovery_sent_at = recovery_sent_at - {by} where email = {key}",
    "challenge": "update auth.mfa_challenges set created_at = created_at - {by} where id = {key}",
    "flow": "update auth.flow_state set created_at = created_at - {by}, auth_code_issued_at = auth_code_issued_at - {by}"
    " where user_id = (select id from auth.users where email = {key})",
}


class RealSupabase(Upstream):
    """Raises Unavailable where the environment names none."""

    name = "the project that SUPABASE_URL names"

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        if missing := [name for name in _NEEDED if not environ.get(name)]:
            raise Unavailable(f"the environment has no {', '.join(missing)}")
        url, publishable, secret = (environ[name] for name in _NEEDED)
        super().__init__(
            Wire(url, publishable, secret), Keys(publishable, secret, environ.get("SUPABASE_JWT_SECRET", ""), "c" * 48)
        )
        self._mailbox = MailboxReader(environ.get("MAILBOX_URL", ""))
        self._database = environ.get("DATABASE_URL", "")
        self._configure = shlex.split(environ.get("SUPABASE_CONFIGURE", ""))
        self._provider = shlex.split(environ.get("SUPABASE_PROVIDER_VISITOR", ""))
        self._configured: dict[str, str] = {}

    def settings(self) -> dict[str, Any]:
        """What GET /settings tells."""
        with self.unwatched():
            answer: dict[str, Any] = self.wire.call("GET", "/settings").json
        return answer

    def configure(self, **settings: str) -> None:
        if not self._configure:
            unlike = {name: value for name, value in settings.items() if not self._is_set(name, value)}
            if unlike:
                wanted = ", ".join(f"{name}={value}" for name, value in sorted(unlike.items()))
                raise Unavailable(f"the project would have to have {wanted}, and there is no SUPABASE_CONFIGURE")
        elif settings != self._configured:
            subprocess.run([*self._configure, *(f"{name}={value}" for name, value in settings.items())], check=True)
            self._configured = dict(settings)

    def _is_set(self, name: str, value: str) -> bool:
        told = self.settings()
        match name:
            case "MAILER_AUTOCONFIRM" | "DISABLE_SIGNUP":
                return bool(told[name.lower()] == (value == "true"))
            case "EXTERNAL_EMAIL_ENABLED" | "EXTERNAL_ANONYMOUS_USERS_ENABLED" | "EXTERNAL_GITHUB_ENABLED":
                provider = name.removeprefix("EXTERNAL_").removesuffix("_ENABLED").lower()
                return bool(told["external"][provider] == (value == "true"))
            case _:
                return False

    def age(self, what: Aged, key: str, seconds: float) -> None:
        quoted = "'" + key.replace("'", "''") + "'"
        self.sql(_AGED[what].format(by=f"interval '{seconds} s'", key=quoted))

    def refer_to(self, user_id: str) -> None:
        self.sql(
            "create table if not exists public.latchkey_test_note (owner uuid references auth.users (id));"
            f"insert into public.latchkey_test_note values ('{user_id}')"
        )

    def end_session(self, session_id: str) -> None:
        self.sql(f"delete from auth.sessions where id = '{session_id}'")

    def next_at_provider(self, email: str) -> None:
        if not self._provider:
            raise Unavailable("there is no SUPABASE_PROVIDER_VISITOR")
        subprocess.run([*self._provider, email], check=True)

    def sql(self, statement: str) -> str:
        """What psql prints. Raises Unavailable without a DATABASE_URL."""
        if not self._database:
            raise Unavailable("there is no DATABASE_URL")
        command = [executable("psql"), self._database, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def count_mails(self, email: str) -> int:
        return len(self._mailbox.texts(email))

    def mail(self, email: str) -> Proof:
        return self._mailbox.newest(email)
