"""The threat model names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
DOCUMENT = (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([a-z_/]+\.py)::(test_[a-z0-9_]+)`", DOCUMENT)
ROWS = [line for line in DOCUMENT.partition("## Threat model")[2].splitlines() if line.startswith("| ")][1:]


def test_every_test_that_the_threat_model_names_exists() -> None:
    assert len(NAMED) > 30
    missing = [
        f"{file}::{name}"
        for file, name in NAMED
        if not re.search(rf"^(async )?def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_every_attack_of_the_threat_model_has_a_test() -> None:
    without = [row.split("|")[1].strip() for row in ROWS if "::test_" not in row]
    assert without == ["A known vulnerability in a dependency"]  # `make check` is what shows that
