"""The contract as client generators take it, without edits: what they make compiles, and works on the live service."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local import node
from tests.support.service import ROOT, ServiceProcess

pytestmark = [pytest.mark.generators, pytest.mark.timeout(300)]

HERE = ROOT / "clients" / "generators"
CONTRACT = ROOT / "openapi" / "auth.yaml"
GENERATED = HERE / "generated"
TOOLS = HERE / ".venv" / ("Scripts" if os.name == "nt" else "bin")
WORKED = "signed up, signed in, called me"


def run(command: list[str], env: dict[str, str] | None = None) -> str:
    """Run a program in the generators' folder. Returns what it printed; raises AssertionError when it fails."""
    done = subprocess.run(
        command,
        cwd=HERE,
        env=node.environment(env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def node_tool(script: str, *arguments: str) -> list[str]:
    return [node.executable(), f"node_modules/{script}", *arguments]


def openapi_generator(generator: str) -> list[str]:
    output = str(GENERATED / generator)
    return [str(TOOLS / "openapi-generator-cli"), "generate", "-g", generator, "-i", str(CONTRACT), "-o", output]


# Each as its own documentation says to start, with nothing but where to read and where to write.
TYPESCRIPT = {
    "openapi-typescript": node_tool(
        "openapi-typescript/bin/cli.js", str(CONTRACT), "--output", "generated/openapi-typescript/schema.ts"
    ),
    "hey-api": node_tool(
        "@hey-api/openapi-ts/bin/run.js", "-i", str(CONTRACT), "-o", "generated/hey-api", "-c", "@hey-api/client-fetch"
    ),
    "orval": node_tool(
        "orval/dist/bin/orval.mjs", "--input", str(CONTRACT), "--output", "generated/orval/latchkey.ts", "--client", "fetch"
    ),
    "typescript-fetch": openapi_generator("typescript-fetch"),
    "typescript-axios": openapi_generator("typescript-axios"),
}


def generate(name: str, command: list[str]) -> None:
    shutil.rmtree(GENERATED / name, ignore_errors=True)
    GENERATED.mkdir(exist_ok=True)
    run(command)


@pytest.mark.parametrize("name", TYPESCRIPT)
def test_the_typescript_client_compiles_and_signs_in(name: str, service: ServiceProcess) -> None:
    generate(name, TYPESCRIPT[name])
    project = GENERATED / f"{name}.tsconfig.json"
    project.write_text(json.dumps({"extends": "../tsconfig.json", "include": [name, f"../flows/{name}.ts"]}))
    run(node_tool("typescript/bin/tsc", "--project", str(project)))

    program = GENERATED / f"{name}.mjs"
    bundle = ["--bundle", "--platform=node", "--format=esm", "--packages=external", "--log-level=warning"]
    run([str(HERE / "node_modules" / ".bin" / "esbuild"), f"flows/{name}.ts", *bundle, f"--outfile={program}"])
    assert WORKED in run([node.executable(), str(program)], {"LATCHKEY_URL": service.url})


def test_the_python_client_imports_and_signs_in(service: ServiceProcess, tmp_path: Path) -> None:
    output = tmp_path / "latchkey_client"
    tool = str(TOOLS / "openapi-python-client")
    path = os.pathsep.join([str(TOOLS), os.environ["PATH"]])  # it formats what it wrote with its own ruff
    options = ["--output-path", str(output), "--meta", "none", "--fail-on-warning"]
    run([tool, "generate", "--path", str(CONTRACT), *options], {"PATH": path})
    env = {"LATCHKEY_URL": service.url, "PYTHONPATH": str(tmp_path)}
    assert WORKED in run([str(TOOLS / "python"), "-W", "error", "flows/openapi_python_client.py"], env)
