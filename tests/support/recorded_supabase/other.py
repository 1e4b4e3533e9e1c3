"""What a project tells about itself, and what it has not got."""

from __future__ import annotations

from tests.support.recorded_supabase.recordings import Refused, recordings
from tests.support.recorded_supabase.requests import Reply, Request, answers


@answers("GET /auth/v1/settings")
def settings(request: Request) -> Reply:
    project = request.project
    told = recordings().example(request.operation)
    told["disable_signup"] = project.on("DISABLE_SIGNUP")
    told["mailer_autoconfirm"] = project.on("MAILER_AUTOCONFIRM")
    told["external"]["email"] = project.on("EXTERNAL_EMAIL_ENABLED")
    told["external"]["github"] = project.on("EXTERNAL_GITHUB_ENABLED")
    return Reply(told)


@answers("GET /auth/v1/health")
def health(request: Request) -> Reply:
    return Reply(recordings().example(request.operation))


@answers("GET /auth/v1/.well-known/jwks.json")
def keys(request: Request) -> Reply:
    key = request.project.signing_key
    return Reply({"keys": [] if key is None else [key.jwk]})


@answers("GET /auth/v1/nothing")
def nothing(_: Request) -> Reply:
    return Reply("404 page not found\n", 404)


@answers("POST /auth/v1/sso")
def sso(_: Request) -> Reply:
    raise Refused("saml_provider_disabled")
