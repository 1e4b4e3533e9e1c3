"""Sign-in, refresh, the user, sign-out."""

from __future__ import annotations

import re
import secrets
from urllib.parse import parse_qs, urlsplit

from tests.support.recorded_supabase.project import RecordedProject
from tests.support.recorded_supabase.recordings import Refused
from tests.support.recorded_supabase.requests import Reply, Request, answers
from tests.support.recorded_supabase.state import RefreshToken, Session, User
from tests.support.upstream.proofs import challenge_of

FLOW_LIFETIME = 300


def opened(
    request: Request, user: User, session: Session, token: RefreshToken, *, fresh: bool = False, counter: bool = True
) -> Reply:
    """A session's answer. `counter` is told with version 2."""
    headers = {"sb-auth-session-id": session.id, "sb-auth-user-id": user.id, "sb-auth-refresh-token-prefix": token.value[:5]}
    if counter and request.project.settings["SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION"] == "2":
        headers["sb-auth-refresh-token-counter"] = str(token.counter)
    return Reply(request.project.session_body(user, session, token.value, fresh=fresh), headers=headers)


@answers("POST /auth/v1/token")
def no_grant(_: Request) -> Reply:
    raise Refused("invalid_credentials", "unsupported_grant_type")


@answers("POST /auth/v1/token?grant_type=password")
def sign_in(request: Request) -> Reply:
    request.require_captcha()
    project, body = request.project, request.body
    if not project.on("EXTERNAL_EMAIL_ENABLED"):
        raise Refused("email_provider_disabled")
    user = project.by_email(body["email"])
    if user is not None and user.banned(project.now()):
        raise Refused("user_banned")
    if user is None or user.password is None or not secrets.compare_digest(user.password.encode(), body["password"].encode()):
        raise Refused("invalid_credentials", "Invalid login")
    if user.confirmed_at is None:
        raise Refused("email_not_confirmed")
    reply = opened(request, user, *project.open(user, "password", user_agent=request.agent, address=request.address))
    return Reply({**reply.body, "weak_password": None}, headers=reply.headers)


@answers("POST /auth/v1/token?grant_type=refresh_token")
def refresh(request: Request) -> Reply:
    request.count("RATE_LIMIT_TOKEN_REFRESH")
    project, value = request.project, request.body["refresh_token"]
    second_version = project.settings["SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION"] == "2"
    if not re.fullmatch(r"[a-z2-7]{12}|[\w-]{51}", value):
        raise Refused("validation_failed")
    found = [(s, t) for s in project.sessions.values() for t in s.tokens if secrets.compare_digest(t.value, value)]
    if not found:
        if second_version and any(t.value[:8] == value[:8] for s in project.sessions.values() for t in s.tokens):
            raise Refused("validation_failed")
        raise Refused("refresh_token_not_found")
    (session, token), user = found[0], project.users[found[0][0].user_id]
    names = {"sb-auth-session-id": session.id, "sb-auth-user-id": user.id}
    if user.banned(project.now()):
        raise Refused("user_banned", "Invalid Refresh Token", headers={"sb-auth-user-id": user.id})
    timebox = project.seconds("SESSIONS_TIMEBOX")
    if timebox and project.now() - session.created_at > timebox:
        raise Refused("session_expired", headers=names)
    before = session.refreshed_at or session.created_at
    session.refreshed_at, session.user_agent, session.address = project.now(), request.agent, request.address
    return _counted(request, user, session, token, before) if second_version else _rotated(request, user, session, token)


def _rotated(request: Request, user: User, session: Session, token: RefreshToken) -> Reply:
    """Version 1: a revoked token is reused within the interval after it; the parent of the current one always."""
    project, current = request.project, session.tokens[-1]
    names = {"sb-auth-session-id": session.id, "sb-auth-user-id": user.id}
    if token.revoked_at is None:
        return _with(request, user, session, project.next_token(session), {"sb-auth-refresh-token-reuse": "false"})
    if current.parent == token.value and current.revoked_at is None:
        return _with(request, user, session, current, {})
    if project.now() - token.revoked_at <= project.seconds("SECURITY_REFRESH_TOKEN_REUSE_INTERVAL"):
        return _with(request, user, session, project.next_token(session), {"sb-auth-refresh-token-reuse": "false"})
    for each in session.tokens:
        each.revoked_at = each.revoked_at or project.now()
    raise Refused("refresh_token_already_used", headers=names)


def _counted(request: Request, user: User, session: Session, token: RefreshToken, last: float) -> Reply:
    """Version 2: the counter tells how old a token is; one that is too old ends the session, unless the last refresh (a step-up
    is none) was just now.
    """
    project, current = request.project, session.tokens[-1]
    if token is current:
        return _with(request, user, session, project.next_token(session), {"sb-auth-refresh-token-reuse": "false"})
    reuse = "sb-auth-refresh-token-reuse-cause"
    recent = project.now() - last < project.seconds("SECURITY_REFRESH_TOKEN_REUSE_INTERVAL")
    if token.counter == current.counter - 1:
        return _with(request, user, session, current, {reuse: "concurrent-refresh,fail-to-save" if recent else "fail-to-save"})
    if recent:
        return _with(request, user, session, current, {reuse: "concurrent-refresh"})
    del project.sessions[session.id]
    names = {"sb-auth-session-id": session.id, "sb-auth-user-id": user.id, "sb-auth-refresh-token-rotated": "true"}
    raise Refused("refresh_token_already_used", headers=names)


def _with(request: Request, user: User, session: Session, token: RefreshToken, headers: dict[str, str]) -> Reply:
    reply = opened(request, user, session, token)
    return Reply(reply.body, headers={**reply.headers, **headers})


@answers("POST /auth/v1/token?grant_type=pkce")
def exchange(request: Request) -> Reply:
    project, body = request.project, request.body
    flow = next((flow for flow in project.flows if flow.code == body["auth_code"] and flow.issued_at), None)
    if flow is None or flow.user_id is None:
        raise Refused("flow_state_not_found")
    since = flow.issued_at if flow.method == "magiclink" else flow.created_at
    if project.now() - (since or 0) > FLOW_LIFETIME:
        raise Refused("flow_state_expired")
    if challenge_of(body["code_verifier"]) != flow.challenge:
        raise Refused("bad_code_verifier")
    project.flows.remove(flow)
    user = project.users[flow.user_id]
    session, token = project.open(user, flow.method, user_agent=request.agent, address=request.address)
    reply = opened(request, user, session, token)
    if flow.method != "oauth":
        return reply
    provider = {"provider_token": f"gho_{secrets.token_hex(8)}", "provider_refresh_token": f"ghr_{secrets.token_hex(8)}"}
    return Reply({**reply.body, **provider}, headers=reply.headers)


@answers("GET /auth/v1/user")
def get_user(request: Request) -> Reply:
    user, _ = request.caller()
    return Reply(user.body())


@answers("POST /auth/v1/logout")
def log_out(request: Request) -> Reply:
    user, session = request.caller()
    scope = parse_qs(urlsplit(request.target).query).get("scope", ["global"])[0]
    project: RecordedProject = request.project
    match scope:
        case "local":
            del project.sessions[session.id]
        case "others":
            project.end_sessions(user.id, but=session.id)
        case "global":
            project.end_sessions(user.id)
        case _:
            raise Refused("validation_failed", "Unsupported logout scope", (('"all"', f'"{scope}"'),))
    return Reply("", 204)
