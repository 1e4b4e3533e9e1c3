"""One request and its answer, and the table of operations."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt

from tests.support.recorded_supabase.project import RecordedProject
from tests.support.recorded_supabase.recordings import NotRecordedError, Refused, operation
from tests.support.recorded_supabase.state import Session, User

BURST = 30  # requests that an address may make at once, whatever the limit is


class PlainAnswer(Exception):  # noqa: N818 - an answer, not an error
    """An answer without a code of Supabase Auth's: the recorded one that holds this text."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the state makes of an answer: the recorded headers go with it, these values in them."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the project. Header names in lower case."""

    project: RecordedProject
    method: str
    target: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def operation(self) -> str:
        return operation(self.method, self.target)

    @property
    def path(self) -> list[str]:
        return urlsplit(self.target).path.strip("/").split("/")

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def body(self) -> dict[str, Any]:
        body = json.loads(self.raw) if self.raw else {}
        if not isinstance(body, dict):
            raise NotRecordedError(f"{self.operation} with a body that is no object")
        return body

    @property
    def by_owner(self) -> bool:
        """Whether it comes with the secret key."""
        return self.headers.get("apikey") == self.project.keys.secret_key

    @property
    def address(self) -> str:
        name = self.project.settings["RATE_LIMIT_HEADER"].lower()
        forwarded = self.headers.get("sb-forwarded-for") if self.by_owner else None
        return forwarded or self.headers.get(name) or "127.0.0.1"

    @property
    def agent(self) -> str:
        return self.headers.get("user-agent", "")

    @property
    def redirect_to(self) -> str:
        """Where to, as the project allows it: pages of its site."""
        site = self.project.settings["SITE_URL"]
        asked = self.query.get("redirect_to", "")
        return asked if asked.startswith(site) else site

    def claims(self) -> dict[str, Any]:
        """What the bearer says. Raises Refused."""
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            raise Refused("bad_jwt", "missing sub claim")  # the gateway puts the token of anon
        project = self.project
        key: Any = project.keys.jwt_secret
        algorithm = "HS256"
        if project.signing_key is not None:
            key, algorithm = project.signing_key.private.public_key(), project.signing_key.algorithm
        try:
            said: dict[str, Any] = jwt.decode(
                token, key, [algorithm], audience="authenticated", options={"verify_exp": False, "verify_iat": False}
            )
        except jwt.InvalidSignatureError:
            raise Refused("bad_jwt", "signature is invalid") from None
        except jwt.InvalidTokenError:
            raise Refused("bad_jwt", "token is malformed") from None
        if said["exp"] < project.now():
            raise Refused("bad_jwt", "token is expired")
        return said

    def caller(self) -> tuple[User, Session]:
        """Whose the bearer is. Raises Refused."""
        said = self.claims()
        user = self.project.users.get(said["sub"])
        if user is None:
            raise Refused("user_not_found", "from sub claim")
        session = self.project.sessions.get(said["session_id"])
        if session is None or session.user_id != user.id:
            raise Refused("session_not_found")
        if user.banned(self.project.now()):
            raise Refused("user_banned", "User is banned")
        return user, session

    def count(self, limit: str) -> None:
        """Count a request of this address. Raises Refused beyond the burst, where the project has a limit that counts."""
        self.project.asked[limit, self.address] += 1
        if int(self.project.settings[limit]) < BURST < self.project.asked[limit, self.address]:
            raise Refused("over_request_rate_limit")

    def require_captcha(self) -> None:
        """Raises Refused. The secret key is let past."""
        if not self.project.on("SECURITY_CAPTCHA_ENABLED") or self.by_owner:
            return
        token = self.body.get("gotrue_meta_security", {}).get("captcha_token")
        if not token:
            raise Refused("captcha_failed", "no captcha_token found")
        if token != "pass":
            raise Refused("captcha_failed", "invalid-input-response")

    def require_owner(self) -> None:
        """Raises Refused."""
        if not self.by_owner:
            raise Refused("not_admin")


Handler = Callable[[Request], Reply]
OPERATIONS: dict[str, Handler] = {}


def answers(about: str) -> Callable[[Handler], Handler]:
    """Register what answers an operation, named as `recordings.operation` names it."""

    def register(handler: Handler) -> Handler:
        OPERATIONS[about] = handler
        return handler

    return register
