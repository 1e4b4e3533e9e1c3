"""The data API: the profile under its policies, and the functions for sessions."""

from __future__ import annotations

from typing import Any

from tests.support.recorded_supabase.recordings import NotRecordedError, Refused
from tests.support.recorded_supabase.requests import PlainAnswer, Reply, Request, answers
from tests.support.recorded_supabase.state import Session, User, stamp

LONGEST_NAME = 100


def _caller(request: Request) -> str | None:
    """The user's id, None for the owner. As the data API does it: sessions are none of its business."""
    if request.by_owner and "authorization" not in request.headers:
        return None
    if "authorization" not in request.headers:
        raise PlainAnswer("permission denied")
    try:
        caller: str = request.claims()["sub"]
    except Refused:
        raise PlainAnswer("PGRST301") from None
    return caller


def _row(request: Request) -> tuple[str | None, User | None]:
    caller = _caller(request)
    query = request.query
    if "id" not in query:
        return caller, None
    wanted = query["id"].removeprefix("eq.")
    visible = caller is None or caller == wanted
    return caller, request.project.users.get(wanted) if visible else None


@answers("GET /rest/v1/user_profile")
def read(request: Request) -> Reply:
    _, user = _row(request)
    if not request.project.migrated:
        raise NotRecordedError("a project without the migration")
    return Reply([] if user is None or not user.has_profile else [{"id": user.id, "display_name": user.display_name}])


@answers("PATCH /rest/v1/user_profile")
def write(request: Request) -> Reply:
    _, user = _row(request)
    name = request.body["display_name"]
    if set(request.body) != {"display_name"}:
        raise NotRecordedError(f"a change of {sorted(request.body)} of the profile")
    if name is not None and not 1 <= len(name) <= LONGEST_NAME:
        raise PlainAnswer("violates check constraint")
    if user is None:
        return Reply([])
    user.display_name = name
    return Reply([_whole(user, request)])


def _whole(user: User, request: Request) -> dict[str, Any]:
    """The columns of a row that are asked for; all where none are named."""
    row = {
        "id": user.id,
        "display_name": user.display_name,
        "created_at": stamp(user.created_at),
        "updated_at": stamp(request.project.now()),
    }
    return {column: row[column] for column in request.query.get("select", ",".join(row)).split(",")}


@answers("DELETE /rest/v1/user_profile")
def delete(request: Request) -> Reply:
    caller, user = _row(request)
    if caller is not None:
        raise NotRecordedError("a user who deletes a profile")
    if user is None or not user.has_profile:
        return Reply([])
    row = _whole(user, request)
    user.has_profile = False
    return Reply([row])


def _own(request: Request) -> tuple[User, Session] | None:
    """The caller and the session that the token names, if that is still there."""
    if "authorization" not in request.headers:
        raise PlainAnswer("permission denied for function list_own_sessions")
    said = request.claims()
    user, session = request.project.users.get(said["sub"]), request.project.sessions.get(said["session_id"])
    return None if user is None or session is None else (user, session)


@answers("POST /rest/v1/rpc/list_own_sessions")
def list_sessions(request: Request) -> Reply:
    own = _own(request)
    if own is None:
        return Reply([])
    sessions = [s for s in request.project.sessions.values() if s.user_id == own[0].id]
    sessions.sort(key=lambda s: s.refreshed_at or s.created_at, reverse=True)
    return Reply([_session(session) for session in sessions])


def _session(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "created_at": stamp(session.created_at),
        "refreshed_at": stamp(session.refreshed_at or session.created_at),
        "user_agent": session.user_agent or None,
        "ip": session.address,
        "aal": session.aal,
        "not_after": None,
    }


@answers("POST /rest/v1/rpc/end_own_session")
def end_session(request: Request) -> Reply:
    own = _own(request)
    if own is None:
        return Reply(body=False)
    user, session = own
    wanted = request.body["session_id"]
    if wanted != session.id and session.aal != "aal2" and user.verified_factors:
        raise PlainAnswer("insufficient_aal")
    found = request.project.sessions.get(wanted)
    ended = found is not None and found.user_id == user.id
    if ended:
        del request.project.sessions[wanted]
    return Reply(body=ended)


@answers("POST /rest/v1/rpc/latchkey_migration")
def migration(_: Request) -> Reply:
    return Reply("20260901000100")
