"""What a test asks of the Supabase behind the service, whichever it is."""

from __future__ import annotations

import secrets
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from local.keys import Keys
from tests.support.upstream.proofs import totp
from tests.support.upstream.wire import Answer, Wire

PASSWORD = "correct-Horse-9-battery"
SITE = "http://localhost:5173"
"""The site URL that a project for these tests has, and whose paths are on its list of redirects."""

LinkKind = Literal["signup", "invite", "magiclink", "recovery", "email_change_current", "email_change_new"]
Aged = Literal["session", "recovery", "challenge", "flow"]


class Unavailable(Exception):  # noqa: N818 - no error: this project is not made that way
    """This Supabase cannot be asked for that, for the reason that is said."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user with a confirmed address."""

    id: str
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What one mail holds. `code` is typed, `token_hash` and `flow` stand in the link, which may have no flow."""

    token_hash: str
    code: str
    flow: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was opened past the service."""

    access_token: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Factor:
    """A verified TOTP factor, and the aal2 session of its verification."""

    id: str
    secret: str
    session: Session


def address(name: str = "user") -> str:
    """An address that no other test uses."""
    return f"{name}-{secrets.token_hex(6)}@example.com"


class Upstream:
    """A Supabase. What it is asked for goes by HTTP; what only its owner can do is each kind's own, or Unavailable."""

    name = ""

    def __init__(self, wire: Wire, keys: Keys) -> None:
        self.wire = wire
        self.keys = keys

    @property
    def url(self) -> str:
        return self.wire.url

    def configure(self, **settings: str) -> None:
        """Let the project have these settings on top of its usual ones; names are Supabase Auth's, without GOTRUE_.

        Raises Unavailable.
        """
        if settings:
            raise Unavailable(f"the settings {sorted(settings)} cannot be given to {self.name}")

    def check(self) -> None:
        """After a test. Raises AssertionError where it asked for what this Supabase cannot say."""

    def pass_time(self, seconds: float) -> None:
        """Let time pass for the project."""
        time.sleep(seconds)

    def now(self) -> float:
        """The project's time, in seconds since the epoch."""
        return time.time()

    def age(self, what: Aged, key: str, seconds: float) -> None:
        """Make a session or an MFA challenge (by id), a recovery mail or a flow (by address) older. Raises Unavailable."""
        raise Unavailable(f"{self.name} lets nobody make the {what} of {key} {seconds:.0f} s older")

    def refer_to(self, user_id: str) -> None:
        """Let other data of the project refer to the user, so that the database refuses to delete them. Raises Unavailable."""
        raise Unavailable(f"{self.name} cannot be given data that refers to {user_id}")

    def end_session(self, session_id: str) -> None:
        """Delete the row of a session. Raises Unavailable."""
        raise Unavailable(f"the session {session_id} cannot be deleted from outside")

    def next_at_provider(self, email: str) -> None:
        """Let the provider's next visitor be somebody new, who has that verified address. Raises Unavailable."""
        raise Unavailable(f"nobody can say at the provider that {email} is there")

    def mail(self, email: str) -> Proof:
        """The newest unread mail to an address. Raises Unavailable where no mailbox can be read."""
        raise Unavailable(f"the mailbox of {email} cannot be read")

    def count_mails(self, email: str) -> int:
        """How many mails came to an address. Raises Unavailable."""
        raise Unavailable(f"the mailbox of {email} cannot be read")

    # What follows is made of requests.

    def admin(self, method: str, path: str, body: Any = None) -> Answer:
        return self.wire.call(method, path, body, key=self.keys.secret_key)

    def person(self, email: str | None = None, password: str = PASSWORD) -> Person:
        """Make a user with a confirmed address."""
        email = email or address()
        answer = self.admin("POST", "/admin/users", {"email": email, "password": password, "email_confirm": True})
        assert answer.status == 200, answer.text
        return Person(answer.json["id"], email, password)

    def link(self, kind: LinkKind, email: str, **more: str) -> Proof:
        """A new link of a kind, without a mail: `password` for signup, `new_email` for the two of a change."""
        answer = self.admin("POST", "/admin/generate_link", {"type": kind, "email": email, **more})
        assert answer.status == 200, answer.text
        return Proof(answer.json["hashed_token"], answer.json["email_otp"])

    def session(self, person: Person) -> Session:
        """Sign a user in, past the service."""
        body = {"email": person.email, "password": person.password}
        return _session(self.wire.call("POST", "/token?grant_type=password", body))

    def factor(self, session: Session, name: str = "phone") -> Factor:
        """Enrol and verify a TOTP factor, past the service."""
        enrolled = self.wire.call(
            "POST", "/factors", {"factor_type": "totp", "friendly_name": name}, token=session.access_token
        )
        assert enrolled.status == 200, enrolled.text
        factor_id, secret = enrolled.json["id"], enrolled.json["totp"]["secret"]
        return Factor(factor_id, secret, self.step_up(session, factor_id, secret))

    def step_up(self, session: Session, factor_id: str, secret: str) -> Session:
        """Raise a session to aal2, past the service."""
        challenge = self.wire.call("POST", f"/factors/{factor_id}/challenge", {}, token=session.access_token)
        proof = {"challenge_id": challenge.json["id"], "code": self.code(secret)}
        return _session(self.wire.call("POST", f"/factors/{factor_id}/verify", proof, token=session.access_token))

    def code(self, secret: str) -> str:
        """The code that an authenticator app shows now."""
        return totp(secret, self.now())

    def consent(self, url: str) -> str:
        """Go to a provider's page, say yes, and return where the browser ends: the front end's URL. Raises Unavailable."""
        if url.startswith(SITE):
            return url
        answer = self.wire.follow(url)
        if not answer.location:
            raise Unavailable("the provider of this project asks a person")
        return self.consent(urllib.parse.urljoin(url, answer.location))

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """Nobody looks at the requests of the block."""
        watch, self.wire.watch = self.wire.watch, None
        try:
            yield
        finally:
            self.wire.watch = watch


def _session(answer: Answer) -> Session:
    assert answer.status == 200, answer.text
    return Session(answer.json["access_token"], answer.json["refresh_token"])
