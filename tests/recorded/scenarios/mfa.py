"""TOTP factors, assurance levels, and what is refused."""

from __future__ import annotations

from urllib.parse import quote

from tests.recorded.scenarios.scene import NEW_PASSWORD, Scene, scenario
from tests.support.upstream.base import SITE

NOBODY = "00000000-0000-4000-8000-000000000000"
TOTP = {"factor_type": "totp"}
FROM = {"X-Forwarded-For": "203.0.113.7"}
ELSEWHERE = {"X-Forwarded-For": "203.0.113.8"}


@scenario()
def mfa(s: Scene) -> None:
    """Enrol, the same name, challenge, wrong and right code, other sessions, the challenge again, unenrol, refresh."""
    ada, session = s.signed_in()
    other, token = s.session(ada), session.access_token
    enrolled = s.call("POST", "/factors", {**TOTP, "friendly_name": "phone"}, token=token).json
    s.note("an unverified one of that name is there")
    s.call("POST", "/factors", {**TOTP, "friendly_name": "phone"}, token=token)
    factor, secret = enrolled["id"], enrolled["totp"]["secret"]
    challenge = s.call("POST", f"/factors/{factor}/challenge", {}, token=token).json["id"]
    verify = f"/factors/{factor}/verify"
    s.call("POST", verify, {"challenge_id": challenge, "code": "000000"}, token=token)
    s.note("unknown challenge")
    s.call("POST", verify, {"challenge_id": NOBODY, "code": s.upstream.code(secret)}, token=token)
    raised = s.call("POST", verify, {"challenge_id": challenge, "code": s.upstream.code(secret)}, token=token).json
    s.note("the user's other session, at aal1")
    s.call("GET", "/user", token=other.access_token)
    s.note("the access token from before the step-up")
    s.call("GET", "/user", token=token)
    token = raised["access_token"]
    s.note("the same challenge")
    s.call("POST", verify, {"challenge_id": challenge, "code": s.upstream.code(secret)}, token=token)
    s.call("POST", "/factors", {**TOTP, "friendly_name": "phone"}, token=token)
    s.note("no such factor")
    s.call("POST", f"/factors/{NOBODY}/challenge", {}, token=token)
    s.call("POST", f"/factors/{NOBODY}/verify", {"challenge_id": challenge, "code": "000000"}, token=token)
    s.call("DELETE", f"/factors/{NOBODY}", token=token)
    s.note("another user's factor")
    _, stranger = s.signed_in("eve")
    s.call("POST", f"/factors/{factor}/challenge", {}, token=stranger.access_token)
    s.call("DELETE", f"/factors/{factor}", token=stranger.access_token)
    s.call("DELETE", f"/factors/{factor}", token=token)
    s.note("the session is at aal1 again")
    s.refresh(raised["refresh_token"])


@scenario()
def mfa_required(s: Scene) -> None:
    """A user with a factor, at aal1: password, e-mail, data, enrol, unenrol; link and log out others; after the step-up."""
    _, session, factor = s.with_factor()
    token = session.access_token
    s.call("PUT", "/user", {"password": NEW_PASSWORD}, token=token)
    s.call("PUT", "/user", {"email": s.address("next")}, token=token)
    s.call("PUT", "/user", {"data": {"display_name": "Ada"}}, token=token)
    s.call("POST", "/factors", {**TOTP, "friendly_name": "second"}, token=token)
    s.call("DELETE", f"/factors/{factor.id}", token=token)
    linking = f"provider=github&skip_http_redirect=true&redirect_to={quote(SITE, safe='')}"
    s.call("GET", f"/user/identities/authorize?{linking}", token=token)
    s.call("POST", "/logout?scope=others", token=token)
    raised = s.step_up(session, factor)
    s.note("after the step-up")
    s.call("PUT", "/user", {"password": NEW_PASSWORD}, token=raised.access_token)
    s.call("POST", "/factors", {**TOTP, "friendly_name": "second"}, token=raised.access_token)
    s.refresh(raised.refresh_token)


@scenario()
def mfa_recovery(s: Scene) -> None:
    """Recovery of a user with a factor: aal1, and PUT /user only after the step-up."""
    ada, _, factor = s.with_factor()
    proof = {"type": "recovery", "token_hash": s.link("recovery", ada.email).token_hash}
    token = s.call("POST", "/verify", proof).json["access_token"]
    s.call("PUT", "/user", {"password": NEW_PASSWORD}, token=token)
    challenge = s.call("POST", f"/factors/{factor.id}/challenge", {}, token=token).json["id"]
    code = {"challenge_id": challenge, "code": s.upstream.code(factor.secret)}
    raised = s.call("POST", f"/factors/{factor.id}/verify", code, token=token).json
    s.call("PUT", "/user", {"password": NEW_PASSWORD}, token=raised["access_token"])


@scenario(RATE_LIMIT_HEADER="X-Forwarded-For")
def mfa_other_address(s: Scene) -> None:
    """Challenge and verify from two addresses."""
    _, session, factor = s.with_factor()
    token = session.access_token
    challenge = s.call("POST", f"/factors/{factor.id}/challenge", {}, token=token, headers=FROM).json["id"]
    code = {"challenge_id": challenge, "code": s.upstream.code(factor.secret)}
    s.call("POST", f"/factors/{factor.id}/verify", code, token=token, headers=ELSEWHERE)


@scenario()
def mfa_limits(s: Scene) -> None:
    """Factors until there are too many (ten as it comes), and another kind."""
    _, session = s.signed_in()
    for number in range(20):
        named = {**TOTP, "friendly_name": f"number {number}"}
        kept = len(s.exchanges)
        answer = s.call("POST", "/factors", named, token=session.access_token)
        if answer.status != 200:
            break
        del s.exchanges[kept:]
    phone = {"factor_type": "phone", "phone": "+15550100", "friendly_name": "p"}
    s.call("POST", "/factors", phone, token=session.access_token)


@scenario()
def mfa_challenge_expired(s: Scene) -> None:
    """A challenge that is ten minutes old."""
    _, session, factor = s.with_factor()
    challenge = s.call("POST", f"/factors/{factor.id}/challenge", {}, token=session.access_token).json["id"]
    s.age("challenge", challenge, 600)
    code = {"challenge_id": challenge, "code": s.upstream.code(factor.secret)}
    s.call("POST", f"/factors/{factor.id}/verify", code, token=session.access_token)


@scenario(MFA_TOTP_ENROLL_ENABLED="false")
def mfa_disabled(s: Scene) -> None:
    """TOTP is switched off: enrol."""
    _, session = s.signed_in()
    s.call("POST", "/factors", {**TOTP, "friendly_name": "phone"}, token=session.access_token)
