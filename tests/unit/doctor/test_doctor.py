"""`latchkey doctor`: one line for each thing, what to do where something is to do, no secret, and an exit status."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support import leaks
from tests.support.browser import PASSWORD, Browser, new_email
from tests.support.captcha import CaptchaProject, Siteverify
from tests.support.service import ROOT, ServiceProcess, development_env, free_port

HEALTH = {"version": "v2.196.0", "name": "GoTrue"}
WELL = {
    "/auth/v1/health": (200, HEALTH),
    "/auth/v1/settings": (200, {"external": {}}),
    "/auth/v1/admin/users/00000000-0000-0000-0000-000000000000": (404, {"code": "user_not_found"}),
    "/rest/v1/user_profile": (200, []),
    "/rest/v1/rpc/latchkey_migration": (200, "20260901000100"),
    "/auth/v1/.well-known/jwks.json": (200, {"keys": []}),
    "/auth/v1/.well-known/openid-configuration": (200, {"issuer": "ISSUER"}),
    "/auth/v1/verify": (303, {}),
}


class Real(CaptchaProject):
    """Answers as the real Supabase does what the doctor asks. `allowed` is where its mails' links may lead, and `site`
    where they do else."""

    def __init__(self) -> None:
        super().__init__(wants_captcha=False)
        self.answers: dict[str, tuple[int, Any]] = dict(WELL)
        self.allowed = "http://localhost:5173/account/"
        self.site = "http://localhost:5173"
        self.keys_seen: dict[str, str] = {}

    def answer(self, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        path = target.partition("?")[0]
        self.keys_seen[path] = headers["apikey"]
        if path not in self.answers:
            return super().answer(target, headers, body)
        status, said = self.answers[path]
        return status, {"issuer": f"{self.url}/auth/v1"} if said == {"issuer": "ISSUER"} else said

    def headers_for(self, target: str) -> dict[str, str]:
        """What goes out beside the answer."""
        if not target.startswith("/auth/v1/verify"):
            return {}
        [wanted] = parse_qs(target.partition("?")[2])["redirect_to"]
        where = wanted if wanted.startswith(self.allowed) else self.site
        error = "error=access_denied&error_code=otp_expired"
        return {"Location": f"{where}{'&' if '?' in where else '?'}{error}#{error}"}


@pytest.fixture
def project() -> Iterator[Real]:
    with Real() as running:
        yield running


def doctor(url: str, keys: Keys, folder: Path, settings: Mapping[str, str | None] | None = None) -> tuple[int, dict[str, str]]:
    """The exit status, and each line by its subject. No secret is in what it prints."""
    wanted = {**development_env(url, keys, free_port()), **(settings or {})}
    environment = {name: value for name, value in wanted.items() if value is not None}
    leaks.remember_settings(environment.items())
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-m", "service", "doctor"],
        cwd=folder, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **coverage, **environment},
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert leaks.kinds_found(done.stdout + done.stderr) == []
    *lines, last = done.stdout.splitlines()
    assert (last == "All is well.") == (done.returncode == 0)
    found: dict[str, str] = {}
    for line in lines:
        assert line[:5] in ("ok   ", "note ", "todo "), line
        level, subject, text = line[:5].strip(), line[6:28].strip(), line[29:]
        found.setdefault(subject, f"{level}: {text}")
    assert (done.returncode == 0) == all(not text.startswith("todo") for text in found.values()), done.stdout
    return done.returncode, found


def test_where_all_is_well_nothing_is_to_do(project: Real, keys: Keys, tmp_path: Path) -> None:
    status, found = doctor(project.url, keys, tmp_path)
    assert status == 0, found
    assert set(found) == {
        "CORS_ORIGINS", "SUPABASE_URL", "clock", "PUBLISHABLE_KEY", "SECRET_KEY", "migration", "session functions",
        "token signing", "token issuer", "mail templates", "site URL", "redirect allow-list",
        "FORWARD_CLIENT_IP", "CAPTCHA", "tokens",
    }  # fmt: skip
    assert "all users share" in found["FORWARD_CLIENT_IP"]
    secret = [path for path, key in project.keys_seen.items() if key.startswith("sb_secret_")]
    assert sorted(secret) == [path for path in sorted(WELL) if "/rest/" in path or "/admin/" in path]


ADMIN = "/auth/v1/admin/users/00000000-0000-0000-0000-000000000000"
Answers = dict[str, tuple[int, Any]]
# Each starts a program: what can be wrong at the same time is in one. What is asked, what is set, and what is to do for it.
ROUNDS: dict[str, tuple[Answers, dict[str, str | None], dict[str, str]]] = {
    "no such project": ({"/auth/v1/health": (404, {})}, {}, {"SUPABASE_URL": "no Supabase Auth at that address"}),
    "another project's key": ({"/auth/v1/health": (401, {})}, {}, {"SUPABASE_URL": "publishable key is refused"}),
    "down": ({"/auth/v1/health": (503, {})}, {}, {"SUPABASE_URL": "HTTP 503"}),
    "everything at once": (
        {
            "/auth/v1/settings": (401, {}),
            ADMIN: (403, {"code": "not_admin"}),
            "/rest/v1/user_profile": (404, {"code": "PGRST205"}),
            "/rest/v1/rpc/latchkey_migration": (404, {"code": "PGRST202"}),
            "/auth/v1/.well-known/openid-configuration": (200, {"issuer": "https://auth.example.com/auth/v1"}),
        },
        {
            "SUPABASE_JWT_SECRET": None,
            "SUPABASE_JWT_AUDIENCE": "authenticated\n",
            "CORS_ORIGINS": "https://app.example.com",
            "FRONTEND_URL": "https://app.example.com/app",
            "CORS_ORIGIN": "https://app.example.com",
            "WANTS": "yes",
            "DATE": formatdate(time.time() - 300, usegmt=True),
        },
        {
            "CORS_ORIGIN": "CORS_ORIGINS meant",
            "SUPABASE_JWT_AUDIENCE": "write it without",
            "clock": "ahead of Supabase's",
            "PUBLISHABLE_KEY": "is refused",
            "SECRET_KEY": "is refused",
            "migration": "apply supabase/migrations",
            "session functions": "apply supabase/migrations",
            "token signing": "set SUPABASE_JWT_SECRET",
            "token issuer": "set SUPABASE_JWT_ISSUER",
            "site URL": "is http://localhost:5173 there, and the front end is https://app.example.com/app",
            "redirect allow-list": "add https://app.example.com/app/account/**",
            "CAPTCHA": "set CAPTCHA=upstream",
        },
    ),
    "the other way": (
        {"/rest/v1/user_profile": (503, {}), "/rest/v1/rpc/latchkey_migration": (200, "20250101000000")},
        {
            "CAPTCHA": "upstream",
            "FORWARD_CLIENT_IP": "true",
            "SUPABASE_SECRET_KEY": "an-older-key-of-the-test",
            "ALLOWED": "http",
        },
        {
            "migration": "data API does not answer",
            "session functions": "older",
            "CAPTCHA": "switch it on there",
            "redirect allow-list": "takes any address",
            "FORWARD_CLIENT_IP": "newer form",
        },
    ),
}


@pytest.mark.parametrize("name", ROUNDS)
def test_what_is_to_do_is_said_in_its_own_line(project: Real, keys: Keys, tmp_path: Path, name: str) -> None:
    answers, settings, expected = ROUNDS[name]
    settings = dict(settings)
    project.answers |= answers
    project.wants_captcha = settings.pop("WANTS", None) == "yes"
    project.allowed = settings.pop("ALLOWED", None) or project.allowed
    project.date = settings.pop("DATE", None) or ""
    status, found = doctor(project.url, keys, tmp_path, settings)
    assert status == 1
    assert {subject for subject, text in found.items() if text.startswith("todo")} == set(expected)
    for subject, text in expected.items():
        assert text in found[subject]


def test_nobody_answers_at_all(keys: Keys, tmp_path: Path) -> None:
    status, found = doctor(f"http://127.0.0.1:{free_port()}", keys, tmp_path)
    assert status == 1
    assert "no answer" in found["SUPABASE_URL"]


@pytest.mark.parametrize(
    ("secret", "broken", "line"),
    [
        ("right-secret-81f2", None, "ok: the provider knows it"),
        ("wrong-secret-81f2", None, "todo: the provider does not know it"),
        pytest.param("right-secret-81f2", (500, {}), "todo: cannot be checked", marks=pytest.mark.thorough),
        pytest.param("right-secret-81f2", (200, {"success": True}), "todo: is a test secret", marks=pytest.mark.thorough),
    ],
)
def test_the_captcha_s_secret_is_tried(
    project: Real, keys: Keys, tmp_path: Path, secret: str, broken: tuple[int, Any] | None, line: str
) -> None:
    project.wants_captcha = True
    with Siteverify("right-secret-81f2") as provider:
        provider.broken = broken
        here = {"CAPTCHA": "here", "CAPTCHA_PROVIDER": "turnstile", "CAPTCHA_SECRET": secret}
        _, found = doctor(project.url, keys, tmp_path, here | {"CAPTCHA_VERIFY_URL": provider.verify_url})
    assert found["CAPTCHA_SECRET"].startswith(line)
    assert found["CAPTCHA"].startswith("ok: is here")


def test_on_the_embedded_supabase_a_real_token_is_tried(
    service: ServiceProcess, supabase: LocalSupabase, keys: Keys, tmp_path: Path
) -> None:
    email = new_email()
    assert Browser(service.url).sign_up(email).status_code == 200
    user = {"DOCTOR_EMAIL": email, "DOCTOR_PASSWORD": PASSWORD}
    _, found = doctor(supabase.url, keys, tmp_path, user)
    for subject in ("SUPABASE_URL", "clock", "PUBLISHABLE_KEY", "migration", "token signing", "CAPTCHA", "tokens"):
        assert found[subject].startswith(("ok: ", "todo: have no amr" if subject == "tokens" else "ok: ")), found
    assert found["session functions"].startswith("note: ")
    assert found["SECRET_KEY"].startswith("note: ")
    wrong = {"SUPABASE_JWT_SECRET": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"}
    _, found = doctor(supabase.url, keys, tmp_path, user | wrong)
    assert found["tokens"].startswith("todo: "), found
    assert "SUPABASE_JWT_SECRET" in found["tokens"]


def test_settings_that_are_refused_are_told_as_at_the_start(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "APP_ENV": "production"}
    done = subprocess.run(
        [sys.executable, "-m", "service", "doctor"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "SUPABASE_URL: is not set" in done.stderr
