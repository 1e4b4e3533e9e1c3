"""What is sent by mail, and POST /verify of what the mails hold."""

from __future__ import annotations

from tests.recorded.scenarios.scene import CONFIRM, Scene, query_of, scenario
from tests.support.upstream.base import PASSWORD, LinkKind, Proof
from tests.support.upstream.proofs import pkce

CONFIRMED = {"MAILER_AUTOCONFIRM": "false"}
DAY = 25 * 3_600


def _link(s: Scene, kind: LinkKind, name: str) -> tuple[str, Proof]:
    """A link of a kind, to somebody new where that is its sense: address and proof."""
    match kind:
        case "signup":
            email = s.address(name)
            return email, s.link(kind, email, password=PASSWORD)
        case "invite":
            email = s.address(name)
            return email, s.link(kind, email)
        case _:
            email = s.person(name).email
            return email, s.link(kind, email)


@scenario(**CONFIRMED)
def verify(s: Scene) -> None:
    """POST /verify by hash, each kind: good, used; then what nobody made."""
    kinds: tuple[LinkKind, ...] = ("signup", "invite", "magiclink", "recovery")
    for kind in kinds:
        _, proof = _link(s, kind, kind)
        s.note(kind)
        s.call("POST", "/verify", {"type": kind, "token_hash": proof.token_hash})
        s.note("used")
        s.call("POST", "/verify", {"type": kind, "token_hash": proof.token_hash})
    s.note("made up")
    s.call("POST", "/verify", {"type": "recovery", "token_hash": "pkce_" + "0" * 56})
    for kind in kinds[::2]:
        _, proof = _link(s, kind, f"{kind}-by-email")
        s.note(f"{kind} as email")
        s.call("POST", "/verify", {"type": "email", "token_hash": proof.token_hash})


@scenario(**CONFIRMED)
def verify_code(s: Scene) -> None:
    """POST /verify by six digits: another's address, wrong ones, good ones; and requests that make no sense."""
    ada = s.person()
    for kind, claimed in (("signup", "signup"), ("signup", "email"), ("magiclink", "email"), ("recovery", "recovery")):
        email, proof = _link(s, kind, f"{kind}-{claimed}")  # type: ignore[arg-type]  # one of its literals
        s.note("wrong digits")
        s.call("POST", "/verify", {"type": claimed, "email": email, "token": "000000"})
        s.note("another's address")
        s.call("POST", "/verify", {"type": claimed, "email": ada.email, "token": proof.code})
        s.note(f"{kind} as {claimed}")
        s.call("POST", "/verify", {"type": claimed, "email": email, "token": proof.code})
    s.note("an unknown address")
    s.call("POST", "/verify", {"type": "email", "email": s.address("nobody"), "token": "000000"})
    s.call("POST", "/verify", {"type": "what", "token_hash": "0" * 56})
    s.call("POST", "/verify", {"type": "recovery", "email": ada.email, "token_hash": "0" * 56})
    s.call("POST", "/verify", {"type": "recovery"})


@scenario(**CONFIRMED)
def verify_other_kind(s: Scene) -> None:
    """A hash of one kind sent as another."""
    pairs: tuple[tuple[LinkKind, str], ...] = (
        ("signup", "recovery"),
        ("signup", "magiclink"),
        ("recovery", "signup"),
        ("recovery", "magiclink"),
        ("recovery", "email"),
        ("magiclink", "recovery"),
        ("magiclink", "signup"),
        ("invite", "signup"),
        ("invite", "recovery"),
        ("invite", "email"),
    )
    for kind, claimed in pairs:
        _, proof = _link(s, kind, f"{kind}-{claimed}")
        s.note(f"{kind} as {claimed}")
        s.call("POST", "/verify", {"type": claimed, "token_hash": proof.token_hash})


@scenario(**CONFIRMED)
def verify_late(s: Scene) -> None:
    """A recovery hash of the day before."""
    email, proof = _link(s, "recovery", "ada")
    s.age("recovery", email, DAY)
    s.call("POST", "/verify", {"type": "recovery", "token_hash": proof.token_hash})


