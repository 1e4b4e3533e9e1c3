"""Sign-in, the user, sign-out, and what ends a session."""

from __future__ import annotations

from tests.recorded.scenarios.scene import Scene, scenario
from tests.support.upstream.base import PASSWORD
from tests.support.upstream.proofs import claims


@scenario()
def sign_in(s: Scene) -> None:
    """Sign-in by password: right, wrong, unknown address, no grant type, in the form of errors without an API version."""
    ada = s.person()
    path = "/token?grant_type=password"
    s.call("POST", path, {"email": ada.email, "password": PASSWORD})
    s.note("wrong password")
    s.call("POST", path, {"email": ada.email, "password": "wrong"})
    s.note("unknown address")
    s.call("POST", path, {"email": s.address("nobody"), "password": PASSWORD})
    s.note("no grant type")
    s.call("POST", "/token", {"email": ada.email, "password": PASSWORD})
    s.note("without X-Supabase-Api-Version")
    s.call("POST", path, {"email": ada.email, "password": "wrong"}, headers={"X-Supabase-Api-Version": ""})


@scenario()
def user(s: Scene) -> None:
    """GET /user: good; without a bearer; with what is no token; with another signature."""
    _, session = s.signed_in()
    s.call("GET", "/user", token=session.access_token)
    s.note("no bearer: the gateway puts the token of anon")
    s.call("GET", "/user")
    s.call("GET", "/user", token="abc.def.ghi")
    s.note("another signature")
    forged = session.access_token[:-8] + "AAAAAAAA"
    s.call("GET", "/user", token=s.names.literal(forged, "forged access-token"))


@scenario()
def log_out(s: Scene) -> None:
    """POST /logout: local, others, global, an unknown scope; then what the dead sessions get."""
    ada, one = s.signed_in()
    two, three = s.session(ada), s.session(ada)
    s.call("POST", "/logout?scope=local", token=one.access_token)
    s.note("the session is over")
    s.call("GET", "/user", token=one.access_token)
    s.call("POST", "/logout?scope=local", token=one.access_token)
    s.refresh(one.refresh_token)
    s.call("POST", "/logout?scope=others", token=two.access_token)
    s.note("the other session")
    s.call("GET", "/user", token=three.access_token)
    s.refresh(three.refresh_token)
    s.note("a scope that nobody knows")
    s.call("POST", "/logout?scope=all", token=two.access_token)
    s.call("POST", "/logout?scope=global", token=two.access_token)
    s.call("GET", "/user", token=two.access_token)


@scenario(JWT_EXP="2")
def access_token_expired(s: Scene) -> None:
    """Access tokens live 2 s: user and logout with an expired one."""
    _, session = s.signed_in()
    s.upstream.pass_time(3.5)
    s.call("GET", "/user", token=session.access_token)
    s.call("POST", "/logout?scope=local", token=session.access_token)


@scenario(SESSIONS_TIMEBOX="1s")
def session_expired(s: Scene) -> None:
    """Sessions live 1 s: refresh and user after it."""
    _, session = s.signed_in()
    s.upstream.pass_time(1.5)
    s.refresh(session.refresh_token)
    s.call("GET", "/user", token=session.access_token)


@scenario()
def session_row_deleted(s: Scene) -> None:
    """A session is ended as by the function end_session: its row in auth.sessions is deleted."""
    _, session = s.signed_in()
    s.upstream.end_session(claims(session.access_token)["session_id"])
    s.call("GET", "/user", token=session.access_token)
    s.refresh(session.refresh_token)
