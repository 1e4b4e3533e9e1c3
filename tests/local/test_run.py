"""What `make run`, `make outage` and `make reset` do once everything is installed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jwt
import pytest

from local import env_file
from local.keys import load_or_create
from local.ports import PortTakenError, require_free
from local.reset import reset
from local.supabase import LocalSupabase
from tests.support import leaks, loopback
from tests.support.browser import Browser, new_email
from tests.support.programs import executable
from tests.support.service import ROOT, free_port

pytestmark = pytest.mark.thorough

_OUTAGE = """
import sys
from pathlib import Path
from local.outage import outage
sys.exit(outage(Path(sys.argv[1]), sys.argv[2]))
"""
_RUN = """
import sys
from pathlib import Path
from local.run import run
sys.exit(run(Path(sys.argv[1]), Path("no.env")))
"""


class Run:
    """`make run` on a state folder of its own. `port`, `supabase_port` and `mailbox_port` are where it serves."""

    def __init__(self, state: Path, settings: dict[str, str]) -> None:
        self.state = state
        self.port, self.supabase_port, self.mailbox_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.mailbox_url = f"http://127.0.0.1:{self.mailbox_port}"
        ports = {
            "PORT": str(self.port),
            "SUPABASE_LOCAL_PORT": str(self.supabase_port),
            "MAILBOX_PORT": str(self.mailbox_port),
        }
        self._output = state.with_suffix(".output")
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _RUN, str(state)],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "HOME": str(state)} | ports | settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        """All that it printed so far."""
        return self._output.read_text()

    def until_ready(self) -> Self:
        """Wait until it says that it is."""
        deadline = time.monotonic() + 60
        while "Ctrl-C stops everything." not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)
        return self

    def ends(self) -> int:
        """Wait for the end of it; returns its exit status."""
        return self.process.wait(60)

    def processes(self) -> list[Path]:
        """All that it started, as the system lists them. Only on Linux."""
        found = [Path(f"/proc/{self.process.pid}")]
        for process in found:  # which grows meanwhile
            children = (process / "task" / process.name / "children").read_text().split()
            found += [Path(f"/proc/{pid}") for pid in children]
        return found[1:]

    def left_nothing(self) -> bool:
        """Whether nobody listens on its ports any more."""
        try:
            require_free(self.port)
            require_free(self.supabase_port)
            require_free(self.mailbox_port)
        except PortTakenError:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.process.terminate()
        self.process.wait(60)
        leaks.remember("key of development", *asdict(load_or_create(self.state)).values())
        assert leaks.kinds_found(self.output) == []


StartRun = Callable[..., Run]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartRun]:
    """Starts `make run`, each time on the same state folder."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Run(tmp_path / "state", settings))


