"""docs/your-api.md, word for word: its three APIs take tokens that are good, and no others."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import jwt
import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support import loopback
from tests.support.browser import Browser
from tests.support.guide import npm_environment, run, served, snippets
from tests.support.project import USER_ID, Project, elliptic
from tests.support.service import ROOT, free_port

pytestmark = pytest.mark.timeout(600)

GO = ROOT / "clients" / "generators" / ".venv" / "go" / "go"
SNIPPETS = snippets(ROOT / "docs" / "your-api.md")
LANGUAGES = [
    pytest.param("FastAPI", marks=pytest.mark.generators),
    pytest.param("Express", marks=pytest.mark.generators),
    pytest.param("Go", marks=pytest.mark.all_generators),
]
StartApi = Callable[[str], str]


@pytest.fixture(scope="module", params=LANGUAGES)
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartApi]:
    """Installs what a section says, once; starts its API with such an .env file, and gives its address."""
    folder = tmp_path_factory.mktemp("my-api")
    env = npm_environment()
    env["PATH"] = os.pathsep.join([env["PATH"], str(GO / "bin")])
    env |= {"GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "HOME": os.environ.get("HOME", str(folder))}
    background = ""
    for snippet in SNIPPETS:
        if snippet.section != request.param:
            continue
        if snippet.note == "background":
            background = snippet.text
        elif snippet.language == "sh":
            run(snippet.text, folder, env)
        else:
            (folder / snippet.note).write_text(snippet.text)
    if request.param == "Go":
        run("go vet .", folder, env)

    with ExitStack() as stack:

        def start(dotenv: str) -> str:
            (folder / ".env").write_text(dotenv)
            port = free_port()
            command = re.sub(r"(--port |PORT=)3000", rf"\g<1>{port}", background)
            stack.enter_context(served(command, folder, env | {"PORT": str(port)}, port))
            return f"http://127.0.0.1:{port}"

        yield start


def ask(api: str, path: str, token: str | None = None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return loopback.request("POST" if path == "/payout" else "GET", api + path, headers=headers, timeout=20)


def test_what_is_no_program_of_the_guide_is_said_to_be_skipped() -> None:
    assert {snippet.section for snippet in SNIPPETS if snippet.note != "skip"} == {"FastAPI", "Express", "Go"}


def test_it_takes_what_the_projects_keys_signed_and_nothing_else(api: StartApi) -> None:
    key, stranger = elliptic("current"), elliptic("of somebody else")
    with Project(key) as project:
        url = api(f"SUPABASE_URL={project.url}\nSUPABASE_PUBLISHABLE_KEY=sb_publishable_1\n")
        assert ask(url, "/hello", project.token()).json() == {"hello": USER_ID}
        by_its_public_key = jwt.encode(project.claims(), "x" * 64, "HS256", {"kid": "current"})
        unsigned = jwt.encode(project.claims(), "", "none", {"kid": "current"})
        refused = {
            "none": None,
            "no token": "hello",
            "another key": project.token(stranger),
            "another key under the name of this one": project.token(stranger, {"kid": "current"}),
            "expired": project.token(exp=1_700_000_000),
            "without an end": project.token(exp=None),
            "another project's": project.token(iss="https://other.supabase.co/auth/v1"),
            "without an issuer": project.token(iss=None),
            "for another audience": project.token(aud="somebody"),
            "of nobody": project.token(sub=None),
            "another algorithm": by_its_public_key,
            "unsigned": unsigned,
        }
        answers = {name: ask(url, "/hello", token).status_code for name, token in refused.items()}
        assert answers == dict.fromkeys(refused, 401)
        assert project.count("/auth/v1/.well-known/jwks.json") <= 3, "a stranger's key ids are not asked about each time"


def test_while_the_keys_cannot_be_had_nobody_is_told_that_a_token_is_bad(api: StartApi) -> None:
    with Project(elliptic("current")) as project:
        project.jwks_status = 500
        url = api(f"SUPABASE_URL={project.url}\nSUPABASE_PUBLISHABLE_KEY=sb_publishable_1\n")
        assert ask(url, "/hello", project.token()).status_code == 503


def test_it_asks_for_a_second_factor_where_it_matters(api: StartApi) -> None:
    with Project(elliptic("current")) as project:
        url = api(f"SUPABASE_URL={project.url}\nSUPABASE_PUBLISHABLE_KEY=sb_publishable_1\n")
        for token in (project.token(), project.token(aal="aal1")):
            refused = ask(url, "/payout", token)
            assert refused.status_code == 403
            assert "auth_mfa_required" in refused.text
        assert ask(url, "/payout", project.token(aal="aal2")).json() == {"paid": USER_ID}


def test_in_development_it_takes_the_embedded_supabases_tokens_and_acts_as_the_user(
    api: StartApi, supabase: LocalSupabase, keys: Keys, signed_in: Browser
) -> None:
    secret = f"SUPABASE_JWT_SECRET={keys.jwt_secret}\n"
    url = api(f"SUPABASE_URL={supabase.url}\nSUPABASE_PUBLISHABLE_KEY={keys.publishable_key}\n{secret}")
    token = signed_in.access_token
    assert token
    user = signed_in.me().json()["user"]
    assert ask(url, "/hello", token).json() == {"hello": user["id"]}
    assert ask(url, "/profile", token).json() == [{"id": user["id"], "display_name": "Ada Lovelace"}]
    assert ask(url, "/payout", token).status_code == 403
    claims = jwt.decode(token, options={"verify_signature": False})
    assert ask(url, "/hello", jwt.encode(claims, "another secret, which has to be long", "HS256")).status_code == 401
    assert ask(url, "/hello", jwt.encode(claims | {"exp": 1_700_000_000}, keys.jwt_secret, "HS256")).status_code == 401
    from_the_page = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "GET"}
    preflight = loopback.options(f"{url}/hello", headers={**from_the_page, "Access-Control-Request-Headers": "authorization"})
    assert preflight.is_success
    assert preflight.headers["access-control-allow-origin"] == "http://localhost:5173"
