"""Sign-up, and what the admin API does to accounts."""

from __future__ import annotations

from tests.recorded.scenarios.scene import CONFIRM, Scene, scenario
from tests.support.upstream.base import PASSWORD
from tests.support.upstream.proofs import pkce
from tests.support.upstream.wire import Answer

NOBODY = "00000000-0000-4000-8000-000000000000"


def _admin(s: Scene, method: str, path: str, body: object = None) -> Answer:
    return s.call(method, path, body, key=s.upstream.keys.secret_key)


@scenario()
def sign_up(s: Scene) -> None:
    """Confirmations off: a session at once; a taken address; a short password; no address."""
    email = s.address("ada")
    s.call("POST", "/signup", {"email": email, "password": PASSWORD, "data": {"display_name": "Ada"}})
    s.note("taken")
    s.call("POST", "/signup", {"email": email, "password": PASSWORD})
    s.call("POST", "/signup", {"email": s.address("bob"), "password": "a-1"})
    s.call("POST", "/signup", {"email": "not-an-address", "password": PASSWORD})


@scenario(MAILER_AUTOCONFIRM="false")
def sign_up_confirm(s: Scene) -> None:
    """Confirmations on, with a code challenge: no session; sign-in before it; the same address again; a confirmed one."""
    ada = s.person()
    _, challenge = pkce()
    proof = {"password": PASSWORD, "code_challenge": challenge, "code_challenge_method": "s256"}
    email = s.address("bob")
    s.call("POST", "/signup" + CONFIRM, {"email": email, "data": {"display_name": "Bob"}, **proof})
    s.note("not confirmed yet")
    s.call("POST", "/token?grant_type=password", {"email": email, "password": PASSWORD})
    s.call("POST", "/signup" + CONFIRM, {"email": email, **proof})
    s.note("a confirmed address: a made-up user")
    s.call("POST", "/signup" + CONFIRM, {"email": ada.email, **proof})


@scenario(MAILER_AUTOCONFIRM="false")
def admin_users(s: Scene) -> None:
    """The admin API: make a user, ban them, lift the ban; links of every kind, and who cannot have one."""
    email = s.address("ada")
    made = _admin(s, "POST", "/admin/users", {"email": email, "password": PASSWORD, "email_confirm": True})
    _admin(s, "POST", "/admin/users", {"email": email, "password": PASSWORD, "email_confirm": True})
    _admin(s, "GET", f"/admin/users/{made.json['id']}")
    _admin(s, "PUT", f"/admin/users/{made.json['id']}", {"ban_duration": "24h"})
    _admin(s, "PUT", f"/admin/users/{made.json['id']}", {"ban_duration": "none"})
    link = "/admin/generate_link"
    _admin(s, "POST", link, {"type": "signup", "email": s.address("bob"), "password": PASSWORD})
    _admin(s, "POST", link, {"type": "invite", "email": s.address("iva")})
    for kind in ("magiclink", "recovery"):
        _admin(s, "POST", link, {"type": kind, "email": email})
    for kind in ("email_change_current", "email_change_new"):
        _admin(s, "POST", link, {"type": kind, "email": email, "new_email": s.address(kind)})
    s.note("nobody")
    _admin(s, "POST", link, {"type": "recovery", "email": s.address("nobody")})
    s.note("with the publishable key")
    s.call("POST", link, {"type": "recovery", "email": email})


@scenario()
def user_banned(s: Scene) -> None:
    """Banned by the admin API: sign-in with the right and a wrong password, refresh, user, recover, otp, a link."""
    ada, session = s.signed_in()
    link = s.link("recovery", ada.email)
    s.upstream.admin("PUT", f"/admin/users/{ada.id}", {"ban_duration": "24h"})
    s.call("POST", "/token?grant_type=password", {"email": ada.email, "password": PASSWORD})
    s.note("wrong password")
    s.call("POST", "/token?grant_type=password", {"email": ada.email, "password": "wrong"})
    s.refresh(session.refresh_token)
    s.call("GET", "/user", token=session.access_token)
    s.call("POST", "/verify", {"type": "recovery", "token_hash": link.token_hash})
    s.call("POST", "/recover", {"email": ada.email})
    s.call("POST", "/otp", {"email": ada.email, "create_user": False})


@scenario()
def user_deleted(s: Scene) -> None:
    """Deleted by the admin API, hard: user, refresh, logout, sign-in; again; without the secret key."""
    ada, session = s.signed_in()
    _admin(s, "DELETE", f"/admin/users/{ada.id}", {"should_soft_delete": False})
    s.call("GET", "/user", token=session.access_token)
    s.refresh(session.refresh_token)
    s.call("POST", "/logout?scope=local", token=session.access_token)
    s.call("POST", "/token?grant_type=password", {"email": ada.email, "password": PASSWORD})
    _admin(s, "DELETE", f"/admin/users/{ada.id}", {"should_soft_delete": False})
    s.note("an id that nobody has")
    _admin(s, "DELETE", f"/admin/users/{NOBODY}")
    bob, session = s.signed_in("bob")
    s.note("as a user")
    s.call("DELETE", f"/admin/users/{bob.id}", token=session.access_token)


@scenario()
def user_deleted_soft(s: Scene) -> None:
    """Deleted by the admin API, soft: user, refresh, sign-in, a new account with the address, and once more."""
    ada, session = s.signed_in()
    _admin(s, "DELETE", f"/admin/users/{ada.id}", {"should_soft_delete": True})
    s.call("GET", "/user", token=session.access_token)
    s.refresh(session.refresh_token)
    s.call("POST", "/token?grant_type=password", {"email": ada.email, "password": PASSWORD})
    s.call("POST", "/signup", {"email": ada.email, "password": PASSWORD})
    _admin(s, "DELETE", f"/admin/users/{ada.id}", {"should_soft_delete": True})


@scenario()
def user_in_use(s: Scene) -> None:
    """Another table refers to the user, without a cascade: the database refuses to delete them."""
    ada, session = s.signed_in()
    s.upstream.refer_to(ada.id)
    _admin(s, "DELETE", f"/admin/users/{ada.id}", {"should_soft_delete": False})
    s.call("GET", "/user", token=session.access_token)
