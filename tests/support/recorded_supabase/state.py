"""What a project keeps, as far as the recorded answers depend on it. Times are Unix times, in seconds."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

CODE_OF = {"signup": "confirmation", "invite": "confirmation", "magiclink": "recovery", "recovery": "recovery"}


def new_id() -> str:
    return str(uuid.uuid4())


def stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


@dataclass(slots=True)
class MailProof:
    """What a mail holds: six digits and a hash, good once. `slot` is the column that it stands in: one each."""

    kind: str
    email: str
    token_hash: str
    code: str
    sent_at: float
    redirect_to: str = ""


@dataclass(slots=True)
class Identity:
    provider: str
    provider_id: str
    data: dict[str, Any]
    moment: float
    identity_id: str = field(default_factory=new_id)

    def body(self, user_id: str) -> dict[str, Any]:
        at = stamp(self.moment)
        return {
            "identity_id": self.identity_id,
            "id": self.provider_id,
            "user_id": user_id,
            "identity_data": dict(self.data),
            "provider": self.provider,
            "last_sign_in_at": at,
            "created_at": at,
            "updated_at": at,
            "email": self.data["email"],
        }


@dataclass(slots=True)
class Factor:
    name: str
    secret: str
    created_at: float
    id: str = field(default_factory=new_id)
    verified: bool = False
    challenged_at: float | None = None

    def body(self) -> dict[str, Any]:
        at = stamp(self.created_at)
        return {
            "id": self.id,
            "created_at": at,
            "updated_at": at,
            "status": "verified" if self.verified else "unverified",
            "friendly_name": self.name,
            "factor_type": "totp",
            "phone": "",
            "last_challenged_at": None if self.challenged_at is None else stamp(self.challenged_at),
        }


@dataclass(slots=True)
class User:
    email: str
    password: str | None
    created_at: float
    id: str = field(default_factory=new_id)
    confirmed_at: float | None = None
    times: dict[str, float] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    identities: list[Identity] = field(default_factory=list)
    factors: list[Factor] = field(default_factory=list)
    proofs: dict[str, MailProof] = field(default_factory=dict)
    first_provider: str = "email"
    new_email: str = ""
    halfway: bool = False
    display_name: str | None = None
    in_use: bool = False
    soft_deleted: bool = False

    @property
    def verified_factors(self) -> list[Factor]:
        return [factor for factor in self.factors if factor.verified]

    @property
    def app_metadata(self) -> dict[str, Any]:
        providers = [identity.provider for identity in self.identities]
        return {"provider": self.first_provider, "providers": providers or [self.first_provider]}

    def banned(self, now: float) -> bool:
        return self.times.get("banned_until", 0) > now

    def body(self, *, fresh: bool = False) -> dict[str, Any]:
        """As Auth shows it; `fresh`: in the request that made it, before the database has computed confirmed_at."""
        body: dict[str, Any] = {
            "id": self.id,
            "aud": "authenticated",
            "role": "authenticated",
            "email": self.email,
            "phone": "",
            "app_metadata": self.app_metadata,
            "user_metadata": dict(self.metadata),
            **({"factors": [factor.body() for factor in self.factors]} if self.factors else {}),
            "identities": [identity.body(self.id) for identity in self.identities],
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.created_at),
            "is_anonymous": False,
            **{name: stamp(moment) for name, moment in self.times.items()},
        }
        if self.confirmed_at is not None:
            body["email_confirmed_at"] = stamp(self.confirmed_at)
            if not fresh:
                body["confirmed_at"] = stamp(self.confirmed_at)
        if self.new_email:
            body["new_email"] = self.new_email
        return body


@dataclass(slots=True)
class RefreshToken:
    """One generation of a session. Version 1 keeps the value of the parent; version 2 only counts."""

    value: str
    counter: int
    parent: str | None
    revoked_at: float | None = None


@dataclass(slots=True)
class Session:
    user_id: str
    created_at: float
    amr: dict[str, float]
    id: str = field(default_factory=new_id)
    aal: str = "aal1"
    factor_id: str | None = None
    tokens: list[RefreshToken] = field(default_factory=list)
    refreshed_at: float | None = None
    user_agent: str = ""
    address: str = ""


@dataclass(slots=True)
class Challenge:
    factor_id: str
    address: str
    created_at: float
    id: str = field(default_factory=new_id)
    used: bool = False


@dataclass(slots=True)
class Flow:
    """A PKCE flow: of a mail or a provider. `code` is given where the browser comes back."""

    challenge: str
    method: str
    created_at: float
    redirect_to: str
    user_id: str | None = None
    linking: bool = False
    issued_at: float | None = None
    state: str = field(default_factory=new_id)
    code: str = field(default_factory=new_id)


def digits() -> str:
    """Six of them, and never the ones that tests take for wrong."""
    return f"{secrets.randbelow(999_999) + 1:06d}"
