"""The migrations, as Supabase Lite translates it for SQLite, and as PostgreSQL takes it: PGlite, which Lite can run on too."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from local import project
from local.keys import Keys
from local.paths import MIGRATIONS
from local.supabase import LocalSupabase
from tests.support import loopback
from tests.support.browser import PASSWORD, new_email
from tests.support.service import ROOT, free_port

pytestmark = pytest.mark.thorough

SECOND_FACTOR_POLICIES = ROOT / "supabase" / "snippets" / "second_factor_policies.sql"

Start = Callable[..., LocalSupabase]


@pytest.fixture(params=["sqlite-postgres", "pglite"])
def start(request: pytest.FixtureRequest, tmp_path: Path, keys: Keys) -> Iterator[Start]:
    """Starts a Supabase, always on the same data; the one before is stopped."""
    database = {"db.driver": request.param, "db.url": f"file:./supabase/.temp/{request.param}"}
    with ExitStack() as stack:

        def again(migrations: Path = MIGRATIONS) -> LocalSupabase:
            stack.close()
            return stack.enter_context(
                LocalSupabase(tmp_path / "state", free_port(), keys, database, password_cost=4, migrations=migrations)
            )

        yield again


def _ask(
    supabase: LocalSupabase, method: str, path: str, body: object = None, *, token: str | None = None, secret: bool = False
) -> httpx.Response:
    """Ask Supabase itself: as the user of the token, with the secret key, or as nobody."""
    headers = {
        "apikey": supabase.keys.secret_key if secret else supabase.keys.publishable_key,
        "Prefer": "return=representation",
    }
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return loopback.request(method, supabase.url + path, headers=headers, json=body, timeout=30)


def _sign_up(supabase: LocalSupabase, name: object) -> dict[str, Any]:
    """The session of a new user with such a display name."""
    data = {} if name is None else {"display_name": name}
    response = _ask(supabase, "POST", "/auth/v1/signup", {"email": new_email(), "password": PASSWORD, "data": data})
    assert response.status_code == 200
    session: dict[str, Any] = response.json()
    return session


def _names(supabase: LocalSupabase) -> dict[str, str | None]:
    """The display names of all users, by id."""
    rows = _ask(supabase, "GET", "/rest/v1/user_profile?select=id,display_name", secret=True).json()
    return {row["id"]: row["display_name"] for row in rows}


def test_users_from_before_the_migration_get_a_profile(start: Start, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    before = start(migrations=nothing)
    given = ["Ada", "a" * 150, "", None]
    users = [_sign_up(before, name)["user"]["id"] for name in given]
    assert _names(start()) == dict(zip(users, ["Ada", "a" * 100, None, None], strict=True))


def test_a_user_reads_and_changes_the_own_profile_and_no_other(start: Start) -> None:
    supabase = start()
    ada, eve = _sign_up(supabase, "Ada"), _sign_up(supabase, "Eve")
    everybody = "/rest/v1/user_profile?id=not.is.null"
    (own,) = _ask(supabase, "GET", everybody, token=eve["access_token"]).json()
    assert own["id"] == eve["user"]["id"]
    assert _ask(supabase, "GET", everybody).json() == []

    change = {"display_name": "Eva", "created_at": "2000-01-01T00:00:00Z", "updated_at": "2000-01-01T00:00:00Z"}
    (changed,) = _ask(supabase, "PATCH", everybody, change, token=eve["access_token"]).json()
    assert (changed["id"], changed["display_name"]) == (own["id"], "Eva")
    if supabase.overrides["db.driver"] == "pglite":  # Lite translates no trigger that computes
        assert changed["created_at"] == own["created_at"]
        assert changed["updated_at"] >= own["updated_at"]
    for method, body in (("DELETE", None), ("POST", {"id": ada["user"]["id"], "display_name": "Eve"})):
        _ask(supabase, method, everybody, body, token=eve["access_token"])
    assert _names(supabase) == {ada["user"]["id"]: "Ada", eve["user"]["id"]: "Eva"}


def test_no_name_stops_a_sign_up(start: Start) -> None:
    supabase = start()
    given: list[tuple[object, str | None]] = [
        ("a" * 101, "a" * 100),
        ("\U0001f600" * 101, "\U0001f600" * 100),
        (" Ada ", " Ada "),
        ("", None),
        (None, None),
    ]
    if supabase.overrides["db.driver"] == "pglite":
        given += [(5, None), (True, None), (["Ada"], None), ({"first": "Ada"}, None)]
        given += [("\r\nAda\t\u2028 \x85Byron\x07", "Ada   Byron"), ("\n", None), ("\x7f" * 101 + "Ada", "Ada")]
    else:  # Lite has copied the function as it was first into its trigger
        del given[:2]
    users = [_sign_up(supabase, name)["user"]["id"] for name, _ in given]
    assert _names(supabase) == dict(zip(users, [kept for _, kept in given], strict=True))


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[LocalSupabase]:
    """PostgreSQL with what Auth has there and Supabase Lite has not; `over` makes a session end by its time."""
    folder = tmp_path_factory.mktemp("postgresql")
    migrations = folder / "migrations"
    shutil.copytree(MIGRATIONS, migrations)
    (migrations / "20000101000000_auth.sql").write_text("""
        create table auth.mfa_factors (user_id uuid not null, status text not null);
        alter default privileges in schema public grant execute on functions to anon, authenticated, service_role;
        create function public.add_factor(user_id uuid, status text) returns void language sql security definer
            as 'insert into auth.mfa_factors values (user_id, status)';
        create function public.over(session_id uuid) returns void language sql security definer
            as 'update auth.sessions set not_after = now() where id = session_id';
    """)
    (migrations / "20990101000000_policies.sql").write_text(
        """
        create table public.note (owner uuid not null default auth.uid(), said text not null);
        alter table public.note enable row level security;
        grant select, insert, update, delete on public.note to authenticated, service_role;
        create policy own on public.note to authenticated using (owner = auth.uid()) with check (owner = auth.uid());
        """
        + SECOND_FACTOR_POLICIES.read_text().replace("public.your_table", "public.note")
    )
    database = {"db.driver": "pglite", "db.url": "file:./supabase/.temp/pglite"}
    with LocalSupabase(folder / "state", free_port(), keys, database, password_cost=4, migrations=migrations) as supabase:
        yield supabase


def _call(
    supabase: LocalSupabase, function: str, arguments: object = None, *, token: str | None = None, secret: bool = False
) -> httpx.Response:
    """Call a function of the database over the data API."""
    return _ask(supabase, "POST", f"/rest/v1/rpc/{function}", arguments or {}, token=token, secret=secret)


def _sign_in(supabase: LocalSupabase, session: Mapping[str, Any]) -> dict[str, Any]:
    """Another session of the same user."""
    credentials = {"email": session["user"]["email"], "password": PASSWORD}
    response = _ask(supabase, "POST", "/auth/v1/token?grant_type=password", credentials)
    assert response.status_code == 200
    other: dict[str, Any] = response.json()
    return other


def _id(session: Mapping[str, Any]) -> str:
    """The session's id, as the access token says it."""
    claims: dict[str, str] = jwt.decode(session["access_token"], options={"verify_signature": False})
    return claims["session_id"]


