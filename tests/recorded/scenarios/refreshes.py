"""Refresh tokens of both versions: rotation, reuse within the interval and after it."""

from __future__ import annotations

from tests.recorded.scenarios.scene import Scene, scenario

V2 = {"SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION": "2"}


def _next(s: Scene, token: str) -> str:
    answer = s.refresh(token)
    assert answer.status == 200, answer.text
    found: str = answer.json["refresh_token"]
    return found


@scenario()
def refresh(s: Scene) -> None:
    """Version 1: normal; the parent again; unknown; malformed; two generations old within the interval of 10 s."""
    _, session = s.signed_in()
    first = _next(s, session.refresh_token)
    s.note("the parent of the current one: the current one is answered")
    assert _next(s, session.refresh_token) == first
    s.note("unknown")
    s.refresh("aaaaaaaaaaaa")
    s.note("malformed")
    s.refresh("zzz")
    _next(s, first)
    s.note("two generations old")
    _next(s, session.refresh_token)


@scenario(SECURITY_REFRESH_TOKEN_REUSE_INTERVAL="1")
def refresh_reused(s: Scene) -> None:
    """Version 1, interval 1 s: two generations old, later than that; the current one at once, and after the interval."""
    ada, session = s.signed_in()
    second = _next(s, _next(s, session.refresh_token))
    s.upstream.pass_time(2.5)
    s.note("two generations old")
    s.refresh(session.refresh_token)
    s.note("the current one, within the interval after that")
    s.refresh(second)
    s.call("GET", "/user", token=session.access_token)
    session = s.session(ada)
    second = _next(s, _next(s, session.refresh_token))
    s.upstream.pass_time(2.5)
    s.refresh(session.refresh_token)
    s.upstream.pass_time(2.5)
    s.note("the current one, after the interval")
    s.refresh(second)


@scenario(**V2)
def refresh_v2(s: Scene) -> None:
    """Version 2: normal; the parent again; two generations old within the interval; one character changed; signed out."""
    _, session = s.signed_in()
    first = _next(s, session.refresh_token)
    s.note("the parent again")
    _next(s, session.refresh_token)
    _next(s, first)
    s.note("two generations old")
    _next(s, session.refresh_token)
    s.note("one character changed")
    changed = first[:8] + ("A" if first[8] != "A" else "B") + first[9:]
    s.refresh(s.names.literal(changed, "refresh-token-2 with one character changed"))
    s.call("POST", "/logout?scope=local", token=session.access_token)
    s.refresh(first)


@scenario(SECURITY_REFRESH_TOKEN_REUSE_INTERVAL="1", **V2)
def refresh_v2_reused(s: Scene) -> None:
    """Version 2, interval 1 s: two generations old, later than that, ends the session."""
    _, session = s.signed_in()
    second = _next(s, _next(s, session.refresh_token))
    s.upstream.pass_time(2.5)
    s.refresh(session.refresh_token)
    s.note("the current one")
    s.refresh(second)
    s.call("GET", "/user", token=session.access_token)


@scenario(SECURITY_REFRESH_TOKEN_REUSE_INTERVAL="1", **V2)
def refresh_v2_step_up(s: Scene) -> None:
    """Version 2, interval 1 s: a step-up, and later the refresh token from before it: the session ends."""
    _, session, factor = s.with_factor()
    challenge = s.call("POST", f"/factors/{factor.id}/challenge", {}, token=session.access_token)
    proof = {"challenge_id": challenge.json["id"], "code": s.upstream.code(factor.secret)}
    raised = s.call("POST", f"/factors/{factor.id}/verify", proof, token=session.access_token)
    s.upstream.pass_time(2.5)
    s.note("from before the step-up")
    s.refresh(session.refresh_token)
    s.note("of the step-up")
    s.refresh(raised.json["refresh_token"])
