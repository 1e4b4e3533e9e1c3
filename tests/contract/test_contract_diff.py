"""`make contract-diff`: it names what changed, and fails on what breaks clients."""

from __future__ import annotations

import copy
import os
import subprocess
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.paths import ROOT

pytestmark = pytest.mark.thorough

Document = dict[str, Any]
Change = Callable[[Document], object]

DIFF = ROOT / "openapi" / "diff" / "diff.sh"
OASDIFF = ROOT / ".venv" / "bin" / "oasdiff"

BASE: Document = yaml.safe_load("""
openapi: 3.0.3
info: { title: Made up, version: "1" }
paths:
  /users:
    post:
      operationId: createUser
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/NewUser" } } }
      responses:
        "200": { description: Made, content: { application/json: { schema: { $ref: "#/components/schemas/User" } } } }
        "403":
          description: Refused
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Refused" }
        "409": { description: Late, content: { application/json: { schema: { $ref: "#/components/schemas/Late" } } } }
  /health:
    get:
      operationId: getHealth
      responses: { "200": { description: Fine } }
components:
  schemas:
    NewUser:
      type: object
      required: [email]
      properties:
        email: { type: string, maxLength: 254, pattern: "^.+@.+$" }
        age: { type: number }
        plan: { type: string, enum: [free, paid] }
    User:
      type: object
      required: [id]
      properties:
        id: { type: string }
        name: { type: string }
        role: { type: string, enum: [admin, member] }
        state: { type: string, x-extensible-enum: [active, away] }
    Refused: { oneOf: [{ $ref: "#/components/schemas/Banned" }, { $ref: "#/components/schemas/Closed" }] }
    Banned: { type: object, required: [code], properties: { code: { type: string, enum: [banned] } } }
    Closed: { type: object, required: [code], properties: { code: { type: string, enum: [closed] } } }
    Late: { type: object, required: [code], properties: { code: { type: string, enum: [late] } } }
""")
NEW_USER = ("components", "schemas", "NewUser")
USER = ("components", "schemas", "User")
CREATE = ("paths", "/users", "post")
REFUSED = ("components", "schemas", "Refused")


def at(document: Document, *path: str) -> Any:
    return reduce(lambda node, part: node[part], path, document)


