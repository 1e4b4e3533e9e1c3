"""The error codes, as openapi/auth.yaml says them: one schema for each, and whatever else lists them is made from these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.contract.documents import Document, read_document, resolve

JSON: Final = "application/json"

PYTHON_HEAD: Final = '''"""Every error code that the service ever answers, with its HTTP status and its message.

Generated from openapi/auth.yaml by `make generate`. Do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class ErrorCode(StrEnum):
    """What went wrong. Stable; front ends switch on it."""

'''

PYTHON_MIDDLE: Final = '''

class Meaning(NamedTuple):
    """What a code stands for: its HTTP status and its message."""

    status: int
    message: str


MEANINGS: Final[Mapping[ErrorCode, Meaning]] = {
'''

TYPESCRIPT_HEAD: Final = """// Generated from openapi/auth.yaml by `make generate`. Do not edit.

"""


@dataclass(frozen=True, slots=True)
class DocumentedCode:
    """One code. `details` names the properties of its details; `answered_by` the operations, as "POST /auth/signin"."""

    code: str
    status: int
    message: str
    happened: str
    what_next: str
    details: tuple[str, ...]
    answered_by: tuple[str, ...]
    ends_session: bool

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed later: RFC 9110 sections 15.5.9 and 15.6, RFC 6585 section 4."""
        return self.status in {408, 429} or self.status >= 500


def documented_codes(contract: Document) -> list[DocumentedCode]:
    """Every code, in the order of the schemas. Raises ValueError for one that nothing answers, or at another's status."""
    schemas = contract["components"]["schemas"].values()
    return [_documented(contract, schema) for schema in schemas if _codes(contract, schema) and "oneOf" not in schema]


def answered_codes(contract: Document) -> Iterator[tuple[str, int, str]]:
    """Operation (its method and path), status and code of every error that an operation documents."""
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                schema = resolve(contract, response).get("content", {}).get(JSON, {}).get("schema", {})
                for code in _codes(contract, schema):
                    yield f"{method.upper()} {path}", int(status), code


def write_python(target: Path) -> None:
    """Write service/error_codes.py."""
    codes = documented_codes(read_document("auth.yaml"))
    members = "".join(f'    {code.code} = "{code.code}"\n' for code in codes)
    meanings = "".join(f'    ErrorCode.{code.code}: Meaning({code.status}, "{code.message}"),\n' for code in codes)
    target.write_text(f"{PYTHON_HEAD}{members}{PYTHON_MIDDLE}{meanings}}}\n", encoding="utf-8")


def write_typescript(target: Path) -> None:
    """Write the lists that the TypeScript client decides by."""
    codes = documented_codes(read_document("auth.yaml"))
    ended = _list("SESSION_ENDED", "They say that there is no session any more.", [c.code for c in codes if c.ends_session])
    temporary = _list("TEMPORARY", "The same request may succeed later.", [c.code for c in codes if c.is_temporary])
    target.write_text(f"{TYPESCRIPT_HEAD}{ended}\n{temporary}", encoding="utf-8")


def _list(name: str, says: str, codes: list[str]) -> str:
    items = "".join(f'  "{code}",\n' for code in codes)
    return f"/** {says} */\nexport const {name} = [\n{items}] as const;\n"


def _codes(contract: Document, schema: Document) -> list[str]:
    """The codes of an error's schema; none where it is the schema of something else."""
    schema = resolve(contract, schema)
    options = [resolve(contract, option) for option in schema.get("oneOf", [schema])]
    return [code for option in options for code in option.get("properties", {}).get("code", {}).get("enum", [])]


def _documented(contract: Document, schema: Document) -> DocumentedCode:
    (code,) = schema["properties"]["code"]["enum"]
    answers = [(where, status) for where, status, answered in answered_codes(contract) if answered == code]
    outside = schema.get("x-also-answered-by")
    if not answers and outside is None:
        raise ValueError(f"nothing answers {code}")
    if wrong := [where for where, status in answers if status != schema["x-status"]]:
        raise ValueError(f"{code} belongs to {schema['x-status']}, and comes with another status at {', '.join(wrong)}")
    happened, what_next = (" ".join(part.split()) for part in schema["description"].strip().split("\n\n"))
    return DocumentedCode(
        code=code,
        status=schema["x-status"],
        message=schema["example"]["message"],
        happened=happened,
        what_next=what_next,
        details=tuple(resolve(contract, schema["properties"]["details"])["properties"]),
        answered_by=tuple(where for where, _ in answers) + ((outside,) if outside else ()),
        ends_session=schema.get("x-ends-session", False),
    )
