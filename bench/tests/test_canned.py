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


def test_the_access_token_verifies_with_the_projects_secret() -> None:
    canned = Canned()
    claims = jwt.decode(
        canned.access_token(URL), canned.jwt_secret, algorithms=["HS256"], audience="authenticated", issuer=f"{URL}/auth/v1"
    )
    assert claims["sub"] == canned.user_id


def test_no_two_runs_share_a_secret() -> None:
    assert Canned().jwt_secret != Canned().jwt_secret
