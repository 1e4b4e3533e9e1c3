"""TOTP factors."""

from __future__ import annotations

import base64
import secrets
from urllib.parse import quote, urlsplit

from tests.support.recorded_supabase.recordings import NotRecordedError, Refused
from tests.support.recorded_supabase.requests import Reply, Request, answers
from tests.support.recorded_supabase.state import Challenge, Factor, User
from tests.support.upstream.proofs import totp

CHALLENGE_LIFETIME = 300
STEP = 30


@answers("POST /auth/v1/factors")
def enrol(request: Request) -> Reply:
    user, session = request.caller()
    project, body = request.project, request.body
    if body["factor_type"] == "phone":
        raise Refused("mfa_phone_enroll_not_enabled")
    if body["factor_type"] != "totp":
        raise NotRecordedError(f"a factor of type {body['factor_type']}")
    if not project.on("MFA_TOTP_ENROLL_ENABLED"):
        raise Refused("mfa_totp_enroll_not_enabled")
    name = body.get("friendly_name", "")
    if len(user.factors) >= int(project.settings["MFA_MAX_ENROLLED_FACTORS"]):
        raise Refused("too_many_enrolled_mfa_factors")
    if any(factor.name == name for factor in user.factors):
        raise Refused("mfa_factor_name_conflict", swap=(('"phone"', f'"{name}"'),))
    if user.verified_factors and session.aal != "aal2":
        raise Refused("insufficient_aal")
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    factor = Factor(name, secret, project.now())
    user.factors.append(factor)
    issuer = urlsplit(project.settings["SITE_URL"]).netloc
    account = f"{issuer}:{quote(user.email, safe='@')}"
    uri = f"otpauth://totp/{account}?algorithm=SHA1&digits=6&issuer={issuer}&period=30&secret={secret}"
    picture = '<?xml version="1.0"?>\n<!-- the picture was not recorded -->\n<svg/>'
    return Reply(
        {"id": factor.id, "type": "totp", "friendly_name": name, "totp": {"qr_code": picture, "secret": secret, "uri": uri}}
    )


def _factor(user: User, factor_id: str) -> Factor:
    factor = next((factor for factor in user.factors if factor.id == factor_id), None)
    if factor is None:
        raise Refused("mfa_factor_not_found", "Factor not found")
    return factor


@answers("POST /auth/v1/factors/{id}/challenge")
def challenge(request: Request) -> Reply:
    user, _ = request.caller()
    factor = _factor(user, request.path[-2])
    project = request.project
    made = Challenge(factor.id, request.address, project.now())
    project.challenges[made.id] = made
    factor.challenged_at = project.now()
    return Reply({"id": made.id, "type": "totp", "expires_at": int(project.now()) + CHALLENGE_LIFETIME})


@answers("POST /auth/v1/factors/{id}/verify")
def verify(request: Request) -> Reply:
    user, session = request.caller()
    factor = _factor(user, request.path[-2])
    project, body = request.project, request.body
    made = project.challenges.get(body["challenge_id"])
    if made is None or made.factor_id != factor.id:
        raise Refused("mfa_factor_not_found", "with the provided challenge ID")
    if made.used or made.address != request.address:
        raise Refused("mfa_ip_address_mismatch")
    if project.now() - made.created_at > CHALLENGE_LIFETIME:
        raise Refused("mfa_challenge_expired", swap=((_recorded_id(), made.id),))
    now = project.now()
    if body["code"] not in {totp(factor.secret, now + drift) for drift in (-STEP, 0, STEP)}:
        raise Refused("mfa_verification_failed")
    made.used = True
    first = not factor.verified
    factor.verified = True
    session.aal, session.factor_id = "aal2", factor.id
    session.amr["totp"] = now
    second_version = project.settings["SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION"] == "2"
    if second_version:
        project.next_token(session)  # a step-up counts twice
    token = project.next_token(session)
    if first:
        for other in [s for s in project.sessions.values() if s.user_id == user.id and s.aal == "aal1"]:
            del project.sessions[other.id]
    return Reply(project.session_body(user, session, token.value))


def _recorded_id() -> str:
    return "<id-3>"


@answers("DELETE /auth/v1/factors/{id}")
def unenrol(request: Request) -> Reply:
    user, session = request.caller()
    factor = _factor(user, request.path[-1])
    if factor.verified and session.aal != "aal2":
        raise Refused("insufficient_aal")
    user.factors.remove(factor)
    for each in request.project.sessions.values():
        if each.factor_id == factor.id:
            each.aal, each.factor_id = "aal1", None
            each.amr.pop("totp", None)
    return Reply({"id": factor.id})
