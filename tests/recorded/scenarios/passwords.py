"""PUT /user with a password, under each of a project's policies."""

from __future__ import annotations

from tests.recorded.scenarios.scene import NEW_PASSWORD, Scene, scenario
from tests.support.upstream.base import PASSWORD, LinkKind
from tests.support.upstream.proofs import claims

DAY = 25 * 3_600
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@scenario()
def password(s: Scene) -> None:
    """PUT /user {password}: accepted, the other session after it; the same one; a short one; profile data."""
    ada, one = s.signed_in()
    two = s.session(ada)
    s.call("PUT", "/user", {"password": NEW_PASSWORD}, token=one.access_token)
    s.note("the other session")
    s.call("GET", "/user", token=two.access_token)
    s.call("PUT", "/user", {"password": NEW_PASSWORD}, token=one.access_token)
    s.call("PUT", "/user", {"password": "a-1"}, token=one.access_token)
    s.note("73 characters")
    s.call("PUT", "/user", {"password": "Aa1" * 24 + "x"}, token=one.access_token)
    s.call("PUT", "/user", {"data": {"display_name": "Grace"}}, token=one.access_token)
    s.note("without a bearer")
    s.call("PUT", "/user", {"password": NEW_PASSWORD})


@scenario(PASSWORD_MIN_LENGTH="10", PASSWORD_REQUIRED_CHARACTERS=f"{LETTERS}:{LETTERS.upper()}:0123456789")
def password_rules(s: Scene) -> None:
    """At least 10 characters, and required ones: too short; characters missing; both; at sign-up too."""
    _, session = s.signed_in()
    s.call("PUT", "/user", {"password": "Ab1"}, token=session.access_token)
    s.call("PUT", "/user", {"password": "only lower case"}, token=session.access_token)
    s.call("PUT", "/user", {"password": "abc"}, token=session.access_token)
    s.call("POST", "/signup", {"email": s.address("bob"), "password": "abc"})


@scenario(SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD="true")
def password_current(s: Scene) -> None:
    """The project wants the current password: missing, wrong, right; not from sessions of a recovery or a magic link."""
    _, session = s.signed_in()
    s.call("PUT", "/user", {"password": NEW_PASSWORD}, token=session.access_token)
    s.call("PUT", "/user", {"password": NEW_PASSWORD, "current_password": "wrong"}, token=session.access_token)
    s.call("PUT", "/user", {"password": NEW_PASSWORD, "current_password": PASSWORD}, token=session.access_token)
    kinds: tuple[LinkKind, ...] = ("recovery", "magiclink")
    for kind in kinds:
        someone = s.person(kind)
        proof = {"type": kind, "token_hash": s.link(kind, someone.email).token_hash}
        opened = s.upstream.wire.call("POST", "/verify", proof).json
        s.note(f"a session by a {kind} hash")
        s.call("PUT", "/user", {"password": NEW_PASSWORD}, token=opened["access_token"])


@scenario(SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION="true")
def password_nonce(s: Scene) -> None:
    """The project wants a nonce from sessions older than 24 h: missing, before any was sent, wrong, right, used."""
    ada, session = s.signed_in()
    s.age("session", claims(session.access_token)["session_id"], DAY)
    s.call("PUT", "/user", {"password": NEW_PASSWORD}, token=session.access_token)
    s.note("before any was sent")
    s.call("PUT", "/user", {"password": NEW_PASSWORD, "nonce": "000000"}, token=session.access_token)
    s.call("GET", "/reauthenticate", token=session.access_token)
    nonce = s.mail(ada.email).code
    s.call("PUT", "/user", {"password": NEW_PASSWORD, "nonce": "000000"}, token=session.access_token)
    s.call("PUT", "/user", {"password": NEW_PASSWORD, "nonce": nonce}, token=session.access_token)
    s.note("used")
    s.call("PUT", "/user", {"password": PASSWORD, "nonce": nonce}, token=session.access_token)


@scenario()
def reauthenticate(s: Scene) -> None:
    """GET /reauthenticate; POST; without a token."""
    _, session = s.signed_in()
    s.call("GET", "/reauthenticate", token=session.access_token)
    s.call("POST", "/reauthenticate", {}, token=session.access_token)
    s.call("GET", "/reauthenticate")
