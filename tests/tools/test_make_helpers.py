"""What `make` does about an environment that is not whole, and what it says when npm fails."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.service import ROOT

FOLDERS = {
    "node": "local", "lint": "openapi/lint", "ui": "openapi/ui", "client": "clients/typescript", "web": "examples/web",
    "generators": "clients/generators",
}  # fmt: skip


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder in which everything was installed."""
    folder = tmp_path / "repository"
    program(folder / ".venv/bin/python", "#!/bin/sh\nexit 0\n")
    program(folder / ".venv/bin/pip", f"#!{folder}/.venv/bin/python3.11\n")
    for stamp in ("venv", "uv", "run", "dev", *FOLDERS):
        program(folder / ".venv/stamps" / stamp, "")
    for node_modules in FOLDERS.values():
        program(folder / node_modules / "node_modules/.package-lock.json", "{}")
    return folder


def stale(folder: Path) -> str:
    script = ["sh", str(ROOT / "tools/stale.sh"), ".venv"]
    done = subprocess.run(script, cwd=folder, capture_output=True, text=True, check=True, timeout=30)
    assert done.stderr == ""
    return done.stdout


def stamps(folder: Path) -> set[str]:
    return {path.name for path in (folder / ".venv/stamps").glob("*")}


def test_what_is_whole_is_left_alone(installed: Path) -> None:
    before = stamps(installed)
    assert stale(installed) == ""
    assert stamps(installed) == before
    assert stale(installed.parent) == "", "and where nothing was installed there is nothing to say"


def test_a_python_that_was_upgraded_away_is_noticed(installed: Path) -> None:
    python = installed / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3.11")
    assert "gone" in stale(installed)
    assert stamps(installed) == set()


def test_a_python_that_has_not_our_packages_is_noticed(installed: Path) -> None:
    program(installed / ".venv/bin/python", "#!/bin/sh\nexit 1\n")
    assert "another one" in stale(installed)
    assert stamps(installed) == set()


@pytest.mark.parametrize("long", [False, True], ids=["in one line", "by a shell"])
def test_a_folder_that_was_moved_is_noticed(installed: Path, long: bool) -> None:
    old = installed / ".venv/bin/python3.11"
    if long:
        program(installed / ".venv/bin/pip", f"#!/bin/sh\n'''exec' \"{old}\" \"$0\" \"$@\"\n' '''\n")
        assert stale(installed) == ""
    moved = installed.rename(installed.with_name("moved here"))
    assert "in another folder" in stale(moved)
    assert stamps(moved) == set()


@pytest.mark.parametrize(("stamp", "folder"), FOLDERS.items())
def test_an_install_of_npm_that_did_not_finish_is_noticed(installed: Path, stamp: str, folder: str) -> None:
    before = stamps(installed)
    (installed / folder / "node_modules/.package-lock.json").unlink()
    assert folder in stale(installed)
    assert stamps(installed) == before - {stamp}


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("npm error code ECONNREFUSED", "npm_config_registry"),
        ("npm error code E403\nnpm error 403 Forbidden", "npm_config_registry"),
        ("npm error code EACCES\nnpm error path /nonexistent/.npm", "npm_config_cache"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "NODE_EXTRA_CA_CERTS"),
        ("npm error code EUSAGE", "package-lock.json"),
        ("npm error code ENOSPC", "disk"),
        ("", "npm said nothing"),
    ],
)
def test_when_npm_fails_its_own_words_and_a_cure_are_told(tmp_path: Path, said: str, cure: str) -> None:
    registry = '[ "$1" = config ] && echo https://user:hunter2@registry.example/ && exit 0'
    program(tmp_path / "bin/npm", f"#!/bin/sh\n{registry}\necho '{said}' | sed '/^$/d' >&2\nexit 7\n")
    (tmp_path / "package").mkdir()
    environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    script = ["sh", str(ROOT / "tools/npm-ci.sh"), "package"]
    done = subprocess.run(script, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert all(line in done.stderr for line in said.splitlines())
    assert cure in done.stderr
    assert "hunter2" not in done.stderr


def test_npm_is_silent_while_all_is_well_and_brings_what_builds(tmp_path: Path) -> None:
    program(tmp_path / "bin/npm", '#!/bin/sh\necho noise; echo noise >&2\necho "$@" > asked\n')
    (tmp_path / "package").mkdir()
    environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "NODE_ENV": "production"}
    script = ["sh", str(ROOT / "tools/npm-ci.sh"), "package"]
    done = subprocess.run(script, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "--include=dev" in (tmp_path / "package/asked").read_text()
