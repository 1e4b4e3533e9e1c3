"""The typed TypeScript client: its own tests, in Node, against the live service."""

import subprocess
from pathlib import Path

import pytest

from local import node
from tests.conftest import StartService, StartSupabase
from tests.support.service import ROOT, ServiceProcess, free_port

pytestmark = pytest.mark.thorough

PACKAGE = ROOT / "clients" / "typescript"


def run(arguments: list[str], env: dict[str, str] | None = None) -> None:
    """Run Node in the package. Raises AssertionError with its output when it fails."""
    done = subprocess.run(
        [node.executable(), *arguments],
        cwd=PACKAGE,
        env=node.environment(env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_clients_own_tests_pass_against_the_live_service(
    service: ServiceProcess, start_service: StartService, start_supabase: StartSupabase
) -> None:
    cut_off = start_service({"SUPABASE_URL": f"http://127.0.0.1:{free_port()}"})
    confirming = start_service({"SUPABASE_URL": start_supabase(auth__email__enable_confirmations=True).url})
    tests = sorted(str(path) for path in Path(PACKAGE, "tests").glob("*.test.ts"))
    assert tests
    env = {"LATCHKEY_URL": service.url, "LATCHKEY_CUT_OFF_URL": cut_off.url, "LATCHKEY_CONFIRMING_URL": confirming.url}
    run(["--test", "--test-timeout=30000", *tests], env)


@pytest.mark.parametrize("project", ["tsconfig.json", "tsconfig.build.json"])
def test_the_client_is_clean_under_strict_type_checking(project: str) -> None:
    run(["node_modules/typescript/bin/tsc", "--noEmit", "--project", project])
