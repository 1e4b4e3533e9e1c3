"""The data API: the profile, and the functions for sessions."""

from __future__ import annotations

from typing import Any

from tests.recorded.scenarios.scene import Scene, scenario
from tests.support.upstream.base import PASSWORD, Unavailable
from tests.support.upstream.proofs import claims
from tests.support.upstream.wire import Answer

NOT_FOUND = 404
NOBODY = "00000000-0000-4000-8000-000000000000"
CHANGED = {"Prefer": "return=representation"}


def _data(s: Scene, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    return s.call(method, path, body, prefix="/rest/v1", **more)


@scenario()
def profile(s: Scene) -> None:
    """user_profile: one's own, another's, nobody's; a change, one against the rules, one of another's; with the secret key."""
    email = s.address("ada")
    made = {"email": email, "password": PASSWORD, "data": {"display_name": "Ada"}}
    ada = s.upstream.wire.call("POST", "/signup", made).json
    bob, token = s.person("bob"), ada["access_token"]
    mine = f"/user_profile?select=id%2Cdisplay_name&id=eq.{ada['user']['id']}"
    _data(s, "GET", mine, token=token)
    s.note("another's")
    _data(s, "GET", f"/user_profile?select=id%2Cdisplay_name&id=eq.{bob.id}", token=token)
    s.note("without a bearer")
    _data(s, "GET", mine)
    s.note("a token that is none")
    _data(s, "GET", mine, token="abc.def.ghi")
    row = f"/user_profile?id=eq.{ada['user']['id']}"
    _data(s, "PATCH", row, {"display_name": "Grace"}, token=token, headers=CHANGED)
    s.note("101 characters")
    _data(s, "PATCH", row, {"display_name": "x" * 101}, token=token, headers=CHANGED)
    s.note("another's")
    theirs = f"/user_profile?id=eq.{bob.id}"
    _data(s, "PATCH", theirs, {"display_name": "Mallory"}, token=token, headers=CHANGED)
    _data(s, "GET", f"/user_profile?select=id%2Cdisplay_name&id=eq.{NOBODY}", key=s.upstream.keys.secret_key)


@scenario()
def profile_deleted(s: Scene) -> None:
    """Deleted with the secret key; read; deleted again."""
    ada = s.person()
    for _ in range(2):
        _data(s, "DELETE", f"/user_profile?id=eq.{ada.id}", key=s.upstream.keys.secret_key, headers=CHANGED)
        _data(s, "GET", f"/user_profile?select=id&id=eq.{ada.id}", key=s.upstream.keys.secret_key)


@scenario()
def session_functions(s: Scene) -> None:
    """rpc/list_own_sessions and rpc/end_own_session: one's own, another's, once more; with a factor at aal1; no bearer."""
    ada, one = s.signed_in()
    _, eve = s.signed_in("eve")
    two = s.session(ada)
    listing, ending = "/rpc/list_own_sessions", "/rpc/end_own_session"
    if s.upstream.wire.call("POST", listing, {}, token=one.access_token, prefix="/rest/v1").status == NOT_FOUND:
        raise Unavailable("the migration with list_own_sessions is not applied")
    _data(s, "POST", listing, {}, token=one.access_token)
    _data(s, "POST", listing, {})
    other = {"session_id": claims(two.access_token)["session_id"]}
    s.note("another's")
    _data(s, "POST", ending, other, token=eve.access_token)
    _data(s, "POST", ending, other, token=one.access_token)
    s.note("again")
    _data(s, "POST", ending, other, token=one.access_token)
    s.note("by a token of a session that is over")
    _data(s, "POST", listing, {}, token=two.access_token)
    _data(s, "POST", ending, {"session_id": claims(one.access_token)["session_id"]}, token=two.access_token)
    _, low, factor = s.with_factor("bob")
    s.note("a user with a factor, at aal1")
    _data(s, "POST", ending, {"session_id": claims(factor.session.access_token)["session_id"]}, token=low.access_token)
    s.note("their own")
    _data(s, "POST", ending, {"session_id": claims(low.access_token)["session_id"]}, token=low.access_token)
    _data(s, "POST", "/rpc/latchkey_migration", {}, key=s.upstream.keys.secret_key)
