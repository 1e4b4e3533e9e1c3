import json

import jwt
from supabase_auth.types import Session, User

from bench.upstream.canned import Canned, compact

URL = "http://127.0.0.1:54321"


def test_a_session_parses_as_supabase_auths_own() -> None:
    canned = Canned()
    session = Session.model_validate_json(compact(canned.session(URL, canned.refresh_token)))
    assert session.user == User.model_validate(json.loads(compact(canned.user())))
    assert session.user.identities
    assert session.refresh_token == canned.refresh_token


def test_the_tokens_verify_with_the_published_key_and_with_the_shared_secret() -> None:
    canned = Canned(user_ids=("1", "2"))
    published = jwt.PyJWKSet.from_dict(canned.jwks()).keys[0]
    assert [whose(token, published, "ES256") for token in canned.tokens(URL)] == ["1", "2"]
    assert whose(canned.hs256_token(URL), canned.jwt_secret, "HS256") == "1"


def whose(token: str, key: jwt.PyJWK | str, algorithm: str) -> str:
    claims = jwt.decode(token, key, algorithms=[algorithm], audience="authenticated", issuer=f"{URL}/auth/v1")
    user_id: str = claims["sub"]
    return user_id


def test_no_two_runs_share_a_secret() -> None:
    assert Canned().jwt_secret != Canned().jwt_secret
