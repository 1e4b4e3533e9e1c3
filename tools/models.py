"""service/models.py: what requests bring and operations answer, from openapi/auth.yaml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from service.contract.documents import Document, read_document, resolve

ROOT: Final = Path(__file__).resolve().parent.parent
SCHEMAS: Final = "#/components/schemas/"

# What no request brings and no operation answers with success, and the service uses all the same.
ALSO_USED: Final = frozenset({"ErrorBody"})


def write_models(target: Path) -> None:
    """Write the models that are used, and no others. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "used.json"
        source.write_text(json.dumps(used_part(read_document("auth.yaml"))), encoding="utf-8")
        environment = {**os.environ, "VENV_BIN": str(Path(sys.executable).parent)}
        command = ["sh", "openapi/generate.sh", str(source), str(target)]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)


def used_part(contract: Document) -> Document:
    """The contract with the schemas that a request body, or an answer below 400, leads to: errors have one shape here."""
    schemas = contract["components"]["schemas"]
    used = {name for operation in _operations(contract) for name in _names(contract, _successes(operation))} | ALSO_USED
    while more := {name for used_name in used for name in _names(contract, schemas[used_name])} - used:
        used |= more
    kept = {name: schema for name, schema in schemas.items() if name in used}
    return {"openapi": contract["openapi"], "info": contract["info"], "paths": {}, "components": {"schemas": kept}}


def _operations(contract: Document) -> Iterator[Document]:
    for methods in contract["paths"].values():
        yield from methods.values()


def _successes(operation: Document) -> list[Document]:
    answers = [response for status, response in operation["responses"].items() if int(status) < 400]
    return [operation.get("requestBody", {}), *answers]


def _names(contract: Document, node: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a document
    """The schemas that a part of the contract names, those in the response components that it names included."""
    if isinstance(node, list):
        for item in node:
            yield from _names(contract, item)
    elif isinstance(node, dict):
        reference = node.get("$ref", "")
        if reference.startswith(SCHEMAS):
            yield reference.removeprefix(SCHEMAS)
        elif reference:
            yield from _names(contract, resolve(contract, node))
        else:
            yield from _names(contract, list(node.values()))