def _listed(supabase: LocalSupabase, session: Mapping[str, Any]) -> list[str]:
    return [row["id"] for row in _call(supabase, "list_own_sessions", token=session["access_token"]).json()]


def _end(supabase: LocalSupabase, session: Mapping[str, Any], *, by: Mapping[str, Any]) -> bool:
    response = _call(supabase, "end_own_session", {"session_id": _id(session)}, token=by["access_token"])
    assert response.status_code == 200
    ended: bool = response.json()
    return ended


def test_a_user_lists_the_own_sessions_the_one_used_last_first(postgresql: LocalSupabase) -> None:
    laptop, _ = _sign_up(postgresql, "Ada"), _sign_up(postgresql, "Eve")
    phone = _sign_in(postgresql, laptop)
    assert _listed(postgresql, laptop) == [_id(phone), _id(laptop)]
    refresh = {"refresh_token": laptop["refresh_token"]}
    assert _ask(postgresql, "POST", "/auth/v1/token?grant_type=refresh_token", refresh).status_code == 200
    assert _listed(postgresql, phone) == [_id(laptop), _id(phone)]
    newest, _ = _call(postgresql, "list_own_sessions", token=phone["access_token"]).json()
    assert newest.keys() == {"id", "created_at", "refreshed_at", "user_agent", "ip", "aal", "not_after"}
    assert newest["refreshed_at"] > newest["created_at"]
    assert newest["aal"] == "aal1"


def test_a_session_that_is_ended_is_over_at_once(postgresql: LocalSupabase) -> None:
    laptop = _sign_up(postgresql, "Ada")
    phone = _sign_in(postgresql, laptop)
    assert _end(postgresql, phone, by=laptop)
    assert _ask(postgresql, "GET", "/auth/v1/user", token=phone["access_token"]).is_error
    refresh = {"refresh_token": phone["refresh_token"]}
    assert _ask(postgresql, "POST", "/auth/v1/token?grant_type=refresh_token", refresh).is_error
    assert _listed(postgresql, laptop) == [_id(laptop)]
    assert not _end(postgresql, phone, by=laptop), "it is none any more"


def test_the_session_in_use_can_be_ended_too(postgresql: LocalSupabase) -> None:
    session = _sign_up(postgresql, "Ada")
    assert _end(postgresql, session, by=session)
    assert _listed(postgresql, session) == []


def test_nobody_ends_the_session_of_somebody_else(postgresql: LocalSupabase) -> None:
    ada, eve = _sign_up(postgresql, "Ada"), _sign_up(postgresql, "Eve")
    assert not _end(postgresql, ada, by=eve)
    assert _listed(postgresql, ada) == [_id(ada)]


