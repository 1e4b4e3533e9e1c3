"""The one user of the benchmark, and the bodies that Supabase would answer about that user.

Fields, nesting and sizes are those of GoTrue v2 and PostgREST 12 for a user who signed up with e-mail and password;
`supabase_auth.types` and supabase-js parse them unchanged.
"""

import json
import secrets
import time
import uuid
from dataclasses import dataclass, field

import jwt

# Longer than any run. Supabase's default is one hour, which a full measurement outlasts.
TOKEN_LIFETIME_SECONDS = 7 * 24 * 3600

_CREATED_AT = "2026-01-14T09:26:53.589793Z"


def _token() -> str:
    """A refresh token in GoTrue's shape: 12 lower-case characters."""
    return secrets.token_hex(6)


@dataclass(frozen=True)
class Canned:
    """A project's keys and one signed-in user of it, all made up anew for each run."""

    jwt_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    publishable_key: str = field(default_factory=lambda: f"sb_publishable_{secrets.token_urlsafe(24)}")
    secret_key: str = field(default_factory=lambda: f"sb_secret_{secrets.token_urlsafe(24)}")
    user_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    issued_at: int = field(default_factory=lambda: int(time.time()))
    email: str = "ada.lovelace@example.com"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    display_name: str = "Ada Lovelace"
    refresh_token: str = field(default_factory=_token)
    rotated_refresh_token: str = field(default_factory=_token)

    def access_token(self, supabase_url: str) -> str:
        """The user's access token (HS256), issued by the project at `supabase_url`."""
        claims = {
            "iss": f"{supabase_url}/auth/v1",
            "sub": self.user_id,
            "aud": "authenticated",
            "exp": self.issued_at + TOKEN_LIFETIME_SECONDS,
            "iat": self.issued_at,
            "email": self.email,
            "phone": "",
            "app_metadata": {"provider": "email", "providers": ["email"]},
            "user_metadata": self._user_metadata(),
            "role": "authenticated",
            "aal": "aal1",
            "amr": [{"method": "password", "timestamp": self.issued_at}],
            "session_id": self.session_id,
            "is_anonymous": False,
        }
        return jwt.encode(claims, self.jwt_secret, algorithm="HS256")

    def user(self) -> dict[str, object]:
        """What GoTrue answers to GET /user."""
        return {
            "id": self.user_id,
            "aud": "authenticated",
            "role": "authenticated",
            "email": self.email,
            "email_confirmed_at": _CREATED_AT,
            "phone": "",
            "confirmed_at": _CREATED_AT,
            "last_sign_in_at": "2026-02-03T17:04:11.120394Z",
            "app_metadata": {"provider": "email", "providers": ["email"]},
            "user_metadata": self._user_metadata(),
            "identities": [
                {
                    "identity_id": str(uuid.uuid5(uuid.NAMESPACE_URL, self.user_id)),
                    "id": self.user_id,
                    "user_id": self.user_id,
                    "identity_data": self._user_metadata(),
                    "provider": "email",
                    "last_sign_in_at": _CREATED_AT,
                    "created_at": _CREATED_AT,
                    "updated_at": _CREATED_AT,
                    "email": self.email,
                }
            ],
            "created_at": _CREATED_AT,
            "updated_at": "2026-02-03T17:04:11.124411Z",
            "is_anonymous": False,
        }

    def session(self, supabase_url: str, refresh_token: str) -> dict[str, object]:
        """What GoTrue answers to POST /token."""
        return {
            "access_token": self.access_token(supabase_url),
            "token_type": "bearer",
            "expires_in": TOKEN_LIFETIME_SECONDS,
            "expires_at": self.issued_at + TOKEN_LIFETIME_SECONDS,
            "refresh_token": refresh_token,
            "user": self.user(),
            "weak_password": None,
        }

    def profile(self) -> dict[str, object]:
        """The user's row in public.user_profile."""
        return {
            "id": self.user_id,
            "display_name": self.display_name,
            "created_at": "2026-01-14T09:26:53.589793+00:00",
            "updated_at": "2026-01-14T09:26:53.589793+00:00",
        }

    def _user_metadata(self) -> dict[str, object]:
        return {
            "display_name": self.display_name,
            "email": self.email,
            "email_verified": True,
            "phone_verified": False,
            "sub": self.user_id,
        }


def compact(body: object) -> str:
    """JSON without spaces, as GoTrue and PostgREST write it."""
    return json.dumps(body, separators=(",", ":"))
