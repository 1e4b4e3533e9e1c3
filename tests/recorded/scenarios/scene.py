"""A scenario is a function that makes requests of a scene; the scene writes down each one that is not about setting it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from tests.recorded.names import Names
from tests.support.upstream.base import SITE, Aged, Factor, LinkKind, Person, Proof, Session, Upstream, address
from tests.support.upstream.wire import Answer, Sent

NEW_PASSWORD = "another-Horse-7-staple"
CONFIRM = "?redirect_to=" + quote(f"{SITE}/account/confirm?flow=f1", safe="")
RETURN = "redirect_to=" + quote(f"{SITE}/account/return?flow=f2", safe="")


class Scene:
    """What a scenario acts on. People, their sessions and factors are made unseen; `call` and `follow` are recorded."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.names = Names(upstream)
        self.exchanges: list[dict[str, Any]] = []
        self._note = ""

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        return self._seen(lambda: self.upstream.wire.call(method, path, body, **more))

    def follow(self, link: str) -> Answer:
        """GET as a browser's click."""
        return self._seen(lambda: self.upstream.wire.follow(link))

    def refresh(self, token: str, **more: Any) -> Answer:
        return self.call("POST", "/token?grant_type=refresh_token", {"refresh_token": token}, **more)

    def note(self, text: str) -> None:
        """Say what the next request is about."""
        self._note = text

    def address(self, name: str) -> str:
        """A new address, recorded as name@example.com."""
        return self.names.address(address(name), name)

    def person(self, name: str = "ada") -> Person:
        return self.upstream.person(self.address(name))

    def session(self, person: Person) -> Session:
        return self._named(self.upstream.session(person))

    def signed_in(self, name: str = "ada") -> tuple[Person, Session]:
        person = self.person(name)
        return person, self.session(person)

    def with_factor(self, name: str = "ada") -> tuple[Person, Session, Factor]:
        """A person with a verified factor, and another session at aal1."""
        person, session = self.signed_in(name)
        factor = self.upstream.factor(session)
        self._named(factor.session)
        return person, self.session(person), factor

    def step_up(self, session: Session, factor: Factor) -> Session:
        """Raise a session to aal2."""
        return self._named(self.upstream.step_up(session, factor.id, factor.secret))

    def link(self, kind: LinkKind, email: str, **more: str) -> Proof:
        return self.upstream.link(kind, email, **more)

    def mail(self, email: str) -> Proof:
        return self.upstream.mail(email)

    def age(self, what: Aged, key: str, seconds: float) -> None:
        self.upstream.age(what, key, seconds)

    def _named(self, session: Session) -> Session:
        self.names.refresh_token(session.refresh_token)
        return session

    def _seen(self, act: Callable[[], Answer]) -> Answer:
        note, self._note = self._note, ""

        def watch(sent: Sent, answer: Answer) -> None:
            entry = {} if not note else {"note": note}
            self.exchanges.append({**entry, **self.names.exchange(sent, answer)})

        self.upstream.wire.watch = watch
        try:
            return act()
        finally:
            self.upstream.wire.watch = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """`settings` are what the project has to have on top of its usual ones."""

    name: str
    how: str
    settings: Mapping[str, str]
    act: Callable[[Scene], None]


SCENARIOS: dict[str, Scenario] = {}


def scenario(**settings: str) -> Callable[[Callable[[Scene], None]], Callable[[Scene], None]]:
    """Register a scenario under its function's name; its docstring says how it is made."""

    def register(act: Callable[[Scene], None]) -> Callable[[Scene], None]:
        SCENARIOS[act.__name__] = Scenario(act.__name__, (act.__doc__ or "").strip(), settings, act)
        return act

    return register


def query_of(url: str) -> dict[str, str]:
    """The query of a URL."""
    return dict(parse_qsl(urlsplit(url).query))