def _paste(text: str) -> list[Any]:
    """What each line of curl prints."""
    curl = Path(executable("curl"))
    shell = subprocess.run(
        ["/bin/sh"], input=text, env={"PATH": f"{curl.parent}:/usr/bin:/bin"},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert shell.stderr == ""
    return [json.loads(line) for line in shell.stdout.strip().splitlines()]


def _printed(run: Run) -> tuple[str, str]:
    """The lines to paste: those of the first minute, and those of a recovery."""
    lines = run.output.partition("(paste into another terminal):")[2].partition("Ctrl-C")[0]
    first, _, recovery = lines.partition("Forget a password")
    return first, recovery.partition("\n")[2]


def test_what_it_prints_signs_up_and_in_when_pasted_and_signs_in_when_pasted_again(start: StartRun) -> None:
    run = start().until_ready()
    assert re.search(rf"^  API +{re.escape(run.url)}$", run.output, re.MULTILINE)
    page = re.search(r"^  Swagger UI +(\S+)$", run.output, re.MULTILINE)
    assert page is not None
    assert loopback.request("GET", page[1], timeout=30).status_code == 200
    first, recovery = _printed(run)
    signed_up, me = _paste(first)
    assert signed_up["user"]["email"] == "ada@example.com"
    assert me["user"]["profile"] == {"displayName": "Ada Lovelace"}
    refused, _, asked, changed = _paste(first + recovery)
    assert refused["code"] == "auth_email_taken"
    assert (asked, changed) == ({"ok": True}, {"ok": True})
    assert _paste(first)[1]["user"]["profile"] == {"displayName": "Ada Lovelace"}


def test_with_confirmation_on_what_it_prints_confirms_too(start: StartRun) -> None:
    run = start(EMAIL_CONFIRMATION="true").until_ready()
    first, recovery = _printed(run)
    signed_up, me, asked, changed = _paste(first + recovery)
    assert signed_up["confirmationRequired"] is True
    assert me["user"]["profile"] == {"displayName": "Ada Lovelace"}
    assert (asked, changed) == ({"ok": True}, {"ok": True})
    assert _paste(first)[1]["user"]["profile"] == {"displayName": "Ada Lovelace"}, "and signs in when pasted again"


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_asked_to_stop_it_ends_well_and_leaves_nothing(start: StartRun, asked: signal.Signals) -> None:
    run = start().until_ready()
    processes = run.processes()
    assert len(processes) >= 3
    run.process.send_signal(asked)
    assert run.ends() == 0
    assert [process for process in processes if process.exists()] == []
    assert run.left_nothing()
    assert "Traceback" not in run.output


def test_asked_to_stop_before_it_is_ready_it_leaves_nothing(start: StartRun) -> None:
    run = start()
    deadline = time.monotonic() + 60
    while "> Starting the service" not in run.output:
        assert time.monotonic() < deadline, run.output
        time.sleep(0.01)
    run.process.send_signal(signal.SIGINT)
    assert run.ends() == 0
    assert run.left_nothing()
    assert "Traceback" not in run.output


def test_killed_it_takes_what_it_started_along(start: StartRun) -> None:
    run = start().until_ready()
    run.process.kill()
    run.ends()
    deadline = time.monotonic() + 30
    while not run.left_nothing():
        assert time.monotonic() < deadline, "something still listens"
        time.sleep(0.1)


def test_the_next_run_finds_the_users_and_a_reset_forgets_them(start: StartRun) -> None:
    email = new_email()
    run = start().until_ready()
    assert _browser(run).sign_up(email).status_code == 200
    assert reset(run.state) == 1, "not while it runs"
    run.process.send_signal(signal.SIGHUP)
    assert run.ends() == 0

    run = start().until_ready()
    assert _browser(run).sign_in(email).status_code == 200
    run.process.send_signal(signal.SIGHUP)
    assert run.ends() == 0

    assert reset(run.state) == 0
    assert _browser(start().until_ready()).sign_in(email).json()["code"] == "auth_invalid_credentials"


def test_an_api_beside_it_is_told_what_it_has_to_know(
    start: StartRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = start().until_ready()
    monkeypatch.setenv("SUPABASE_LOCAL_PORT", str(run.supabase_port))
    assert env_file.write(run.state, Path("no.env")) == 0
    told = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    browser = _browser(run)
    email = new_email()
    assert browser.sign_up(email).status_code == 200
    token = browser.sign_in(email).json()["accessToken"]
    assert jwt.decode(token, told["SUPABASE_JWT_SECRET"], ["HS256"], audience="authenticated")["sub"]
    headers = {"apikey": told["SUPABASE_PUBLISHABLE_KEY"], "Authorization": f"Bearer {token}"}
    assert len(loopback.get(f"{told['SUPABASE_URL']}/rest/v1/user_profile", headers=headers).json()) == 1


def _outage(state: Path, seconds: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _OUTAGE, str(state), seconds]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_an_outage_ends_by_itself_or_when_asked_and_the_run_goes_on(start: StartRun) -> None:
    run = start(UPSTREAM_TIMEOUT="3").until_ready()
    browser = _browser(run)
    email = new_email()
    assert browser.sign_up(email).status_code == 200
    for seconds, asked in (("5", False), ("600", True)):
        standstill = _outage(run.state, seconds)
        assert standstill.stdout
        assert f"answers nobody for {seconds} seconds" in standstill.stdout.readline()
        assert browser.sign_in(email).json()["code"] in {"upstream_timeout", "upstream_unavailable"}
        if asked:
            standstill.send_signal(signal.SIGINT)
        assert standstill.wait(20) == 0
        assert standstill.stdout.read() == "It answers again.\n"
        assert browser.sign_in(email).status_code == 200
    assert run.process.poll() is None


@pytest.mark.parametrize(("seconds", "said"), [("30", "No embedded Supabase runs"), ("soon", "SECONDS must be a number")])
def test_without_a_run_or_a_time_there_is_no_outage(tmp_path: Path, seconds: str, said: str) -> None:
    asked = _outage(tmp_path / "state", seconds)
    assert said in asked.communicate(timeout=20)[0]
    assert asked.returncode == 1


def test_a_second_run_from_the_same_folder_is_told_so(start: StartRun) -> None:
    start().until_ready()
    second = start()
    assert second.ends() == 1
    assert second.output == "Latchkey already runs from this folder; stop that one first.\n"


@pytest.mark.parametrize("variable", ["PORT", "SUPABASE_LOCAL_PORT", "MAILBOX_PORT"])
def test_a_taken_port_is_one_line(start: StartRun, supabase: LocalSupabase, variable: str) -> None:
    run = start(**{variable: str(supabase.port)})
    assert run.ends() == 1
    other = f"make run {variable}={supabase.port + 1}"
    assert run.output == f"Port {supabase.port} ({variable}) is taken by another program; choose another: {other}\n"


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_what_is_no_port_is_one_line(start: StartRun, port: str) -> None:
    run = start(PORT=port)
    assert run.ends() == 1
    assert run.output == f"PORT must be a port number, 1 to 65535, and is {port!r}.\n"


def test_with_a_project_of_ones_own_nothing_embedded_is_started(start: StartRun, supabase: LocalSupabase) -> None:
    own = {
        "SUPABASE_URL": supabase.url,
        "SUPABASE_PUBLISHABLE_KEY": supabase.keys.publishable_key,
        "SUPABASE_SECRET_KEY": supabase.keys.secret_key,
        "SUPABASE_JWT_SECRET": supabase.keys.jwt_secret,
    }
    run = start(HOST="localhost", **own).until_ready()
    assert f"http://localhost:{run.port}/ui/" in run.output
    require_free(run.supabase_port)
    require_free(run.mailbox_port)
    assert "Mailbox" not in run.output
    email = new_email()
    assert _browser(run).sign_up(email).status_code == 200
    assert supabase.query(f"select id from \"auth.users\" where email = '{email}'")


def test_a_setting_that_the_service_refuses_is_told(start: StartRun) -> None:
    run = start(LOG_LEVEL="LOUD")
    assert run.ends() == 1
    assert "LOG_LEVEL" in run.output
    assert "The service ended by itself (exit code" in run.output
    assert "Traceback" not in run.output
    assert run.left_nothing()


@pytest.mark.parametrize(
    ("program", "name"),
    [("@supabase/lite", "embedded Supabase"), ("maildev/bin/maildev", "mailbox")],
    ids=["supabase", "mailbox"],
)
def test_it_ends_when_what_it_started_does(start: StartRun, program: str, name: str) -> None:
    run = start().until_ready()
    (part,) = (process for process in run.processes() if program in (process / "cmdline").read_text())
    os.kill(int(part.name), signal.SIGKILL)
    assert run.ends() == 1
    assert f"The {name} ended by itself" in run.output
    assert run.left_nothing()


def test_with_confirmation_on_the_mail_comes_first_and_a_reset_forgets_it(start: StartRun) -> None:
    email = new_email()
    run = start(EMAIL_CONFIRMATION="true").until_ready()
    assert re.search(rf"^  Mailbox +{re.escape(run.mailbox_url)} ", run.output, re.MULTILINE)
    assert _browser(run).sign_up(email).status_code == 200
    assert _browser(run).sign_in(email).json()["code"] == "auth_email_not_confirmed"
    (mail,) = loopback.get(f"{run.mailbox_url}/email", timeout=10).json()
    assert mail["to"][0]["address"] == email
    assert 'href="http://localhost:5173/account/confirm#token_hash=' in mail["html"]
    run.process.send_signal(signal.SIGHUP)
    assert run.ends() == 0

    assert reset(run.state) == 0
    run = start().until_ready()
    assert loopback.get(f"{run.mailbox_url}/email", timeout=10).json() == []
    assert _browser(run).sign_up(email).status_code == 200
    assert _browser(run).sign_in(email).status_code == 200


def test_what_is_no_switch_is_one_line(start: StartRun) -> None:
    run = start(EMAIL_CONFIRMATION="perhaps")
    assert run.ends() == 1
    assert run.output == "EMAIL_CONFIRMATION must be true or false, and is 'perhaps'.\n"


def test_it_comes_with_a_github_of_its_own(start: StartRun) -> None:
    run = start().until_ready()
    supabase = f"http://127.0.0.1:{run.supabase_port}/auth/v1"
    begun = loopback.get(f"{supabase}/authorize?provider=github", timeout=10)
    consent_page = loopback.get(begun.headers["Location"], timeout=10)
    assert begun.headers["Location"].startswith("http://127.0.0.1:")
    assert "Ada Lovelace" in consent_page.text


def _browser(run: Run) -> Browser:
    browser = Browser(run.url)
    browser.fetch_csrf_token()
    return browser