@scenario(**CONFIRMED)
def mail_requests(s: Scene) -> None:
    """recover, otp, magiclink and resend, for known and unknown addresses, with a code challenge."""
    ada = s.person()
    _, challenge = pkce()
    proof = {"code_challenge": challenge, "code_challenge_method": "s256"}
    s.call("POST", "/recover" + CONFIRM, {"email": ada.email, **proof})
    s.call("POST", "/recover" + CONFIRM, {"email": s.address("nobody"), **proof})
    s.call("POST", "/recover", {"email": "x"})
    s.call("POST", "/otp" + CONFIRM, {"email": ada.email, "create_user": False, **proof})
    s.call("POST", "/otp" + CONFIRM, {"email": s.address("nobody-2"), "create_user": False, **proof})
    s.call("POST", "/otp" + CONFIRM, {"email": s.address("new"), "create_user": True, **proof})
    bob = s.address("bob")
    s.upstream.wire.call("POST", "/signup", {"email": bob, "password": PASSWORD})
    s.call("POST", "/resend" + CONFIRM, {"type": "signup", "email": bob, **proof})
    s.call("POST", "/resend" + CONFIRM, {"type": "signup", "email": s.address("nobody-3"), **proof})
    s.note("confirmed already")
    s.call("POST", "/resend" + CONFIRM, {"type": "signup", "email": ada.email, **proof})
    s.call("POST", "/resend", {"type": "recovery", "email": ada.email})


@scenario(**CONFIRMED)
def mail_links(s: Scene) -> None:
    """GET of Supabase's own link, with a code challenge: ?code=, HEAD, used; the exchange; a recovery's five minutes late."""
    for kind, path in (("magiclink", "/otp"), ("recovery", "/recover")):
        ada = s.person(kind)
        verifier, challenge = pkce()
        started = {"email": ada.email, "code_challenge": challenge, "code_challenge_method": "s256"}
        s.upstream.wire.call("POST", path + CONFIRM, started)
        mailed = s.mail(ada.email).token_hash
        link = f"/verify?token={mailed}&type={kind}&{CONFIRM[1:]}"
        if kind == "magiclink":
            s.call("HEAD", link, key="")
        else:
            s.age("flow", ada.email, 301)
        code = query_of(s.call("GET", link, key="").location)["code"]
        s.note("used")
        s.call("GET", link, key="")
        exchange = {"auth_code": code, "code_verifier": verifier}
        s.call("POST", "/token?grant_type=pkce", {**exchange, "code_verifier": "wrong" * 10})
        s.call("POST", "/token?grant_type=pkce", exchange)
        s.note("again")
        s.call("POST", "/token?grant_type=pkce", exchange)


@scenario(**CONFIRMED)
def mail_links_change(s: Scene) -> None:
    """GET of Supabase's own links of a sign-up, and of both mails of a change of address, with a code challenge; exchanged."""
    verifier, challenge = pkce()
    proof = {"code_challenge": challenge, "code_challenge_method": "s256"}
    bob = s.address("bob")
    s.call("POST", "/signup" + CONFIRM, {"email": bob, "password": PASSWORD, **proof})
    back = s.call("GET", f"/verify?token={s.mail(bob).token_hash}&type=signup&{CONFIRM[1:]}", key="")
    s.call("POST", "/token?grant_type=pkce", {"auth_code": query_of(back.location)["code"], "code_verifier": verifier})
    ada, session = s.signed_in()
    new = s.address("new")
    s.call("PUT", "/user" + CONFIRM, {"email": new, **proof}, token=session.access_token)
    s.note("from the mail to the new address")
    s.call("GET", f"/verify?token={s.mail(new).token_hash}&type=email_change&{CONFIRM[1:]}", key="")
    s.note("from the mail to the old address")
    back = s.call("GET", f"/verify?token={s.mail(ada.email).token_hash}&type=email_change&{CONFIRM[1:]}", key="")
    s.call("POST", "/token?grant_type=pkce", {"auth_code": query_of(back.location)["code"], "code_verifier": verifier})


@scenario(SMTP_MAX_FREQUENCY="60s", **CONFIRMED)
def mail_limit(s: Scene) -> None:
    """One mail a minute for each address: recover, otp, sign-up, resend, reauthenticate; never for an unknown one."""
    ada = s.person()
    s.call("POST", "/recover", {"email": ada.email})
    s.call("POST", "/recover", {"email": ada.email})
    nobody = s.address("nobody")
    s.call("POST", "/recover", {"email": nobody})
    s.call("POST", "/recover", {"email": nobody})
    s.call("POST", "/otp", {"email": ada.email, "create_user": False})
    bob = s.address("bob")
    s.call("POST", "/signup", {"email": bob, "password": PASSWORD})
    s.call("POST", "/signup", {"email": bob, "password": PASSWORD})
    s.call("POST", "/resend", {"type": "signup", "email": bob})
    token = s.session(ada).access_token
    s.call("GET", "/reauthenticate", token=token)
    s.call("GET", "/reauthenticate", token=token)
    carol = s.person("carol")
    token = s.session(carol).access_token
    s.call("PUT", "/user", {"email": s.address("next")}, token=token)
    s.call("PUT", "/user", {"email": s.address("after-next")}, token=token)
