"""The rules about who imports whom, in pyproject.toml: each notices an import that breaks it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.paths import CHECKS, ROOT

pytestmark = pytest.mark.thorough

PLANTED = [
    ("telemetry", "service.supabase.project"),
    ("limits", "service.handlers"),
    ("security", "service.supabase.project"),
    ("middleware", "service.contract.documents"),
    ("handlers", "service.app"),
    ("handlers", "connexion"),
    ("security", "uvicorn"),
    ("contract", "httpx"),
    ("handlers", "postgrest"),
    ("limits", "supabase_auth"),
    ("security", "supabase"),
    ("server", "local.keys"),
    ("telemetry", "tools.paths"),
    ("contract", "tests.support.leaks"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The service and its rules, to plant something in."""
    shutil.copytree(ROOT / "service", tmp_path / "service", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _lint(folder: Path) -> tuple[int, str]:
    command = [str(CHECKS / "lint-imports"), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("room", "imported"), PLANTED)
def test_an_import_that_breaks_a_rule_is_named(copy: Path, room: str, imported: str) -> None:
    (copy / "service" / room / "planted.py").write_text(f"import {imported}\n")
    status, told = _lint(copy)
    assert status == 1
    assert f"service.{room}.planted -> {imported.partition('.')[0]}" in told


def test_a_capability_that_imports_another_is_named(copy: Path) -> None:
    (copy / "service" / "handlers" / "planted_one.py").write_text("import service.handlers.planted_other\n")
    (copy / "service" / "handlers" / "planted_other.py").touch()
    status, told = _lint(copy)
    assert status == 1
    assert "service.handlers.planted_one -> service.handlers.planted_other" in told


def test_a_circle_within_a_room_is_named(copy: Path) -> None:
    for one, other in (("planted_one", "planted_other"), ("planted_other", "planted_one")):
        (copy / "service" / "limits" / f"{one}.py").write_text(f"import service.limits.{other}\n")
    status, told = _lint(copy)
    assert status == 1
    assert "planted_one" in told


def test_a_room_that_has_no_place_is_named(copy: Path) -> None:
    (copy / "service" / "planted").mkdir()
    (copy / "service" / "planted" / "__init__.py").touch()
    status, told = _lint(copy)
    assert status == 1
    assert "- service.planted" in told
