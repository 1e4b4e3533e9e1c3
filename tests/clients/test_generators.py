"""The contract as client generators take it, without edits: what they make compiles, and works on the live service."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from local import node
from tests.support.programs import executable
from tests.support.service import ROOT, ServiceProcess

pytestmark = pytest.mark.timeout(600)
most_used = pytest.mark.generators
seldom_used = pytest.mark.all_generators

HERE = ROOT / "clients" / "generators"
CONTRACT = ROOT / "openapi" / "auth.yaml"
GENERATED = HERE / "generated"
GO = HERE / ".venv" / "go" / "go"
TOOLS = HERE / ".venv" / ("Scripts" if os.name == "nt" else "bin")
WORKED = "signed up, signed in, called me"


def run(command: list[str], env: Mapping[str, str] | None = None, *, cwd: Path = HERE, timeout: float = 200) -> str:
    """Run a program in the generators' folder. Returns what it printed; raises AssertionError when it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=node.environment({"CONTRACT": str(CONTRACT)} | dict(env or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def node_tool(script: str, *arguments: str) -> list[str]:
    return [node.executable(), f"node_modules/{script}", *arguments]


def openapi_generator(generator: str, *options: str) -> list[str]:
    output = str(GENERATED / generator)
    return [str(TOOLS / "openapi-generator-cli"), "generate", "-g", generator, "-i", str(CONTRACT), "-o", output, *options]


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
    "swagger-typescript-api": node_tool(
        "swagger-typescript-api/dist/cli.mjs", "generate", "-p", str(CONTRACT), "-o", "generated/swagger-typescript-api",
        "-n", "latchkey.ts",
    ),
    "typescript-fetch": openapi_generator("typescript-fetch"),
    "typescript-axios": openapi_generator("typescript-axios"),
}  # fmt: skip
# These need to be told more: orval.config.mjs and kubb.config.ts say what, and why.
SELDOM_USED_TYPESCRIPT = {
    "hey-api-zod": node_tool(
        "@hey-api/openapi-ts/bin/run.js", "-i", str(CONTRACT), "-o", "generated/hey-api-zod",
        "-p", "@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk", "zod",
    ),
    "orval-mocks": node_tool("orval/dist/bin/orval.mjs"),
    "kubb": node_tool("@kubb/cli/bin/kubb.cjs", "generate"),
}  # fmt: skip
GO_GENERATORS = {
    "ogen": ["go", "tool", "ogen", "--target", str(GENERATED / "ogen"), "--package", "ogen", "--clean", str(CONTRACT)],
    "oapi-codegen": [
        "go", "tool", "oapi-codegen", "-package", "latchkey", "-generate", "types,client",
        "-o", str(GENERATED / "oapi-codegen" / "client.go"), str(CONTRACT),
    ],
    "openapi-generator": openapi_generator("go", "--package-name", "latchkey", "--additional-properties", "withGoMod=false"),
}  # fmt: skip


# The declarations of @kubb/plugin-client itself import a file that has none.
WITHOUT_CHECKS_OF_LIBRARIES = {"kubb"}


def generate(name: str, command: list[str]) -> None:
    shutil.rmtree(GENERATED / name, ignore_errors=True)
    GENERATED.mkdir(exist_ok=True)
    run(command)


