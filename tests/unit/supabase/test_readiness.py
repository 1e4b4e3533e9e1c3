"""/readyz: every part that can fail is told from the others, and shows in the metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from local.supabase import LocalSupabase
from tests.conftest import StartModuleService
from tests.support import faults, loopback
from tests.support.faulty_proxy import Fault, FaultyProxy
from tests.support.metrics import scrape
from tests.support.service import ServiceProcess

# The embedded Supabase takes no functions, and so has only the first migration.
WELL = {
    "auth": "ok", "dataApi": "ok", "migration": "outdated", "tokens": "unknown", "captcha": "ok", "rateLimits": "ok",
    "draining": "ok",
}  # fmt: skip
NO_TABLE = faults.status_json(404, b'{"code": "PGRST205", "message": "x"}')
NO_TABLE_OF_POSTGRES = faults.status_json(404, b'{"code": "42P01", "message": "x"}')
REFUSED = faults.status_json(401, b'{"message": "Invalid API key"}')
pytestmark = pytest.mark.thorough  # what was found is kept for two seconds, which each case waits for

AUTH, DATA_API = "/auth/v1/health", "/rest/v1/"

AUTH_FAILED = {"auth": "failed"}
DATA_API_FAILED = {"dataApi": "failed", "migration": "unknown"}
MIGRATION_FAILED = {"migration": "failed"}
CASES = {
    "auth-502": (faults.status_html(502), AUTH, AUTH_FAILED),
    "auth-stalls": (faults.stall(), AUTH, AUTH_FAILED),
    "auth-refuses-the-key": (REFUSED, AUTH, AUTH_FAILED),
    "data-api-502": (faults.status_html(502), DATA_API, DATA_API_FAILED),
    "data-api-stalls": (faults.stall(), DATA_API, DATA_API_FAILED),
    "data-api-refuses-the-key": (REFUSED, DATA_API, DATA_API_FAILED),
    "no-table": (NO_TABLE, "/rest/v1/user_profile", MIGRATION_FAILED),
    "no-table-of-postgres": (NO_TABLE_OF_POSTGRES, "/rest/v1/user_profile", MIGRATION_FAILED),
    "everything": (faults.reset(), "", AUTH_FAILED | DATA_API_FAILED),
}


@pytest.fixture(scope="module")
def proxy(supabase: LocalSupabase) -> Iterator[FaultyProxy]:
    with FaultyProxy(supabase.url) as running:
        yield running


@pytest.fixture(scope="module")
def service(start_module_service: StartModuleService, proxy: FaultyProxy) -> ServiceProcess:
    """The service behind a faulty proxy, with a short timeout for what stalls."""
    return start_module_service({"SUPABASE_URL": proxy.url, "UPSTREAM_READ_TIMEOUT": "0.6"})


@pytest.mark.parametrize(
    ("fault", "path", "failed"),
    CASES.values(),
    ids=CASES.keys(),
)
def test_readiness_tells_which_part_failed(
    service: ServiceProcess, proxy: FaultyProxy, fault: Fault, path: str, failed: dict[str, str]
) -> None:
    wait_until_ready(service)
    with proxy.failing(fault, path):
        deadline = time.monotonic() + 20
        while (answer := loopback.get(f"{service.url}/readyz")).status_code == 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert (answer.status_code, answer.json()) == (503, {"status": "unavailable", "checks": WELL | failed})
        assert int(answer.headers["Retry-After"]) >= 1
        samples = scrape(service.url)
        shown = {"auth": "auth", "data_api": "dataApi", "migration": "migration"}
        assert {part: samples["latchkey_supabase_up", part] for part in shown} == {
            part: 0 if check in failed else 1 for part, check in shown.items()
        }
    wait_until_ready(service)


def wait_until_ready(service: ServiceProcess) -> None:
    deadline = time.monotonic() + 20
    while (answer := loopback.get(f"{service.url}/readyz")).status_code != 200:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    assert answer.json() == {"status": "ready", "checks": WELL}
    assert scrape(service.url)["latchkey_supabase_up", "migration"] == 1
