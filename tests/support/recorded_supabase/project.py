"""The project that the recorded server plays: its settings, its clock, its people, and how its tokens are made."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import jwt

from local.keys import Keys
from tests.support.project import SigningKey
from tests.support.recorded_supabase.recordings import Refused
from tests.support.recorded_supabase.state import CODE_OF, Challenge, Flow, MailProof, RefreshToken, Session, User, digits

# As the project was that the recordings are of.
USUAL = {
    "MAILER_AUTOCONFIRM": "true",
    "MAILER_SECURE_EMAIL_CHANGE_ENABLED": "true",
    "PASSWORD_MIN_LENGTH": "8",
    "JWT_EXP": "3600",
    "SECURITY_REFRESH_TOKEN_REUSE_INTERVAL": "10",
    "SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION": "1",
    "SECURITY_MANUAL_LINKING_ENABLED": "true",
    "SECURITY_CAPTCHA_ENABLED": "false",
    "SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD": "false",
    "SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION": "false",
    "MFA_TOTP_ENROLL_ENABLED": "true",
    "MFA_MAX_ENROLLED_FACTORS": "10",
    "EXTERNAL_EMAIL_ENABLED": "true",
    "EXTERNAL_GITHUB_ENABLED": "true",
    "DISABLE_SIGNUP": "false",
    "SMTP_MAX_FREQUENCY": "0s",
    "SESSIONS_TIMEBOX": "0s",
    "PASSWORD_REQUIRED_CHARACTERS": "",
    "RATE_LIMIT_HEADER": "X-Forwarded-For",
    "RATE_LIMIT_TOKEN_REFRESH": "100000",
    "RATE_LIMIT_VERIFY": "100000",
    "RATE_LIMIT_OTP": "100000",
    "SAML_ENABLED": "false",
    "SITE_URL": "http://localhost:5173",
}


def new_hash() -> str:
    return hashlib.sha224(secrets.token_bytes(16)).hexdigest()


class RecordedProject:
    """The state of one server; the server takes one request at a time."""

    def __init__(self, keys: Keys, signing_key: SigningKey | None = None) -> None:
        self.keys = keys
        self.signing_key = signing_key
        self.url = ""
        self.settings: dict[str, str] = dict(USUAL)
        self.ahead = 0.0
        self.users: dict[str, User] = {}
        self.sessions: dict[str, Session] = {}
        self.challenges: dict[str, Challenge] = {}
        self.flows: list[Flow] = []
        self.mails: list[MailProof] = []
        self.visitor: dict[str, str] = {}
        self.migrated = True
        self.asked: Counter[tuple[str, str]] = Counter()

    @property
    def provider_url(self) -> str:
        """The GitHub: the same server under another name."""
        return self.url.replace("127.0.0.1", "localhost")

    def configure(self, settings: Mapping[str, str]) -> None:
        """Have these settings on top of the usual ones. Raises KeyError for one that no recording is about."""
        if unknown := set(settings) - set(USUAL):
            raise KeyError(f"no recording is about {sorted(unknown)}")
        self.settings = USUAL | dict(settings)
        self.asked.clear()

    def on(self, name: str) -> bool:
        return self.settings[name] == "true"

    def seconds(self, name: str) -> float:
        return float(self.settings[name].removesuffix("s"))

    def now(self) -> float:
        return time.time() + self.ahead

    def by_email(self, email: str) -> User | None:
        email = email.lower()
        return next((user for user in self.users.values() if user.email == email and not user.soft_deleted), None)

    # Mails.

    def send(
        self, user: User, kind: str, email: str, *, challenge: str = "", redirect_to: str = "", quiet: bool = False
    ) -> MailProof:
        """Make what a mail holds, and keep the mail unless `quiet`. Raises Refused where the last one is too young."""
        slot, sent = self._slot(kind)
        now, every = self.now(), self.seconds("SMTP_MAX_FREQUENCY")
        last = user.times.get(sent)
        if not quiet and every and last is not None and now - last < every:
            raise Refused("over_email_send_rate_limit")
        token_hash = new_hash()
        proof = MailProof(kind, email, f"pkce_{token_hash}" if challenge else token_hash, digits(), now, redirect_to)
        user.proofs[slot] = proof
        user.times[sent] = now
        if challenge:
            method = {"signup": "email/signup", "email_change": "email_change"}.get(kind.removesuffix("_current"), kind)
            self.flows.append(Flow(challenge, method, now, redirect_to, user.id))
        if not quiet:
            self.mails.append(proof)
        return proof

    def _slot(self, kind: str) -> tuple[str, str]:
        if kind.startswith("email_change"):
            return kind, "email_change_sent_at"
        slot = CODE_OF.get(kind, kind)
        return slot, f"{slot}_sent_at"

    # Sessions and tokens.

    def open(self, user: User, method: str, *, user_agent: str = "", address: str = "") -> tuple[Session, RefreshToken]:
        session = Session(user.id, self.now(), {method: self.now()}, user_agent=user_agent, address=address)
        self.sessions[session.id] = session
        user.times["last_sign_in_at"] = self.now()
        return session, self.next_token(session)

    def next_token(self, session: Session) -> RefreshToken:
        """One more generation, the current one from now on."""
        before = session.tokens[-1] if session.tokens else None
        counter = 0 if before is None else before.counter + 1
        value = secrets.token_urlsafe(38)
        if self.settings["SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION"] != "2":
            value = base64.b32encode(secrets.token_bytes(10))[:12].decode().lower()
        if before is not None and before.revoked_at is None:
            before.revoked_at = self.now()
        token = RefreshToken(value, counter, before.value if before else None)
        session.tokens.append(token)
        return token

    def end_sessions(self, user_id: str, *, but: str = "") -> None:
        for session in [s for s in self.sessions.values() if s.user_id == user_id and s.id != but]:
            del self.sessions[session.id]

    def access_token(self, user: User, session: Session) -> str:
        now = int(self.now())
        claims: dict[str, Any] = {
            "iss": f"{self.url}/auth/v1",
            "sub": user.id,
            "aud": "authenticated",
            "exp": now + int(self.settings["JWT_EXP"]),
            "iat": now,
            "email": user.email,
            "phone": "",
            "app_metadata": user.app_metadata,
            "user_metadata": dict(user.metadata),
            "role": "authenticated",
            "aal": session.aal,
            "amr": [{"method": method, "timestamp": int(moment)} for method, moment in session.amr.items()],
            "session_id": session.id,
            "is_anonymous": False,
        }
        if (key := self.signing_key) is not None:
            return jwt.PyJWS().encode(
                json.dumps(claims).encode(), key.private, key.algorithm, {"typ": "JWT", "kid": key.key_id}
            )
        return jwt.encode(claims, self.keys.jwt_secret, "HS256")

    def session_body(self, user: User, session: Session, token: str, *, fresh: bool = False) -> dict[str, Any]:
        lifetime = int(self.settings["JWT_EXP"])
        return {
            "access_token": self.access_token(user, session),
            "token_type": "bearer",
            "expires_in": lifetime,
            "expires_at": int(self.now()) + lifetime,
            "refresh_token": token,
            "user": user.body(fresh=fresh),
        }
