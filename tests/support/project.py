"""A Supabase project that signs its tokens with public keys, which the embedded one cannot: it speaks HTTP, and keeps count.

It answers what the operations for a user need, and nothing of what a project decides: that is the embedded Supabase's part.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Thread
from types import TracebackType
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.support.answering import AnsweringServer
from tests.support.background import is_readiness

USER_ID = "0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11"
EMAIL = "ada@example.com"

_SESSION_GONE = {"code": 403, "error_code": "session_not_found", "msg": "Session from session_id claim in JWT does not exist"}

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; `jwk` is its public half, as a project publishes it."""

    key_id: str
    algorithm: str
    private: PrivateKey = field(repr=False)

    @property
    def jwk(self) -> dict[str, Any]:
        public = self.private.public_key()
        if isinstance(public, EllipticCurvePublicKey):
            jwk = ECAlgorithm.to_jwk(public, as_dict=True)
        else:
            jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
        return {**jwk, "kid": self.key_id, "alg": self.algorithm, "use": "sig"}


def elliptic(key_id: str) -> SigningKey:
    return SigningKey(key_id, "ES256", ec.generate_private_key(ec.SECP256R1()))


def rsa_key(key_id: str) -> SigningKey:
    return SigningKey(key_id, "RS256", rsa.generate_private_key(65_537, 2_048))


@dataclass(frozen=True, slots=True)
class Request:
    """What the service asked for; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


class Project:
    """Start it with `with`. `keys` are published; `requests` lists what came, in order, without what readiness asks.

    `ended` are the tokens whose session is over.
    """

    def __init__(self, *keys: SigningKey) -> None:
        self.keys = list(keys)
        self.jwks_status = 200
        self.ended: set[str] = set()
        self.requests: list[Request] = []
        project = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.partition("?")[0]
                headers = {name.lower(): value for name, value in self.headers.items()}
                if not is_readiness(self.path):
                    project.requests.append(Request(self.command, path, headers))
                ended = path == "/auth/v1/user" and headers.get("authorization", "").removeprefix("Bearer ") in project.ended
                status, body = (403, _SESSION_GONE) if ended else project.answer(path)
                payload = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that http.server looks for

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                """Nothing to say."""

        self._server = AnsweringServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.issuer = f"{self.url}/auth/v1"

    def claims(self, **changed: Any) -> dict[str, Any]:
        """What an access token says; a claim that is None is left out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "authenticated",
            "sub": USER_ID,
            "role": "authenticated",
            "email": EMAIL,
            "session_id": "9c2f2a2e-7d4b-4c1a-8f6e-3b1d5e7f9a10",
            "iat": now,
            "exp": now + 3_600,
        }
        return {name: value for name, value in (claims | changed).items() if value is not None}

    def token(self, key: SigningKey | None = None, headers: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """An access token, signed with the first of the keys unless another one is given."""
        key = key or self.keys[0]
        payload = json.dumps(self.claims(**claims)).encode()  # as it is: jwt.encode would refuse the odder ones
        return jwt.PyJWS().encode(payload, key.private, key.algorithm, {"typ": "JWT", "kid": key.key_id, **(headers or {})})

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(request.path == path for request in self.requests)

    def answer(self, path: str) -> tuple[int, Any]:
        user = {
            "id": USER_ID,
            "aud": "authenticated",
            "role": "authenticated",
            "email": EMAIL,
            "app_metadata": {},
            "user_metadata": {},
            "created_at": "2026-01-01T00:00:00Z",
        }
        match path:
            case "/auth/v1/.well-known/jwks.json":
                return self.jwks_status, {"keys": [key.jwk for key in self.keys]}
            case "/auth/v1/user":
                return 200, user
            case "/auth/v1/token" | "/auth/v1/signup":
                session = {
                    "access_token": self.token(),
                    "refresh_token": "refresh-token-of-the-project",
                    "token_type": "bearer",
                }
                return 200, {**session, "expires_in": 3_600, "user": user}
            case "/rest/v1/user_profile":
                return 200, [{"id": USER_ID, "display_name": "Ada"}]
            case _:
                return 200, {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
