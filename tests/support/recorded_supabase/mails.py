"""What is sent by mail, and what verifies it."""

from __future__ import annotations

import html
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support.recorded_supabase.accounts import check_password, make, require_address
from tests.support.recorded_supabase.project import RecordedProject, new_hash
from tests.support.recorded_supabase.recordings import NotRecordedError, Refused
from tests.support.recorded_supabase.requests import Reply, Request, answers
from tests.support.recorded_supabase.sessions import opened
from tests.support.recorded_supabase.state import Flow, MailProof, User

DAY = 86_400
# Which columns a claimed type is looked up in: a hash of recovery is taken for a magic link and the other way round.
_SLOTS = {
    "signup": ("confirmation",),
    "invite": ("confirmation",),
    "magiclink": ("recovery",),
    "recovery": ("recovery",),
    "email": ("confirmation", "recovery"),
    "email_change": ("email_change", "email_change_current"),
}
FIRST_HALF = "Confirmation link accepted. Please proceed to confirm link sent to the other email"
_SENT = {"recovery": "recovery_sent_at", "confirmation": "confirmation_sent_at"}


@answers("POST /auth/v1/recover")
def recover(request: Request) -> Reply:
    return _ask(request, "recovery")


@answers("POST /auth/v1/otp")
def otp(request: Request) -> Reply:
    return _ask(request, "magiclink")


def _ask(request: Request, kind: str) -> Reply:
    request.count("RATE_LIMIT_OTP")
    request.require_captcha()
    project, body = request.project, request.body
    if not project.on("EXTERNAL_EMAIL_ENABLED"):
        raise Refused("email_provider_disabled")
    email = require_address(body["email"])
    user = project.by_email(email)
    if user is None and kind == "magiclink":
        if not body.get("create_user", True):
            raise Refused("otp_disabled")
        if project.on("DISABLE_SIGNUP"):
            raise Refused("signup_disabled")
        user = make(project, email, None)
        kind = "signup"
    if user is not None:
        if kind == "magiclink" and user.confirmed_at is None:
            kind = "signup"
        project.send(user, kind, email, challenge=body.get("code_challenge", ""), redirect_to=request.redirect_to)
    return Reply({})


@answers("POST /auth/v1/resend")
def resend(request: Request) -> Reply:
    request.require_captcha()
    project, body = request.project, request.body
    if body["type"] not in {"signup", "email_change"}:
        raise Refused("validation_failed", "Missing one of these types")
    user = project.by_email(body["email"])
    challenge = body.get("code_challenge", "")
    if user is not None and body["type"] == "signup" and user.confirmed_at is None:
        project.send(user, "signup", user.email, challenge=challenge, redirect_to=request.redirect_to)
    if user is not None and body["type"] == "email_change" and user.new_email:
        project.send(user, "email_change", user.new_email, challenge=challenge, redirect_to=request.redirect_to)
        if project.on("MAILER_SECURE_EMAIL_CHANGE_ENABLED"):
            user.times.pop("email_change_sent_at")
            project.send(user, "email_change_current", user.email, challenge=challenge, redirect_to=request.redirect_to)
    return Reply({})


@answers("GET /auth/v1/reauthenticate")
def reauthenticate(request: Request) -> Reply:
    user, _ = request.caller()
    request.project.send(user, "reauthentication", user.email)
    return Reply({})


@answers("POST /auth/v1/reauthenticate")
def reauthenticate_by_post(_: Request) -> Reply:
    return Reply("", 405)


@answers("POST /auth/v1/admin/generate_link")
def generate_link(request: Request) -> Reply:
    request.require_owner()
    project, body = request.project, request.body
    kind, email = body["type"], require_address(body["email"])
    user = project.by_email(email)
    if user is None and kind in {"signup", "invite"}:
        if kind == "signup":
            check_password(project, body["password"])
        user = make(project, email, body.get("password"))
    if user is None:
        raise Refused("user_not_found", "with this email")
    # Nothing is mailed by it, and no limit is met.
    slot = "email_change" if kind == "email_change_new" else kind
    proof = project.send(user, slot, email, quiet=True)
    if kind == "invite":
        user.times["invited_at"] = project.now()
    if kind.startswith("email_change"):
        user.new_email, user.halfway = body["new_email"], False
        proof.email = user.new_email if kind == "email_change_new" else user.email
    site = project.settings["SITE_URL"]
    # The link to the new address has another hash than the answer says.
    linked = new_hash() if kind == "email_change_new" else proof.token_hash
    claimed = "email_change" if kind.startswith("email_change") else kind
    link = urlencode({"token": linked, "type": claimed, "redirect_to": site}, safe=":/")
    more = {
        "action_link": f"{project.url}/auth/v1/verify?{link}",
        "email_otp": proof.code,
        "hashed_token": proof.token_hash,
        "verification_type": kind,
        "redirect_to": site,
    }
    return Reply({**user.body(), **more})


