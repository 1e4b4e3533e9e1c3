"""Writes `requirements/*.txt` from pyproject.toml, and tells whether they still belong to it."""

import hashlib
import json
import subprocess
import sys
import tomllib
from typing import Final

from tools.paths import ROOT

REQUIREMENTS: Final = ROOT / "requirements"
INPUTS: Final = REQUIREMENTS / "inputs.sha256"

# dev.txt comes first and constrains the others: a package has one version in every file, so that installing one
# file after another changes nothing under a program that runs.
SELECTIONS: Final[dict[str, list[str]]] = {
    "dev.txt": ["pyproject.toml", "--all-extras", "--group", "dev"],
    "local.txt": ["pyproject.toml", "--group", "local", "--constraint", "requirements/dev.txt"],
    "service.txt": ["pyproject.toml", "--constraint", "requirements/dev.txt"],
    "otel.txt": ["pyproject.toml", "--extra", "otel", "--constraint", "requirements/dev.txt"],
    "checks.txt": ["--group", "checks"],
    "docs.txt": ["--group", "docs"],
    "build.txt": ["--group", "build"],
    "contract-diff.txt": ["--group", "contract-diff"],
    "node-20.txt": ["--group", "node-20"],
    "node-22.txt": ["--group", "node-22"],
    "uv.txt": ["--group", "bootstrap"],
}


def inputs_digest() -> str:
    """Hash what the lock files are made from, so that staleness shows without asking a package index."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    inputs = [
        project["project"]["requires-python"],
        project["project"]["dependencies"],
        project["project"].get("optional-dependencies", {}),
        project["dependency-groups"],
        SELECTIONS,
    ]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def is_current() -> bool:
    """Whether every lock file exists and was made from what pyproject.toml says now."""
    files_exist = all((REQUIREMENTS / name).is_file() for name in SELECTIONS)
    return files_exist and INPUTS.is_file() and INPUTS.read_text().strip() == inputs_digest()


def check() -> int:
    """Tell whether the lock files are current. Returns the exit code."""
    if is_current():
        return 0
    print("requirements/*.txt do not belong to pyproject.toml: run `make lock`.", file=sys.stderr)
    return 1


def write(*, upgrade: bool = False) -> int:
    """Compile every lock file; versions stay where they are unless they must change or `upgrade` is set. Returns 0."""
    for name, selection in SELECTIONS.items():
        print(f"> requirements/{name}", flush=True)
        command = [
            sys.executable, "-m", "uv", "pip", "compile", *selection,
            "--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url",
            "--custom-compile-command", "make lock", "--quiet", "--output-file", f"requirements/{name}",
            *(["--upgrade"] if upgrade else []),
        ]  # fmt: skip
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    INPUTS.write_text(inputs_digest() + "\n")
    return 0
