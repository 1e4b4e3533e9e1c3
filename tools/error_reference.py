"""docs/errors.md: every error code, from the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from service.contract.documents import Document, read_document
from tools.error_codes import DocumentedCode, documented_codes
from tools.paths import ROOT

TARGET: Final = ROOT / "docs" / "errors.md"

HEAD: Final = """# Errors

<!-- Written by `make generate` from openapi/auth.yaml; do not edit. -->

Every error, on any path, is `application/json` with the properties `code`, `message` and `details`. Switch on `code`: it is
stable. `message` is for developers. `details` is always an object; where the table names properties of it, they are there.

| code | status | answered by | what happened | what to do next | details |
| --- | --- | --- | --- | --- | --- |
"""


def write(target: Path) -> None:
    """Write the page."""
    contract = read_document("auth.yaml")
    rows = "\n".join(_row(code, contract) for code in documented_codes(contract))
    target.write_text(f"{HEAD}{rows}\n", encoding="utf-8")


def _row(code: DocumentedCode, contract: Document) -> str:
    """Its line in the table."""
    details = ", ".join(f"`{name}`" for name in code.details)
    happened, what_next = (text.replace("|", "\\|") for text in (code.happened, code.what_next))
    return f"| `{code.code}` | {code.status} | {_where(code, contract)} | {happened} | {what_next} | {details} |"


def _where(code: DocumentedCode, contract: Document) -> str:
    """Who answers it, as a reader says it: "every operation" rather than the names of all."""
    operations = {f"{method.upper()} {path}" for path, methods in contract["paths"].items() for method in methods}
    if operations <= set(code.answered_by):
        return "every operation"
    return ", ".join(f"`{where}`" if where in operations else where for where in code.answered_by)
