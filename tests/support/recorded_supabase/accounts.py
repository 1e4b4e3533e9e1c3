"""Sign-up, the account's own changes, and the admin API."""

from __future__ import annotations

from typing import Any

from tests.support.recorded_supabase.project import RecordedProject
from tests.support.recorded_supabase.recordings import NotRecordedError, Refused
from tests.support.recorded_supabase.requests import Reply, Request, answers
from tests.support.recorded_supabase.sessions import opened
from tests.support.recorded_supabase.state import Identity, Session, User, new_id, stamp

DAY = 86_400
LONGEST = 72  # bytes, bcrypt's
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def check_password(project: RecordedProject, password: str) -> None:
    """Raises Refused as the project's rules say, with the recorded words."""
    if len(password.encode()) > LONGEST:
        raise Refused("validation_failed", "longer than 72")
    least = project.settings["PASSWORD_MIN_LENGTH"]
    short = len(password) < int(least)
    sets = project.settings["PASSWORD_REQUIRED_CHARACTERS"]
    missing = bool(sets) and not all(set(each) & set(password) for each in sets.split(":"))
    if short or missing:
        like = " ".join(
            [f"at least {least} characters." if short else "", "Password should contain" if missing else ""]
        ).strip()
        raise Refused("weak_password", like)


def make(project: RecordedProject, email: str, password: str | None, *, verified: bool = False, data: Any = None) -> User:
    """A user with an e-mail identity, and, as the database's trigger makes it, a profile."""
    email = email.lower()
    user = User(email, password, project.now())
    identity = {"email": email, "email_verified": verified, "phone_verified": False, "sub": user.id}
    user.identities.append(Identity("email", user.id, {**(data or {}), **identity}, project.now()))
    user.display_name = (data or {}).get("display_name") or None
    project.users[user.id] = user
    return user


def require_address(email: object) -> str:
    """Raises Refused for what is no address."""
    if not isinstance(email, str) or "@" not in email:
        raise Refused("validation_failed", "invalid format")
    return email.lower()


@answers("POST /auth/v1/signup")
def sign_up(request: Request) -> Reply:
    request.require_captcha()
    project, body = request.project, request.body
    if project.on("DISABLE_SIGNUP"):
        raise Refused("signup_disabled")
    if not project.on("EXTERNAL_EMAIL_ENABLED"):
        raise Refused("email_provider_disabled")
    if "email" not in body:
        raise NotRecordedError("anonymous sign-up")
    check_password(project, body["password"])
    email, data = require_address(body["email"]), body.get("data") or {}
    user, confirms = project.by_email(email), project.on("MAILER_AUTOCONFIRM")
    if user is not None and user.confirmed_at is not None:
        if confirms:
            raise Refused("user_already_exists")
        return Reply(_made_up(project, user))
    if user is None:
        user = make(project, email, body["password"], verified=confirms, data=data)
        user.metadata = {**data, "email": email, "email_verified": confirms, "phone_verified": False, "sub": user.id}
    if not confirms:
        project.send(user, "signup", email, challenge=body.get("code_challenge", ""), redirect_to=request.redirect_to)
        return Reply(user.body())
    user.confirmed_at = project.now()
    return opened(request, user, *project.open(user, "password", user_agent=request.agent, address=request.address), fresh=True)


def _made_up(project: RecordedProject, user: User) -> dict[str, Any]:
    now = stamp(project.now())
    nobody = User(user.email, None, project.now()).body()
    times = {"confirmation_sent_at": now, "created_at": now, "updated_at": now}
    return {**nobody, **times, "id": new_id(), "role": "", "identities": [], "user_metadata": {}}


@answers("PUT /auth/v1/user")
def change(request: Request) -> Reply:
    user, session = request.caller()
    project, body = request.project, request.body
    changes = "password" in body or "email" in body
    if changes and user.verified_factors and session.aal != "aal2":
        raise Refused("insufficient_aal")
    if "password" in body:
        _set_password(request, user, session)
    if "data" in body:
        user.metadata.update(body["data"])
    email = require_address(body["email"]) if "email" in body else user.email
    if email != user.email:
        if project.by_email(email) is not None:
            raise Refused("email_exists")
        _start_email_change(request, user, email)
    return Reply(user.body())


def _set_password(request: Request, user: User, session: Session) -> None:
    project, body = request.project, request.body
    password, by_password = body["password"], "password" in session.amr
    check_password(project, password)
    if project.on("SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD") and by_password:
        if not body.get("current_password"):
            raise Refused("current_password_required")
        if body["current_password"] != user.password:
            raise Refused("current_password_invalid")
    old = project.now() - session.created_at > DAY
    if project.on("SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION") and old:
        proof = user.proofs.get("reauthentication")
        if not body.get("nonce"):
            raise Refused("reauthentication_needed")
        if proof is None or proof.code != body["nonce"]:
            raise Refused("reauthentication_not_valid")
    if password == user.password:
        raise Refused("same_password")
    user.password = password
    if user.proofs.pop("reauthentication", None):
        user.times.pop("reauthentication_sent_at", None)
    user.proofs.pop("recovery", None)
    user.times.pop("recovery_sent_at", None)
    project.end_sessions(user.id, but=session.id)


def _start_email_change(request: Request, user: User, email: str) -> None:
    project, challenge = request.project, request.body.get("code_challenge", "")
    user.halfway = False
    before = user.times.get("email_change_sent_at")
    project.send(user, "email_change", email, challenge=challenge, redirect_to=request.redirect_to)
    user.new_email = email
    if project.on("MAILER_SECURE_EMAIL_CHANGE_ENABLED"):
        sent = user.times.pop("email_change_sent_at")
        project.send(user, "email_change_current", user.email, challenge=challenge, redirect_to=request.redirect_to)
        user.times["email_change_sent_at"] = sent if before is None else user.times["email_change_sent_at"]


@answers("POST /auth/v1/admin/users")
def make_user(request: Request) -> Reply:
    request.require_owner()
    project, body = request.project, request.body
    if not body.get("email_confirm") or set(body) - {"email", "password", "email_confirm"}:
        raise NotRecordedError(f"POST /admin/users with {sorted(body)}")
    if project.by_email(body["email"]) is not None:
        raise Refused("email_exists")
    user = make(project, body["email"], body["password"])
    user.confirmed_at, user.metadata = project.now(), {"email_verified": True}
    return Reply(user.body(fresh=True))


def _asked_for(request: Request) -> User:
    request.require_owner()
    user = request.project.users.get(request.path[-1])
    if user is None:
        raise Refused("user_not_found", "User not found")
    return user


@answers("GET /auth/v1/admin/users/{id}")
def show_user(request: Request) -> Reply:
    return Reply(_asked_for(request).body())


@answers("PUT /auth/v1/admin/users/{id}")
def ban_user(request: Request) -> Reply:
    user = _asked_for(request)
    if set(request.body) != {"ban_duration"}:
        raise NotRecordedError(f"PUT /admin/users with {sorted(request.body)}")
    duration = request.body["ban_duration"]
    user.times.pop("banned_until", None)
    if duration != "none":
        user.times["banned_until"] = request.project.now() + 3_600 * float(duration.removesuffix("h"))
    return Reply(user.body())


@answers("DELETE /auth/v1/admin/users/{id}")
def delete_user(request: Request) -> Reply:
    user = _asked_for(request)
    project = request.project
    if request.body.get("should_soft_delete"):
        user.soft_deleted = True
    elif user.in_use:
        raise Refused("unexpected_failure", "Database error deleting user")
    else:
        del project.users[user.id]
    project.end_sessions(user.id)
    return Reply({})
