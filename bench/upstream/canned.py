"""The users of the benchmark, and the bodies that Supabase would answer about them.

Fields, nesting and sizes are those of GoTrue v2 and PostgREST 12 for a user who signed up with e-mail and password;
`supabase_auth.types` and supabase-js parse them unchanged.
"""

import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

# Longer than any run. Supabase's default is one hour, which a full measurement outlasts.
TOKEN_LIFETIME_SECONDS = 7 * 24 * 3600

# So many are signed in at once, each with a token of their own.
USERS: Final = 1000

BIG_USER: Final = "b1900000-0000-4000-8000-000000000000"  # about whom Supabase says far too much
KEY_ID: Final = "0c7f3ab9-4e61-487f-8a3c-5e9b81d2647a"
_CREATED_AT = "2026-01-14T09:26:53.589793Z"


def _token() -> str:
    """A refresh token in GoTrue's shape: 12 lower-case characters."""
    return secrets.token_hex(6)


@dataclass(frozen=True)
class Canned:
    """A project's keys and its signed-in users, all made up anew for each run. The first of `user_ids` is who signs in.

    The project signs with ES256, as new hosted ones do, and still takes tokens of its older shared secret.
    """

    jwt_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    publishable_key: str = field(default_factory=lambda: f"sb_publishable_{secrets.token_urlsafe(24)}")
    secret_key: str = field(default_factory=lambda: f"sb_secret_{secrets.token_urlsafe(24)}")
    signing_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user_ids: tuple[str, ...] = field(default_factory=lambda: tuple(str(uuid.uuid4()) for _ in range(USERS)))
    factor_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    issued_at: int = field(default_factory=lambda: int(time.time()))
    email: str = "ada.lovelace@example.com"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    display_name: str = "Ada Lovelace"
    refresh_token: str = field(default_factory=_token)
    rotated_refresh_token: str = field(default_factory=_token)

    @property
    def user_id(self) -> str:
        """The user who signs in."""
        return self.user_ids[0]

    def jwks(self) -> dict[str, object]:
        """The public half of the signing key (RFC 7517), as the project publishes it."""
        jwk = ECAlgorithm.to_jwk(self.signing_key.public_key(), as_dict=True)
        return {"keys": [{**jwk, "kid": KEY_ID, "alg": "ES256", "use": "sig", "key_ops": ["verify"], "ext": True}]}

    def access_token(self, supabase_url: str, user_id: str | None = None, *, aal: str = "aal1") -> str:
        """A user's access token (ES256), issued by the project at `supabase_url`."""
        claims = self._claims(supabase_url, user_id or self.user_id, aal)
        return jwt.encode(claims, self.signing_key, algorithm="ES256", headers={"kid": KEY_ID})

    def hs256_token(self, supabase_url: str) -> str:
        """The same by the project's shared secret."""
        return jwt.encode(self._claims(supabase_url, self.user_id, "aal1"), self.jwt_secret, algorithm="HS256")

    def tokens(self, supabase_url: str) -> dict[str, str]:
        """The access tokens of all users, and whose each is."""
        return {self.access_token(supabase_url, user_id): user_id for user_id in self.user_ids}

    def _claims(self, supabase_url: str, user_id: str, aal: str) -> dict[str, object]:
        return {
            "iss": f"{supabase_url}/auth/v1",
            "sub": user_id,
            "aud": "authenticated",
            "exp": self.issued_at + TOKEN_LIFETIME_SECONDS,
            "iat": self.issued_at,
            "email": self.email,
            "phone": "",
            "app_metadata": {"provider": "email", "providers": ["email"]},
            "user_metadata": self._user_metadata(),
            "role": "authenticated",
            "aal": aal,
            "amr": [{"method": "password", "timestamp": self.issued_at}],
            "session_id": self.session_id,
            "is_anonymous": False,
        }

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
        """What GoTrue answers to POST /token and POST /verify."""
        return {
            "access_token": self.access_token(supabase_url),
            "token_type": "bearer",
            "expires_in": TOKEN_LIFETIME_SECONDS,
            "expires_at": self.issued_at + TOKEN_LIFETIME_SECONDS,
            "refresh_token": refresh_token,
            "user": self.user(),
            "weak_password": None,
        }

    def challenge(self) -> dict[str, object]:
        """What GoTrue answers to POST /factors/{id}/challenge."""
        return {"id": str(uuid.uuid4()), "type": "totp", "expires_at": self.issued_at + 300}

    def stepped_up_session(self, supabase_url: str) -> dict[str, object]:
        """What GoTrue answers to POST /factors/{id}/verify."""
        session = self.session(supabase_url, self.rotated_refresh_token)
        del session["weak_password"]
        return session | {
            "access_token": self.access_token(supabase_url, aal="aal2"),
            "user": self.user() | {"factors": [self._factor()]},
        }

    def own_sessions(self) -> list[dict[str, object]]:
        """What PostgREST answers to the function list_own_sessions: three devices."""
        ids = [self.session_id, *(str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.session_id}{number}")) for number in (1, 2))]
        return [
            {
                "id": session_id,
                "created_at": "2026-01-14T09:26:53.589793+00:00",
                "refreshed_at": "2026-02-03T17:04:11.124411+00:00",
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "ip": "203.0.113.7",
                "aal": "aal1",
                "not_after": None,
            }
            for session_id in ids
        ]

    def profile(self) -> dict[str, object]:
        """The user's row in public.user_profile."""
        return {
            "id": self.user_id,
            "display_name": self.display_name,
            "created_at": "2026-01-14T09:26:53.589793+00:00",
            "updated_at": "2026-01-14T09:26:53.589793+00:00",
        }

    def _factor(self) -> dict[str, object]:
        return {
            "id": self.factor_id,
            "created_at": _CREATED_AT,
            "updated_at": _CREATED_AT,
            "status": "verified",
            "friendly_name": "phone",
            "factor_type": "totp",
            "phone": "",
            "last_challenged_at": _CREATED_AT,
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