@pytest.mark.parametrize(
    "name", [*(pytest.param(name, marks=most_used) for name in TYPESCRIPT),
             *(pytest.param(name, marks=seldom_used) for name in SELDOM_USED_TYPESCRIPT)]
)  # fmt: skip
def test_the_typescript_client_compiles_and_signs_in(name: str, service: ServiceProcess) -> None:
    generate(name, (TYPESCRIPT | SELDOM_USED_TYPESCRIPT)[name])
    project = GENERATED / f"{name}.tsconfig.json"
    options = {"skipLibCheck": name in WITHOUT_CHECKS_OF_LIBRARIES}
    included = [name, f"../flows/{name}.ts"]
    project.write_text(json.dumps({"extends": "../tsconfig.json", "compilerOptions": options, "include": included}))
    run(node_tool("typescript/bin/tsc", "--project", str(project)))

    program = GENERATED / f"{name}.mjs"
    bundle = ["--bundle", "--platform=node", "--format=esm", "--packages=external", "--log-level=warning"]
    run([str(HERE / "node_modules" / ".bin" / "esbuild"), f"flows/{name}.ts", *bundle, f"--outfile={program}"])
    assert WORKED in run([node.executable(), str(program)], {"LATCHKEY_URL": service.url})


@most_used
def test_the_python_client_imports_and_signs_in(service: ServiceProcess, tmp_path: Path) -> None:
    output = tmp_path / "latchkey_client"
    tool = str(TOOLS / "openapi-python-client")
    path = os.pathsep.join([str(TOOLS), os.environ["PATH"]])  # it formats what it wrote with its own ruff
    options = ["--output-path", str(output), "--meta", "none", "--fail-on-warning"]
    run([tool, "generate", "--path", str(CONTRACT), *options], {"PATH": path})
    env = {"LATCHKEY_URL": service.url, "PYTHONPATH": str(tmp_path)}
    assert WORKED in run([str(TOOLS / "python"), "-W", "error", "flows/openapi_python_client.py"], env)


@most_used
def test_the_python_client_of_openapi_generator_imports_and_signs_in(service: ServiceProcess) -> None:
    generate("python", openapi_generator("python", "--package-name", "latchkey_generated"))
    env = {"LATCHKEY_URL": service.url, "PYTHONPATH": str(GENERATED / "python")}
    assert WORKED in run([str(TOOLS / "python"), "flows/openapi_generator.py"], env)


@seldom_used
@pytest.mark.timeout(1800)  # the first of all builds the generators themselves
@pytest.mark.parametrize("name", GO_GENERATORS)
def test_the_go_client_compiles_and_signs_in(name: str, service: ServiceProcess) -> None:
    """With the Go that contract-diff uses. What it downloads is what go.sum names."""
    folder = {"openapi-generator": "go"}.get(name, name)
    shutil.rmtree(GENERATED / folder, ignore_errors=True)
    (GENERATED / folder).mkdir(parents=True)
    path = os.pathsep.join([str(GO / "bin"), os.environ["PATH"]])
    env = {"PATH": path, "GOROOT": str(GO), "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}
    run(GO_GENERATORS[name], env, timeout=1200)
    shutil.rmtree(GENERATED / folder / "test", ignore_errors=True)  # its own tests, of what it generates for none
    assert WORKED in run(["go", "run", f"./flows/go/{name}"], env | {"LATCHKEY_URL": service.url}, timeout=500)


@seldom_used
def test_the_java_client_compiles_and_signs_in(service: ServiceProcess, tmp_path: Path) -> None:
    """With a JDK and a Maven of the system: no registry that a checkout uses has a compiler for Java."""
    maven = executable("mvn", package="maven")
    javac, java = (executable(name, package="default-jdk-headless") for name in ("javac", "java"))
    generate("java", openapi_generator("java", "--library", "native"))
    project = GENERATED / "java"
    goals = ["package", "dependency:build-classpath", "-Dmdep.outputFile=classpath.txt"]
    run([maven, "-q", "-B", "-DskipTests", "-Dmaven.javadoc.skip=true", *goals], cwd=project, timeout=500)
    jars = os.pathsep.join([(project / "classpath.txt").read_text().strip(), str(project / "target" / "classes")])
    run([javac, "-cp", jars, "-d", str(tmp_path), "flows/java/Flow.java"])
    assert WORKED in run([java, "-cp", os.pathsep.join([jars, str(tmp_path)]), "Flow"], {"LATCHKEY_URL": service.url})