def test_an_access_token_that_outlives_its_session_lists_and_ends_nothing(postgresql: LocalSupabase) -> None:
    ended = _sign_up(postgresql, "Ada")
    laptop, over = _sign_in(postgresql, ended), _sign_in(postgresql, ended)
    assert _end(postgresql, ended, by=laptop)
    assert _call(postgresql, "over", {"session_id": _id(over)}, secret=True).status_code in {200, 204}
    for stolen in (ended, over):
        assert _listed(postgresql, stolen) == []
        assert not _end(postgresql, laptop, by=stolen)
    assert _listed(postgresql, laptop) == [_id(laptop)], "one that is over is no session"


def test_who_has_a_second_factor_needs_it_to_end_other_sessions(postgresql: LocalSupabase) -> None:
    laptop = _sign_up(postgresql, "Ada")
    phone, tablet = _sign_in(postgresql, laptop), _sign_in(postgresql, laptop)
    factor = {"user_id": laptop["user"]["id"], "status": "unverified"}
    assert _call(postgresql, "add_factor", factor, secret=True).status_code in {200, 204}
    assert _end(postgresql, tablet, by=laptop), "a factor that was never verified is none"
    assert _call(postgresql, "add_factor", factor | {"status": "verified"}, secret=True).status_code in {200, 204}
    refused = _call(postgresql, "end_own_session", {"session_id": _id(phone)}, token=laptop["access_token"])
    assert (refused.status_code, refused.json()["code"], refused.json()["message"]) == (403, "42501", "insufficient_aal")
    assert _end(postgresql, laptop, by=laptop), "to sign out takes none"
    assert _listed(postgresql, phone) == [_id(phone)]


def test_functions_that_the_project_grants_to_everybody_are_taken_back(postgresql: LocalSupabase) -> None:
    session = _sign_up(postgresql, "Ada")
    end = {"session_id": _id(session)}
    for function, arguments in (("list_own_sessions", {}), ("end_own_session", end)):
        for secret in (False, True):
            refused = _call(postgresql, function, arguments, secret=secret)
            assert (refused.status_code, refused.json()["code"]) == (403 if secret else 401, "42501")
    assert _listed(postgresql, session) == [_id(session)]


def test_only_the_secret_key_asks_which_migration_is_applied(postgresql: LocalSupabase) -> None:
    newest = max(MIGRATIONS.glob("*.sql")).name.partition("_")[0]
    assert _call(postgresql, "latchkey_migration", secret=True).json() == newest
    assert _call(postgresql, "latchkey_migration").json()["code"] == "42501"
    token = _sign_up(postgresql, "Ada")["access_token"]
    assert _call(postgresql, "latchkey_migration", token=token).json()["code"] == "42501"


def _note(supabase: LocalSupabase, token: str, said: str) -> int:
    return _ask(supabase, "POST", "/rest/v1/note", {"said": said}, token=token).status_code


def _notes(supabase: LocalSupabase, token: str) -> list[str]:
    return [row["said"] for row in _ask(supabase, "GET", "/rest/v1/note?select=said", token=token).json()]


def test_the_policies_in_the_docs_ask_who_has_a_second_factor_for_it_and_nobody_else(postgresql: LocalSupabase) -> None:
    ada, eve = _sign_up(postgresql, "Ada"), _sign_up(postgresql, "Eve")
    low: str = ada["access_token"]
    assert _note(postgresql, low, "without a factor") in {200, 201}
    factor = {"user_id": ada["user"]["id"], "status": "unverified"}
    assert _call(postgresql, "add_factor", factor, secret=True).status_code in {200, 204}
    assert _note(postgresql, low, "with one that was never verified") in {200, 201}
    assert _call(postgresql, "add_factor", factor | {"status": "verified"}, secret=True).status_code in {200, 204}

    assert _notes(postgresql, low) == []
    assert _note(postgresql, low, "refused") == 403
    for method, body in (("PATCH", {"said": "changed"}), ("DELETE", None)):
        _ask(postgresql, method, "/rest/v1/note?said=not.is.null", body, token=low)

    claims: dict[str, Any] = jwt.decode(low, options={"verify_signature": False})
    raised = jwt.encode(claims | {"aal": "aal2"}, postgresql.keys.jwt_secret, "HS256")
    assert _notes(postgresql, raised) == ["without a factor", "with one that was never verified"]
    assert _note(postgresql, raised, "raised") in {200, 201}
    assert _notes(postgresql, eve["access_token"]) == [], "they allow nothing by themselves"
    assert _note(postgresql, eve["access_token"], "of somebody without a factor") in {200, 201}
    assert _call(postgresql, "second_factor_given").json()["code"] == "42501"


def test_what_needs_postgresql_is_left_out_on_sqlite(tmp_path: Path) -> None:
    def kept(driver: str) -> set[str]:
        directory = project.write(tmp_path / driver, {"db.driver": driver})
        return {migration.name for migration in (directory / "migrations").glob("*.sql")}

    everything = {migration.name for migration in MIGRATIONS.glob("*.sql")}
    assert kept("pglite") == everything
    assert kept("sqlite-postgres") == {"20260801000000_create_user_profile.sql"}