BREAKING: dict[str, tuple[Change, str]] = {
    "an operation is removed": (lambda d: d["paths"].pop("/health"), "removed"),
    "an operation is renamed": (lambda d: at(d, *CREATE).update(operationId="addUser"), "operation"),
    "a property of an answer is removed": (lambda d: at(d, *USER, "properties").pop("name"), "name"),
    "a required property of an answer is removed": (
        lambda d: (at(d, *USER, "properties").pop("id"), at(d, *USER, "required").clear()),
        "id",
    ),
    "an answer's property becomes optional": (lambda d: at(d, *USER, "required").clear(), "optional"),
    "an answer loses an enum value": (lambda d: at(d, *USER, "properties", "role", "enum").remove("admin"), "admin"),
    "an answer gains an enum value": (lambda d: at(d, *USER, "properties", "role", "enum").append("guest"), "guest"),
    "an error code is removed": (
        lambda d: at(d, *REFUSED, "oneOf").pop(),
        "Closed",
    ),
    "an enum value is no longer accepted": (lambda d: at(d, *NEW_USER, "properties", "plan", "enum").remove("paid"), "paid"),
    "a property is asked for": (lambda d: at(d, *NEW_USER, "required").append("age"), "age"),
    "a new property is asked for": (
        lambda d: (
            at(d, *NEW_USER, "properties").update(country={"type": "string"}),
            at(d, *NEW_USER, "required").append("country"),
        ),
        "country",
    ),
    "a parameter is asked for": (
        lambda d: at(d, *CREATE).update(
            parameters=[{"name": "tenant", "in": "query", "required": True, "schema": {"type": "string"}}]
        ),
        "tenant",
    ),
    "a type is narrowed": (lambda d: at(d, *NEW_USER, "properties", "age").update(type="integer"), "integer"),
    "a length is narrowed": (lambda d: at(d, *NEW_USER, "properties", "email").update(maxLength=64), "64"),
    "a pattern changes": (lambda d: at(d, *NEW_USER, "properties", "email").update(pattern="^[a-z]+@.+$"), "pattern"),
}
HARMLESS: dict[str, tuple[Change, str]] = {
    "nothing": (lambda d: d, ""),
    "a description": (lambda d: at(d, *CREATE).update(description="Makes a user."), ""),
    "an operation is added": (
        lambda d: d["paths"].update({"/ping": {"get": {"operationId": "ping", "responses": {"200": {"description": "x"}}}}}),
        "/ping",
    ),
    "an optional property may be sent": (lambda d: at(d, *NEW_USER, "properties").update(nick={"type": "string"}), "nick"),
    "a property is added to an answer": (lambda d: at(d, *USER, "properties").update(joined={"type": "string"}), "joined"),
    "a required property is added to an answer": (
        lambda d: (at(d, *USER, "properties").update(joined={"type": "string"}), at(d, *USER, "required").append("joined")),
        "joined",
    ),
    "an open enumeration of an answer gains a value": (
        lambda d: at(d, *USER, "properties", "state", "x-extensible-enum").append("asleep"),
        "",
    ),
    "an error code is added": (
        lambda d: at(d, *REFUSED, "oneOf").append({"$ref": "#/components/schemas/Late"}),
        "Late",
    ),
    "a status gets a second code": (
        lambda d: at(d, *CREATE, "responses", "409", "content", "application/json").update(
            schema={"oneOf": [{"$ref": "#/components/schemas/Late"}, {"$ref": "#/components/schemas/Closed"}]}
        ),
        "",
    ),
    "an error status is added": (
        lambda d: at(d, *CREATE, "responses").update(
            {"429": {"description": "Wait", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Late"}}}}}
        ),
        "429",
    ),
    "a header is added to an answer": (
        lambda d: at(d, *CREATE, "responses", "200").update(headers={"X-More": {"schema": {"type": "string"}}}),
        "",
    ),
    "an operation counts for another limit": (lambda d: at(d, *CREATE).update({"x-rate-limits": ["address"]}), ""),
    "an enum value is accepted": (lambda d: at(d, *NEW_USER, "properties", "plan", "enum").append("trial"), "trial"),
    "a length is widened": (lambda d: at(d, *NEW_USER, "properties", "email").update(maxLength=320), "320"),
}


def diff(folder: Path, base: Document, revision: Document) -> subprocess.CompletedProcess[str]:
    """Run it on two documents."""
    if not OASDIFF.exists():
        message = "oasdiff is not built: make .venv/bin/oasdiff"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    for name, document in (("base.yaml", base), ("revision.yaml", revision)):
        (folder / name).write_text(yaml.safe_dump(document, sort_keys=False))
    command = [str(DIFF), str(folder / "base.yaml"), str(folder / "revision.yaml")]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def changed(change: Change) -> Document:
    document = copy.deepcopy(BASE)
    change(document)
    return document


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_clients_is_named_and_fails(name: str, tmp_path: Path) -> None:
    change, named = BREAKING[name]
    done = diff(tmp_path, BASE, changed(change))
    assert done.returncode == 1, done.stdout + done.stderr
    assert named in done.stdout


@pytest.mark.parametrize("name", HARMLESS)
def test_what_breaks_nobody_is_named_and_passes(name: str, tmp_path: Path) -> None:
    change, named = HARMLESS[name]
    done = diff(tmp_path, BASE, changed(change))
    assert done.returncode == 0, done.stdout + done.stderr
    assert named in done.stdout


def test_the_contract_is_read(tmp_path: Path) -> None:
    contract = yaml.safe_load((ROOT / "openapi" / "auth.yaml").read_text())
    without = copy.deepcopy(contract)
    del without["paths"]["/auth/me"]
    done = diff(tmp_path, contract, without)
    assert done.returncode == 1, done.stderr
    assert "/auth/me" in done.stdout