@answers("POST /auth/v1/verify")
def verify(request: Request) -> Reply:
    request.count("RATE_LIMIT_VERIFY")
    body = request.body
    kind = body.get("type", "")
    if "token_hash" in body and "email" in body:
        raise Refused("validation_failed", "Only the token_hash and type")
    if "token_hash" not in body and "token" not in body:
        raise Refused("validation_failed", "Verify requires")
    if kind not in _SLOTS:
        raise Refused("validation_failed", "Invalid email verification type")
    found = _find(request.project, kind, body)
    if found is None:
        raise Refused("otp_expired", "Email link" if "token_hash" in body else "Token has expired")
    user, slot = found
    if user.banned(request.project.now()):
        raise Refused("user_banned")
    return _accept(request, user, slot)


def _find(project: RecordedProject, kind: str, body: dict[str, str]) -> tuple[User, str] | None:
    for user in project.users.values():
        for slot in _SLOTS[kind]:
            proof = user.proofs.get(slot)
            if proof is None or not _matches(project, user, slot, proof):
                continue
            by_hash = "token_hash" in body and proof.token_hash == body["token_hash"]
            by_code = "token_hash" not in body and proof.code == body["token"] and proof.email == body["email"].lower()
            if (by_hash and (kind != "recovery" or proof.kind != "invite")) or by_code:
                return user, slot
    return None


def _matches(project: RecordedProject, user: User, slot: str, proof: MailProof) -> bool:
    sent = user.times.get(_SENT.get(slot, "email_change_sent_at"), proof.sent_at)
    return project.now() - sent <= DAY


def _accept(request: Request, user: User, slot: str) -> Reply:
    project = request.project
    proof = user.proofs.pop(slot)
    if proof.kind == "invite":
        user.times.pop("confirmation_sent_at")
    if slot.startswith("email_change"):
        if _is_first_half(project, user):
            user.halfway = True
            if "token_hash" not in request.body:  # six digits are not used up by the first of two confirmations
                user.proofs[slot] = proof
            return Reply({"code": "200", "msg": FIRST_HALF})
        _finish_change(user)
    else:
        _confirm(project, user)
    return opened(request, user, *project.open(user, "otp", user_agent=request.agent, address=request.address))


@answers("HEAD /auth/v1/verify")
def head_link(_: Request) -> Reply:
    return Reply("", 405)


@answers("GET /auth/v1/verify")
def follow_link(request: Request) -> Reply:
    """Supabase's own link. One without a challenge would end at a URL with both tokens: nobody was recorded to follow it."""
    project, query = request.project, request.query
    found = _find(project, query["type"], {"token_hash": query["token"]})
    if found is None:
        refused = {
            "error": "access_denied",
            "error_code": "otp_expired",
            "error_description": "Email link is invalid or has expired",
        }
        return redirect(request.redirect_to, refused, 303)
    user, slot = found
    flow = _flow_of(project, user, query["type"])
    if flow is None or not query["token"].startswith("pkce_"):
        raise NotRecordedError("a mail's own link without a code challenge")
    if slot.startswith("email_change"):
        if _is_first_half(project, user):
            user.proofs.pop(slot)
            user.halfway = True
            return redirect(request.redirect_to, {"message": FIRST_HALF}, 303)
        _finish_change(user)
    else:
        user.proofs.pop(slot)
        _confirm(project, user)
    flow.issued_at = project.now()
    return redirect(request.redirect_to, {"code": flow.code}, 303)


def _confirm(project: RecordedProject, user: User) -> None:
    if user.confirmed_at is None:
        user.confirmed_at = project.now()
        user.metadata["email_verified"] = True
        user.identities[0].data["email_verified"] = True
    else:
        user.metadata.setdefault("email_verified", True)


def _is_first_half(project: RecordedProject, user: User) -> bool:
    """Whether another mailbox has to confirm the change of address too."""
    both = project.on("MAILER_SECURE_EMAIL_CHANGE_ENABLED") and not project.on("MAILER_AUTOCONFIRM")
    return both and not user.halfway


def _finish_change(user: User) -> None:
    user.email, user.new_email, user.halfway = user.new_email, "", False
    user.identities[0].data |= {"email": user.email, "email_verified": True}
    user.proofs.pop("email_change", None)
    user.proofs.pop("email_change_current", None)


def _flow_of(project: RecordedProject, user: User, kind: str) -> Flow | None:
    flows = [flow for flow in project.flows if flow.user_id == user.id and flow.issued_at is None]
    return next((flow for flow in reversed(flows) if flow.method in (kind, f"email/{kind}")), None)


def redirect(target: str, query: dict[str, str], status: int) -> Reply:
    """A redirect as Supabase makes it: its own parameters sorted among those of the target, errors in the fragment too."""
    parts = urlsplit(target)
    merged = urlencode(sorted({**dict(parse_qsl(parts.query)), **query}.items()))
    location = parts._replace(query=merged).geturl()
    if "code" not in query:
        location += f"#{urlencode(query)}&sb="
    words = "See Other" if status == 303 else "Found"
    body = f'<a href="{html.escape(location, quote=False)}">{words}</a>.\n\n'
    return Reply(body, status, {"location": location})
