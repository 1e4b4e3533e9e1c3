"""The contract against the running service: Schemathesis with a small budget, and what a fuzzer seldom tries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.contract.documents import resolve
from tests.contract.browser_session import BrowserSession
from tests.contract.exchange import Exchange
from tests.contract.fuzz import UNLIMITED, Fuzzed, arguments, running_service
from tests.contract.fuzz_report import WHOLE_FLOW, FuzzReport
from tests.contract.fuzzed_elsewhere import FUZZED_ELSEWHERE, NEEDS_MORE, NOT_THERE
from tests.contract.probes import PROBES, check_service
from tests.contract.rules import contract, findings
from tests.support import loopback
from tests.support.browser import PASSWORD, Browser, new_email
from tests.support.metrics import scrape, unknown_labels
from tests.support.migrated import copy
from tests.support.service import ServiceProcess
from tests.support.upstream.fixtures import Serve
from tests.support.upstream.recorded import RecordedUpstream
from tools.paths import ROOT

# Schemathesis is imported where it is used: the processes that only collect tests do without its two seconds.
SEED = 20260801
MAX_SERIES = 1_500  # a fuzzer finds about 40 for each operation; one for each value that it sends would be thousands
OPERATIONS = {f"{method.upper()} {path}" for path, methods in contract()["paths"].items() for method in methods}


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Fuzzed]:
    """What `make fuzz` runs."""
    folder = tmp_path_factory.mktemp("fuzzed")
    copy(migrated, folder / "supabase")
    with running_service(folder) as running:
        yield running


@pytest.mark.thorough
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        pytest.param(("examples", "coverage", "fuzzing"), 50, id="requests"),
        pytest.param(("stateful",), 25, id="walks"),
    ],
)
def test_schemathesis_finds_nothing(fuzzed: Fuzzed, tmp_path: Path, phases: tuple[str, ...], examples: int) -> None:
    path = tmp_path / "report.ndjson"
    command = [sys.executable, "-m", "schemathesis.cli", "--no-color"]
    command += arguments(fuzzed.service.url, path, examples=examples, seed=SEED, phases=phases)
    # What is measured is the service: tracing the fuzzer would make it three times as slow.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")} | fuzzed.environment
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    report = FuzzReport.read(path)
    assert report.failures == []
    succeeded = {label for label, statuses in report.statuses.items() if statuses.keys() & {200, 201, 202, 204}}
    if "fuzzing" in phases:  # links do not lead to every operation
        assert succeeded >= OPERATIONS - NOT_THERE - NEEDS_MORE
    assert '"level": "error"' not in fuzzed.service.log
    assert unknown_labels(fuzzed.service.url) == set()
    assert len(scrape(fuzzed.service.url)) < MAX_SERIES


@pytest.mark.thorough
@pytest.mark.timeout(400)
def test_schemathesis_finds_nothing_in_what_only_the_recorded_supabase_has(
    recorded_upstream: RecordedUpstream, serve: Serve, tmp_path: Path
) -> None:
    recorded_upstream.configure(MFA_MAX_ENROLLED_FACTORS="10000")
    service = serve(recorded_upstream, UNLIMITED | {"ACCOUNT_DELETION": "hard"})
    path = tmp_path / "report.ndjson"
    command = [sys.executable, "-m", "schemathesis.cli", "--no-color"]
    command += arguments(service.url, path, examples=50, seed=SEED, phases=("examples", "coverage", "fuzzing"))
    command += [part for label in sorted(NOT_THERE | {"GET /auth/mfa/factors"}) for part in ("--include-name", label)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")} | {FUZZED_ELSEWHERE: "yes"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    report = FuzzReport.read(path)
    assert report.failures == []
    assert {label for label, statuses in report.statuses.items() if statuses.keys() & {200, 201, 204}} >= NOT_THERE
    assert '"level": "error"' not in service.log
    recorded_upstream.check()


# What Schemathesis 4.32 expects by itself of invalid and of valid data; the configuration may add to it, and says why.
REFUSALS = {"400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429", "5xx"}
ACCEPTANCES = {"2xx", "3xx", "401", "403", "404", "409", "429", "5xx"}


def _accepts(*more: str) -> dict[str, Any]:
    return {"positive_data_acceptance": {"expected-statuses": sorted({*ACCEPTANCES, *more})}}


@pytest.mark.thorough
def test_nothing_of_schemathesis_is_switched_off() -> None:
    from schemathesis.core.warnings import SchemathesisWarning

    config = tomllib.loads((ROOT / "schemathesis.toml").read_text())
    assert config["warnings"]["fail-on"] is True
    assert set(config["warnings"]["display"]) == {str(warning) for warning in SchemathesisWarning}
    assert config["checks"] == {"negative_data_rejection": {"expected-statuses": sorted({*REFUSALS, "413"})}}
    ids = [operation["include-operation-id"] for operation in config["operations"]]
    assert ids == [
        "signUp", "completeOauth", ["startSso", "unlinkIdentity"],
        ["enrollFactor", "deleteFactor", "verifyFactor", "listSessions", "endSession", "deleteAccount"],
        "verify", "setPassword",
    ]  # fmt: skip
    widened = {str(operation["include-operation-id"]): operation.get("checks") for operation in config["operations"]}
    assert widened == {
        "signUp": _accepts("422"), "completeOauth": _accepts("400", "410"), "['startSso', 'unlinkIdentity']": None,
        "['enrollFactor', 'deleteFactor', 'verifyFactor', 'listSessions', 'endSession', 'deleteAccount']": _accepts("422"),
        "verify": _accepts("400", "410"), "setPassword": _accepts("422"),
    }  # fmt: skip
    assert all(phase.get("enabled", True) for phase in config["phases"].values())


@pytest.mark.thorough
def test_links_lead_from_sign_up_to_sign_out(service: ServiceProcess) -> None:
    """Each step is the one that a link of the step before names, with the body that the link describes."""
    import schemathesis

    import tests.contract.link_bodies  # noqa: F401 - what a link says in words only

    schema = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    paths = schema.raw_schema["paths"]
    session = BrowserSession(service.url)
    email = new_email()
    body: Any = {"email": email, "password": PASSWORD}
    for label, following in zip_longest(WHOLE_FLOW, WHOLE_FLOW[1:]):
        method, path = label.split()
        operation = paths[path][method.lower()]
        schemes = {name for requirement in operation["security"] for name in requirement}
        sent = session.credentials(
            csrf="csrfToken" in schemes, bearer="accessToken" in schemes, refresh="refreshCookie" in schemes
        )
        case = schema[path][method].Case(**({} if body is None else {"body": body, "media_type": "application/json"}))
        response = case.call_and_validate(headers=dict(sent.headers), cookies=dict(sent.cookies))
        answer = json.loads(response.content)
        assert response.status_code == 200, label
        assert answer.get("user", {}).get("email", email) == email, "the walk went on as somebody else"
        session.learn(response.headers.get("set-cookie", []), answer)
        body = None if following is None else _followed(operation, following, body)


def _followed(operation: dict[str, Any], following: str, sent: Any) -> Any:
    """The body that the link from one operation to the next describes; fails where there is no such link."""
    method, path = following.split()
    target = contract()["paths"][path][method.lower()]["operationId"]
    links = resolve(contract(), operation["responses"]["200"])["links"].values()
    link = next(link for link in links if link["operationId"] == target)
    if "requestBody" not in link:
        return None
    return {name: sent[expression.removeprefix("$request.body#/")] for name, expression in link["requestBody"].items()}


def test_every_promise_beyond_the_operations_holds(service: ServiceProcess) -> None:
    assert check_service(service.url) == []


def test_probes_have_names_of_their_own() -> None:
    assert len({probe.name for probe in PROBES}) == len(PROBES)


def test_answers_of_a_whole_flow_keep_the_house_rules(browser: Browser) -> None:
    browser.fetch_csrf_token()
    email = new_email()
    answers = [browser.sign_up(email), browser.sign_in(email), browser.me(), browser.refresh(), browser.logout()]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert [finding for answer in answers for finding in findings(Exchange.from_httpx(answer))] == []


@pytest.mark.thorough
def test_sign_in_follows_sign_up_with_the_same_address_and_password() -> None:
    """The stateful tests sign in with what they registered."""
    import schemathesis

    from tests.contract.link_bodies import SIGN_IN_AFTER_SIGN_UP

    schema = schemathesis.openapi.from_path(ROOT / "openapi" / "auth.yaml")
    links = schema.raw_schema["paths"]["/auth/signup"]["post"]["responses"]["200"]["links"]
    assert links["signIn"]["requestBody"] == SIGN_IN_AFTER_SIGN_UP


@pytest.mark.thorough
def test_the_yaml_document_says_the_same_and_reads_as_it_was_written(service: ServiceProcess) -> None:
    served = loopback.get(f"{service.url}/openapi.yaml").text
    assert yaml.safe_load(served) == loopback.get(f"{service.url}/openapi.json").json()
    written = (ROOT / "openapi" / "auth.yaml").read_text().partition("  contact:")[0]
    assert served.startswith(written)
    assert "&id" not in served, "an anchor that nobody wrote"
