"""The mails: what they lead to, and how a hosted project gets them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import Any

import pytest

from tests.support.answering import AnsweringServer
from tools import templates

TOKEN = "sbp_of-the-tests"
REFERENCE = "abcdefghijklmnopqrst"


class ManagementApi:
    """Answers as Supabase's Management API does for one project. `changes` are the bodies of PATCH, in order."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {
            "site_url": "https://app.example.com",
            "smtp_pass": "secret-of-the-project",
            "mailer_subjects_recovery": "Reset Your Password",
            "mailer_templates_recovery_content": '<a href="{{ .ConfirmationURL }}">Reset</a>',
            "mailer_subjects_invite": None,
        }
        self.changes: list[dict[str, Any]] = []
        self.deaf = False
        api = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, said = api.answer(self.command, self.path, self.headers.get("Authorization"), body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(said).encode())

            do_GET = do_PATCH = answer  # noqa: N815 - the names that http.server looks for

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                """Nothing to say."""

        self.server = AnsweringServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, method: str, path: str, authorization: str | None, body: bytes) -> tuple[int, Any]:
        if authorization != f"Bearer {TOKEN}":
            return 401, {"message": "Unauthorized"}
        if path != f"/v1/projects/{REFERENCE}/config/auth":
            return 404, {"message": "Project not found"}
        if method == "PATCH":
            self.changes.append(json.loads(body))
            if not self.deaf:
                self.settings |= self.changes[-1]
        return 200, self.settings


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ManagementApi]:
    monkeypatch.setenv("SUPABASE_ACCESS_TOKEN", TOKEN)
    running = ManagementApi()
    thread = Thread(target=running.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield running
    running.server.shutdown()
    thread.join()
    running.server.server_close()


def _run(api: ManagementApi, *arguments: str) -> int:
    return templates.main(["--project", REFERENCE, "--api", api.url, *arguments])


def test_what_would_change_is_shown_and_nothing_is_changed(api: ManagementApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(api) == 0
    shown = capsys.readouterr().out
    assert "-Reset Your Password\n+Choose a new password\n" in shown
    assert '-<a href="{{ .ConfirmationURL }}">Reset</a>' in shown
    assert "+You are invited" in shown
    assert shown.endswith(f"Nothing is changed yet. To do it: python -m tools.templates --project {REFERENCE} --apply\n")
    assert api.changes == []


def test_all_mails_are_put_there_and_nothing_else(api: ManagementApi, capsys: pytest.CaptureFixture[str]) -> None:
    before = dict(api.settings)
    assert _run(api, "--apply") == 0
    assert api.settings == before | templates.wanted()
    assert len(api.changes) == 1
    assert _run(api, "--apply") == 0
    assert len(api.changes) == 1, "what is there already is left alone"
    said = capsys.readouterr()
    assert said.out.endswith("The project has these mails already.\n")
    for secret in (TOKEN, "secret-of-the-project"):
        assert secret not in said.out + said.err


def test_a_project_that_ignores_a_change_is_told(api: ManagementApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.deaf = True
    assert _run(api, "--apply") == 1
    assert "did not take over: mailer_subjects_confirmation" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("site_url", "told"),
    [("https://app.example.com/", "ends with a slash"), ("http://localhost:3000", "lead nowhere"), ("", "lead nowhere")],
)
def test_an_address_where_links_would_lead_nowhere_is_told(
    api: ManagementApi, capsys: pytest.CaptureFixture[str], site_url: str, told: str
) -> None:
    api.settings["site_url"] = site_url
    assert _run(api) == 0
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("token", "reference", "told"),
    [
        ("", REFERENCE, "Set SUPABASE_ACCESS_TOKEN"),
        ("sbp_wrong", REFERENCE, "is not accepted"),
        (TOKEN, "tsrqponmlkjihgfedcba", "none that this access token may change"),
        (TOKEN, f"https://{REFERENCE}.supabase.co", "--project is the reference"),
        (TOKEN, "../x", "--project is the reference"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(
    api: ManagementApi,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    token: str,
    reference: str,
    told: str,
) -> None:
    monkeypatch.setenv("SUPABASE_ACCESS_TOKEN", token)
    assert templates.main(["--project", reference, "--api", api.url, "--apply"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert told in said.err
    assert api.changes == []


def test_an_api_that_is_away_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SUPABASE_ACCESS_TOKEN", TOKEN)
    assert templates.main(["--project", REFERENCE, "--api", "http://127.0.0.1:9"]) == 1
    assert capsys.readouterr().err == "127.0.0.1:9 does not answer: ConnectError.\n"


MAILS = {"confirmation", "invite", "magic_link", "recovery", "email_change", "reauthentication"}
TYPES = {
    "confirmation": "signup",
    "invite": "invite",
    "magic_link": "magiclink",
    "recovery": "recovery",
    "email_change": "email_change",
}


def test_every_mail_has_a_template() -> None:
    names = {match[1] for name in templates.wanted() if (match := re.fullmatch(r"mailer_templates_(\w+)_content", name))}
    assert names == MAILS
    assert {name for name in templates.wanted() if name.startswith("mailer_subjects_")} == {
        f"mailer_subjects_{name}" for name in MAILS
    }


@pytest.mark.parametrize("name", sorted(MAILS))
def test_a_mail_leads_to_the_front_end_only_and_hides_the_hash_from_servers(name: str) -> None:
    content = templates.wanted()[f"mailer_templates_{name}_content"]
    page = "{{ if eq .RedirectTo .SiteURL }}{{ .SiteURL }}/account/confirm{{ else }}{{ .RedirectTo }}{{ end }}"
    links = [f"{page}#token_hash={{{{ .TokenHash }}}}&amp;type={TYPES[name]}"] if name in TYPES else []
    assert re.findall(r'href="([^"]*)"', content) == links
    assert content.count(">{{ .Token }}<") == 1
    # ConfirmationURL ends in a session or a code; Data is what anybody wrote who signed up.
    assert set(re.findall(r"\.([A-Z]\w+) ", content)) <= {"RedirectTo", "SiteURL", "TokenHash", "Token", "NewEmail"}


@pytest.mark.parametrize("name", sorted(MAILS))
def test_a_mail_brings_all_it_needs_and_asks_no_host(name: str) -> None:
    content = templates.wanted()[f"mailer_templates_{name}_content"]
    assert re.findall(r"<(?:img|script|link|iframe|form)\b|url\(|@import", content) == []
    assert '<meta name="color-scheme" content="light dark">' in content
    assert content.count("prefers-color-scheme: dark") == 1
    assert len(content) < 10_000, "mail clients cut what is longer than 100 kB; this is far from it"
    heads = {
        templates.wanted()[f"mailer_templates_{other}_content"].partition("</style>")[0].partition("<style>")[2]
        for other in MAILS
    }
    assert len(heads) == 1, "all look the same"
