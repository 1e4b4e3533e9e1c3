"""The wheel: built from the repository, installed into an empty environment, started by one command."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import yaml

from local.keys import Keys
from local.supabase import LocalSupabase
from service.contract.documents import read_document
from tests.support import loopback
from tests.support.service import ROOT, ServiceProcess, development_env, free_port
from tools.paths import UV

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(600)]


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment in which nothing is but the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("wheel")
    hashed = ("--build-constraint", "requirements/build.txt", "--require-hashes")
    _run(UV, "build", "--wheel", "--python", sys.executable, *hashed, "--out-dir", folder, ROOT)
    (wheel,) = folder.glob("latchkey-*.whl")
    venv.create(folder / "environment", with_pip=True)
    programs = folder / "environment" / "bin"
    pip = (programs / "python", "-m", "pip", "--disable-pip-version-check")
    _run(*pip, "install", "--quiet", "--require-hashes", "-r", "requirements/service.txt")
    _run(*pip, "install", "--quiet", "--no-deps", wheel)
    _run(*pip, "check")
    return programs


@pytest.fixture
def latchkey(tmp_path: Path, installed: Path, supabase: LocalSupabase, keys: Keys) -> ServiceProcess:
    """The installed service with two workers, not started yet, far from the repository."""
    settings = development_env(supabase.url, keys, free_port()) | {"WEB_CONCURRENCY": "2"}
    return ServiceProcess(settings, tmp_path / "service.log", command=[str(installed / "latchkey")], python_path=None)


def test_the_installed_command_serves_the_contract_and_its_pages(latchkey: ServiceProcess) -> None:
    with latchkey:
        assert loopback.get(f"{latchkey.url}/healthz").status_code == 200
        assert loopback.get(f"{latchkey.url}/readyz", timeout=10).status_code == 200
        served = loopback.get(f"{latchkey.url}/openapi.json").json()
        assert loopback.get(f"{latchkey.url}/ui/").status_code == 200
        assert loopback.get(f"{latchkey.url}/ui/latchkey.js").status_code == 200
    written = yaml.safe_load((ROOT / "openapi" / "auth.yaml").read_text())
    assert served["paths"].keys() == written["paths"].keys()


def test_the_wheel_holds_both_contracts_and_the_types(installed: Path) -> None:
    (packages,) = (installed.parent / "lib").glob("python*/site-packages")
    folder = packages / "service"
    assert (folder / "py.typed").is_file()
    for name in ("auth.yaml", "ops.yaml"):
        assert yaml.safe_load((folder / "contract" / "openapi" / name).read_text()) == read_document(name)
    assert not any((packages / name).exists() for name in ("tests", "local", "tools", "bench"))


def test_the_installed_command_says_its_version_and_what_is_missing(installed: Path, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"]}
    version = subprocess.run(
        [installed / "latchkey", "--version"], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
    )
    assert version.stdout.startswith("latchkey ")
    refused = subprocess.run(
        [installed / "latchkey"], capture_output=True, text=True, check=False, env=environment, cwd=tmp_path
    )
    assert refused.returncode == 2
    assert "SUPABASE_URL: is not set" in refused.stderr
