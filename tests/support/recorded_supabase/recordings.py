"""What was recorded, looked up by operation and outcome: nothing else is ever answered."""

from __future__ import annotations

import copy
import functools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.upstream.wire import error_code

FOLDER = Path(__file__).resolve().parents[2] / "recorded"

# One check each, whichever operation it stands before: what it answers was recorded on one of them.
_EVERYWHERE = frozenset(
    {
        "over_request_rate_limit",
        "bad_jwt",
        "captcha_failed",
        "no_authorization",
        "session_not_found",
        "user_banned",
        "user_not_found",
        "not_admin",
    }
)


class NotRecordedError(Exception):
    """The real Supabase was not recorded to answer this; the message says what."""


@dataclass(frozen=True, slots=True)
class Refused(Exception):  # noqa: N818 - what Supabase says no to is no error of the server
    """A refusal with a recorded code; `like` stands in its message where several have the code; `swap` changes words of it."""

    code: str
    like: str = ""
    swap: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded answer."""

    operation: str
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        return error_code(self.status, self.body)


def operation(method: str, target: str) -> str:
    """What a request is about: `POST /auth/v1/factors/{id}/verify`. The grant type of a token request belongs to it."""
    parts = urlsplit(target)
    path = re.sub(r"<[\w-]+>|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "{id}", parts.path)
    path = re.sub(r"(?<=/user/identities/)(?!authorize)[^/]+", "{id}", path)
    grant = parse_qs(parts.query).get("grant_type")
    return f"{method} {path}" + (f"?grant_type={grant[0]}" if grant else "")


class Recordings:
    """All that a folder holds."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._answers: list[Recorded] = []
        for path in sorted(folder.glob("*.json")):
            for exchange in json.loads(path.read_text())["exchanges"]:
                request, response = exchange["request"], exchange["response"]
                if (
                    "X-Supabase-Api-Version" not in request["headers"]
                    and "code" in _keys(response["body"])
                    and request.get("key")
                ):
                    continue  # the other form of an error, which the server makes of this one
                about = operation(request["method"], request["path"])
                self._answers.append(Recorded(about, response["status"], response["headers"], response["body"]))

    def success(self, about: str, status: int, body: Any) -> Recorded:
        """The recorded answer that is most like this one.

        Raises NotRecordedError, also where no recorded answer has such a property.
        """
        found = [answer for answer in self._answers if (answer.operation, answer.status) == (about, status)]
        if not found:
            raise NotRecordedError(f"{about} was never recorded to answer {status}")
        known = set[str]().union(*(_keys(answer.body) for answer in (self._answers if "aud" in _keys(body) else found)))
        if type(body) not in {type(answer.body) for answer in found} or _keys(body) - known:
            raise NotRecordedError(
                f"{about} was never recorded to answer with {sorted(_keys(body) - known)} in {type(body).__name__}"
            )
        return copy.deepcopy(min(found, key=lambda answer: len(_keys(answer.body) ^ _keys(body))))

    def example(self, about: str) -> Any:
        """The body of a good answer. Raises StopIteration."""
        return copy.deepcopy(next(a.body for a in self._answers if (a.operation, a.status) == (about, 200)))

    def refusal(self, about: str, refused: Refused) -> Recorded:
        """The answer that refuses. Raises NotRecordedError."""
        nearness = {about: 0, "GET /auth/v1/user": 1}
        for answer in sorted(self._answers, key=lambda answer: nearness.get(answer.operation, 2)):
            here = answer.operation == about or refused.code in _EVERYWHERE
            if here and answer.code == refused.code and refused.like in answer.body.get("message", answer.body.get("msg", "")):
                found = copy.deepcopy(answer)
                message = "message" if "message" in found.body else "msg"
                for old, new in refused.swap:
                    found.body[message] = found.body[message].replace(old, new)
                return found
        raise NotRecordedError(f"{about} was never recorded to refuse with {refused.code} {refused.like!r}")

    def plain(self, about: str, message: str) -> Recorded:
        """An answer without a code, whose body holds this text: the gateway's, the data API's. Raises NotRecordedError."""
        for answer in self._answers:
            if message in json.dumps(answer.body) and (answer.operation == about or answer.operation.endswith("/settings")):
                return copy.deepcopy(answer)
        raise NotRecordedError(f"{about} was never recorded to answer {message!r}")


def _keys(body: Any) -> set[str]:
    return set(body) if isinstance(body, dict) else set()


@functools.cache
def recordings() -> Recordings:
    """Those of this repository."""
    return Recordings()
