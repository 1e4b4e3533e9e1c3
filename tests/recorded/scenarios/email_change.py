"""A new address for an account, with two confirmations and with one."""

from __future__ import annotations

from tests.recorded.scenarios.scene import CONFIRM, Scene, scenario
from tests.support.upstream.proofs import pkce

CONFIRMED = {"MAILER_AUTOCONFIRM": "false"}


def _proof() -> dict[str, str]:
    _, challenge = pkce()
    return {"code_challenge": challenge, "code_challenge_method": "s256"}


@scenario(**CONFIRMED)
def email_change(s: Scene) -> None:
    """Two confirmations, by the hashes of the mails; then the session that asked; a taken address; the same one; resend."""
    ada, session = s.signed_in()
    bob, new = s.person("bob"), s.address("new")
    s.call("PUT", "/user" + CONFIRM, {"email": new, **_proof()}, token=session.access_token)
    s.mail(ada.email)
    s.mail(new)
    s.note("both mails once more")
    s.call("POST", "/resend" + CONFIRM, {"type": "email_change", "email": ada.email, **_proof()})
    s.note("from the mail to the old address")
    old = s.mail(ada.email).token_hash
    s.call("POST", "/verify", {"type": "email_change", "token_hash": old})
    s.note("used")
    s.call("POST", "/verify", {"type": "email_change", "token_hash": old})
    s.note("from the mail to the new address")
    done = s.call("POST", "/verify", {"type": "email_change", "token_hash": s.mail(new).token_hash})
    s.note("the session that asked for it")
    s.call("GET", "/user", token=session.access_token)
    token = done.json["access_token"]
    s.note("an address that somebody has")
    s.call("PUT", "/user" + CONFIRM, {"email": bob.email, **_proof()}, token=token)
    s.note("the same address")
    s.call("PUT", "/user" + CONFIRM, {"email": new, **_proof()}, token=token)


@scenario(**CONFIRMED)
def email_change_code(s: Scene) -> None:
    """Two confirmations by six digits, the new address first; wrong ones; used ones."""
    ada, session = s.signed_in()
    new = s.address("new")
    s.call("PUT", "/user" + CONFIRM, {"email": new, **_proof()}, token=session.access_token)
    s.call("POST", "/verify", {"type": "email_change", "email": new, "token": "000000"})
    code = s.mail(new).code
    s.call("POST", "/verify", {"type": "email_change", "email": new, "token": code})
    s.note("used")
    s.call("POST", "/verify", {"type": "email_change", "email": new, "token": code})
    s.call("POST", "/verify", {"type": "email_change", "email": ada.email, "token": s.mail(ada.email).code})


@scenario(MAILER_SECURE_EMAIL_CHANGE_ENABLED="false", **CONFIRMED)
def email_change_single(s: Scene) -> None:
    """One confirmation, by the hash of the mail."""
    _, session = s.signed_in()
    new = s.address("new")
    s.call("PUT", "/user" + CONFIRM, {"email": new, **_proof()}, token=session.access_token)
    s.call("POST", "/verify", {"type": "email_change", "token_hash": s.mail(new).token_hash})


@scenario()
def email_change_unconfirmed(s: Scene) -> None:
    """Confirmations of sign-ups off: two mails all the same, of which one is enough; the other after it."""
    ada, session = s.signed_in()
    new = s.address("new")
    s.call("PUT", "/user" + CONFIRM, {"email": new, **_proof()}, token=session.access_token)
    s.note("from the mail to the new address")
    s.call("POST", "/verify", {"type": "email_change", "token_hash": s.mail(new).token_hash})
    s.note("from the mail to the old address")
    s.call("POST", "/verify", {"type": "email_change", "token_hash": s.mail(ada.email).token_hash})
