"""Sign-in by GitHub, and linking it. The GitHub is here as well: it says yes at once, as whoever visits it next."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from tests.support.recorded_supabase.accounts import make
from tests.support.recorded_supabase.mails import redirect
from tests.support.recorded_supabase.project import RecordedProject
from tests.support.recorded_supabase.recordings import NotRecordedError, Refused
from tests.support.recorded_supabase.requests import Reply, Request, answers
from tests.support.recorded_supabase.state import Flow, Identity, User

PROVIDER = "/login/oauth/authorize"
_NO_ID = "identity_id must be"


def _start(request: Request, *, linking: str | None) -> str:
    """Begin a flow: the provider's URL. Raises Refused."""
    project, query = request.project, request.query
    if query["provider"] == "google":
        raise Refused("validation_failed", "provider is not enabled")
    if query["provider"] != "github":
        raise Refused("validation_failed", "could not be found", (("what", query["provider"]),))
    flow = Flow(query.get("code_challenge", ""), "oauth", project.now(), request.redirect_to, linking, bool(linking))
    project.flows.append(flow)
    scope = " ".join(filter(None, ["user:email", query.get("scopes", "")]))
    asked = {
        "client_id": "client",
        "redirect_to": query.get("redirect_to", ""),
        "redirect_uri": f"{project.url}/auth/v1/callback",
        "response_type": "code",
        "scope": scope,
    }
    if linking and "skip_http_redirect" in query:
        asked["skip_http_redirect"] = query["skip_http_redirect"]
    return f"{project.provider_url}{PROVIDER}?" + urlencode({**asked, "state": flow.state})


@answers("GET /auth/v1/authorize")
def authorize(request: Request) -> Reply:
    if not request.query.get("code_challenge") and request.query["provider"] == "github":
        raise NotRecordedError("/authorize without a code challenge")
    location = _start(request, linking=None)
    escaped = location.replace("&", "&amp;")
    return Reply(f'<a href="{escaped}">Found</a>.\n\n', 302, {"location": location})


@answers("GET /auth/v1/user/identities/authorize")
def link(request: Request) -> Reply:
    user, _ = request.caller()
    if not request.project.on("SECURITY_MANUAL_LINKING_ENABLED"):
        raise Refused("manual_linking_disabled")
    return Reply({"url": _start(request, linking=user.id)})


def consent(request: Request) -> str:
    """The provider's answer to a visit: where it sends the browser."""
    query = request.query
    return f"{query['redirect_uri']}?" + urlencode({"code": "c" + secrets.token_hex(8), "state": query["state"]})


@answers("GET /auth/v1/callback")
def callback(request: Request) -> Reply:
    project = request.project
    flow = next((flow for flow in project.flows if flow.state == request.query.get("state")), None)
    if flow is None or not project.visitor:
        raise NotRecordedError("a callback of no flow, or nobody is at the provider")
    owner = _owner(project, project.visitor["id"])
    if flow.linking:
        user = project.users[flow.user_id or ""]
        if owner is not None:
            taken = {
                "error": "server_error",
                "error_code": "identity_already_exists",
                "error_description": "Identity is already linked to another user",
            }
            return redirect(flow.redirect_to, taken, 302)
        user.identities.append(_identity(project))
    elif owner is None:
        if project.by_email(project.visitor["email"]) is not None:
            raise NotRecordedError("a provider's address that an account has")
        owner = make(project, project.visitor["email"], None)
        owner.identities, owner.first_provider = [_identity(project)], "github"
        owner.confirmed_at = project.now()
        owner.metadata = dict(owner.identities[0].data)
    flow.user_id = flow.user_id or (owner.id if owner else None)
    flow.issued_at = project.now()
    return redirect(flow.redirect_to, {"code": flow.code}, 302)


def _owner(project: RecordedProject, visitor_id: str) -> User | None:
    for user in project.users.values():
        if any(i.provider == "github" and i.provider_id == visitor_id for i in user.identities):
            return user
    return None


def _identity(project: RecordedProject) -> Identity:
    visitor = project.visitor
    data = {
        "email": visitor["email"],
        "email_verified": True,
        "full_name": "Octo Cat",
        "iss": f"{project.provider_url}/api/v3",
        "name": "Octo Cat",
        "phone_verified": False,
        "preferred_username": "octo",
        "provider_id": visitor["id"],
        "sub": visitor["id"],
        "user_name": "octo",
    }
    return Identity("github", visitor["id"], data, project.now())


@answers("DELETE /auth/v1/user/identities/{id}")
def unlink(request: Request) -> Reply:
    user, _ = request.caller()
    project, identity_id = request.project, request.path[-1]
    if not project.on("SECURITY_MANUAL_LINKING_ENABLED"):
        raise Refused("manual_linking_disabled")
    if identity_id.count("-") != 4:
        raise Refused("validation_failed", _NO_ID)
    if len(user.identities) == 1:
        raise Refused("single_identity_not_deletable")
    identity = next((identity for identity in user.identities if identity.identity_id == identity_id), None)
    if identity is None:
        raise Refused("identity_not_found")
    left = next(other for other in user.identities if other is not identity)
    if identity.provider == "email":
        other = project.by_email(left.data["email"])
        if other is not None and other is not user:
            raise Refused("email_conflict_identity_not_deletable")
        user.email = left.data["email"]
    user.identities.remove(identity)
    user.first_provider = left.provider
    return Reply({})
