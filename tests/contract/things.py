"""What the operations of a fuzzed account made: so that some requests name what is there, and codes that are right."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.upstream.proofs import totp


@dataclass
class Things:
    """Factors with their secrets, and sessions, by id. Those of a user who is not signed in any more may be among them."""

    secrets: dict[str, str] = field(default_factory=dict)
    sessions: list[str] = field(default_factory=list)

    def learn(self, operation_id: str | None, body: Any) -> None:
        """Take over what a good answer brought."""
        match operation_id, body:
            case "enrollFactor", {"id": str() as factor, "totp": {"secret": str() as secret}}:
                self.secrets[factor] = secret
            case "listSessions", {"sessions": list() as sessions}:
                self.sessions = [each["id"] for each in sessions if not each["current"]]

    def forget(self) -> None:
        """Their user is gone."""
        self.secrets.clear()
        self.sessions.clear()

    def name_one(self, operation_id: str | None, path: MutableMapping[str, Any], body: Any) -> None:
        """Let a request be about one of them, where there is one."""
        match operation_id:
            case "verifyFactor" if self.secrets and isinstance(body, dict):
                factor, secret = next(reversed(self.secrets.items()))
                body.update(factorId=factor, code=totp(secret, time.time()))
            case "deleteFactor" if self.secrets:
                path["factorId"] = self.secrets.popitem()[0]
            case "endSession" if self.sessions:
                path["sessionId"] = self.sessions.pop()
