"""The net holds: the service is broken on purpose, and the contract tests notice each time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.contract.breakages import BREAKAGES
from tests.contract.broken import CHECKED
from tests.contract.fuzz import UNLIMITED, arguments
from tests.contract.fuzz_report import FuzzReport
from tests.contract.probes import check_service
from tests.support.service import ServiceProcess, development_env, free_port
from tools.paths import ROOT

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(300)]

SEED = 1
BY_RULE = [name for name, breakage in BREAKAGES.items() if breakage.rule]
BY_CHECK = [name for name, breakage in BREAKAGES.items() if breakage.check]
INSIDE = [name for name, breakage in BREAKAGES.items() if breakage.inside]
NAMES = [*BREAKAGES, *(name + CHECKED for name in INSIDE)]


@pytest.fixture(scope="module")
def log_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("broken") / "service.log"


@pytest.fixture(scope="module")
def broken(supabase: LocalSupabase, keys: Keys, log_path: Path) -> Iterator[Mapping[str, str]]:
    """The URL of each broken service; one process serves them."""
    ports = {name: free_port() for name in NAMES}
    command = [sys.executable, "-m", "tests.contract.broken", *(f"{port}={name}" for name, port in ports.items())]
    env = development_env(supabase.url, keys, free_port()) | UNLIMITED
    process = ServiceProcess(env, log_path, command=command, port=ports[NAMES[-1]])
    with ExitStack() as stack:
        stack.push(process.__exit__)
        process.start(timeout=240)  # there are many of them, and the machine may be busy
        yield {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}


def test_there_are_enough_ways_to_break_it() -> None:
    assert len(BREAKAGES) >= 12
    assert all(breakage.rule or breakage.check for breakage in BREAKAGES.values())


@pytest.mark.parametrize("name", BY_RULE)
def test_probes_notice(broken: Mapping[str, str], name: str) -> None:
    rules = {finding.rule for finding in check_service(broken[name])}
    assert BREAKAGES[name].rule in rules


@pytest.mark.parametrize("name", BY_CHECK)
def test_schemathesis_notices(broken: Mapping[str, str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Here, since processes that only collect tests can do without the two seconds that it takes.
    from click.testing import CliRunner
    from schemathesis.cli import schemathesis

    breakage = BREAKAGES[name]
    monkeypatch.chdir(ROOT)
    path = tmp_path / "report.ndjson"
    command = arguments(broken[name], path, examples=60, seed=SEED, phases=[breakage.phase])
    done = CliRunner().invoke(schemathesis, [*command, "--include-operation-id", breakage.operation, "--no-shrink"])
    assert done.exit_code == 1, done.output
    assert breakage.check in {failure.split()[0] for failure in FuzzReport.read(path).failures}, done.output


@pytest.mark.parametrize("name", INSIDE)
def test_the_check_of_responses_notices(broken: Mapping[str, str], log_path: Path, name: str) -> None:
    before = len(log_path.read_text().splitlines())
    found = check_service(broken[name + CHECKED])
    assert any(finding.rule == "no_server_error" for finding in found)
    lines = [json.loads(line) for line in log_path.read_text().splitlines()[before:]]
    complaints = [line for line in lines if line["event"] in {"response_breaks_contract", "unhandled_exception"}]
    assert complaints
    assert all(line["level"] == "error" for line in complaints)
