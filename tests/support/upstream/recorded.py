"""The Supabase that answers what the real one was recorded to answer."""

from __future__ import annotations

import secrets
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from local.keys import Keys
from tests.support.project import SigningKey
from tests.support.recorded_supabase.server import RecordedSupabase
from tests.support.upstream.base import Aged, Proof, Upstream
from tests.support.upstream.wire import Wire


class RecordedUpstream(Upstream):
    """Start it with `with`. `server.project` is its state."""

    name = "the recorded Supabase"

    def __init__(self, keys: Keys, signing_key: SigningKey | None = None) -> None:
        self.server = RecordedSupabase(keys, signing_key)
        super().__init__(Wire(self.server.url, keys.publishable_key, keys.secret_key), keys)
        self._read: dict[str, int] = {}

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.server.__exit__(kind, error, traceback)

    def configure(self, **settings: str) -> None:
        self.server.project.configure(settings)

    def check(self) -> None:
        asked, self.server.not_recorded = self.server.not_recorded, []
        assert asked == [], f"no recording answers this: {asked}"

    def pass_time(self, seconds: float) -> None:
        self.server.project.ahead += seconds

    def now(self) -> float:
        return self.server.project.now()

    def age(self, what: Aged, key: str, seconds: float) -> None:
        project = self.server.project
        match what:
            case "session":
                project.sessions[key].created_at -= seconds
            case "challenge":
                project.challenges[key].created_at -= seconds
            case "recovery":
                if (user := project.by_email(key)) is not None:
                    user.times["recovery_sent_at"] -= seconds
            case "flow":
                user = project.by_email(key)
                for flow in project.flows:
                    if user is not None and flow.user_id == user.id:
                        flow.created_at -= seconds
                        flow.issued_at = flow.issued_at and flow.issued_at - seconds

    def refer_to(self, user_id: str) -> None:
        self.server.project.users[user_id].in_use = True

    def end_session(self, session_id: str) -> None:
        del self.server.project.sessions[session_id]

    def next_at_provider(self, email: str) -> None:
        self.server.project.visitor = {"id": str(secrets.randbelow(10**9) + 10**4), "email": email}

    def count_mails(self, email: str) -> int:
        return sum(mail.email == email for mail in self.server.project.mails)

    def mail(self, email: str) -> Proof:
        mails = [mail for mail in self.server.project.mails if mail.email == email]
        assert len(mails) > self._read.get(email, 0), f"no mail came to {email}"
        self._read[email] = len(mails)
        flow = parse_qs(urlsplit(mails[-1].redirect_to).query).get("flow", [""])[0]
        return Proof(mails[-1].token_hash, mails[-1].code, flow)
