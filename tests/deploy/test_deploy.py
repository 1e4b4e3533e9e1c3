"""What deploy/ holds, checked by the tools made for it. Images and clusters are not run here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from local.keys import Keys
from service.settings import Settings
from tests.support import faults, loopback
from tests.support.browser import Browser, new_email
from tests.support.certificates import CertificateAuthority
from tests.support.faulty_proxy import FaultyProxy
from tests.support.metrics import LABEL_VALUES
from tests.support.nginx import Nginx
from tests.support.redis import RedisServer
from tests.support.service import ROOT, ServiceProcess, development_env, free_port
from tools.paths import CHECKS

pytestmark = pytest.mark.thorough

DEPLOY: Final = ROOT / "deploy"
ALERTS: Final = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD: Final = DEPLOY / "grafana" / "latchkey.json"
MANIFESTS: Final = DEPLOY / "kubernetes" / "latchkey.yaml"
COMPOSE: Final = DEPLOY / "compose.yaml"


def _run(program: str, *arguments: str | Path) -> None:
    own = CHECKS / program
    path = str(own) if own.exists() else shutil.which(program)
    assert path is not None, f"{program} is not installed"
    done = subprocess.run([path, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def _pod() -> dict[str, Any]:
    """What a pod of the Deployment is."""
    items = yaml.safe_load_all(MANIFESTS.read_text())
    pod: dict[str, Any] = next(item for item in items if item["kind"] == "Deployment")["spec"]["template"]["spec"]
    return pod


def test_the_dockerfile_passes_hadolint() -> None:
    _run("hadolint", "--failure-threshold", "style", DEPLOY / "Dockerfile")


def _last_stage() -> list[str]:
    """The instructions of the image itself, each on one line."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    return re.split(r"^FROM ", text, flags=re.MULTILINE)[-1].splitlines()


def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    """Kubernetes can only check runAsNonRoot where the user is a number."""
    users = [line.split()[1] for line in _last_stage() if line.startswith("USER ")]
    assert len(users) == 1
    assert int(users[0]) > 0
    assert f"--uid {users[0]} " in " ".join(_last_stage())
    assert _pod()["securityContext"]["runAsNonRoot"] is True
    assert _pod()["securityContext"]["runAsUser"] == int(users[0])


def test_the_image_has_a_health_check_that_asks_whether_it_is_alive() -> None:
    [check] = [line for line in _last_stage() if line.startswith("HEALTHCHECK ")]
    options, _, command = check.partition(" CMD ")
    assert {"--interval", "--timeout", "--start-period", "--retries"} <= {part.split("=")[0] for part in options.split()}
    program = json.loads(command)
    assert program[:2] == ["python", "-c"]
    assert "/healthz" in program[2]
    assert "/readyz" not in program[2]


def test_the_health_check_of_the_image_tells_a_live_service_from_a_dead_one(service: ServiceProcess) -> None:
    [check] = [line for line in _last_stage() if line.startswith("HEALTHCHECK ")]
    program = json.loads(check.partition(" CMD ")[2])[2]

    def status(port: int) -> int:
        return subprocess.run(
            [sys.executable, "-c", program], env={"PORT": str(port)}, capture_output=True, check=False
        ).returncode

    assert status(service.port) == 0
    assert status(free_port()) != 0


def test_the_pods_have_probes_and_an_outage_of_supabase_takes_none_out() -> None:
    [container] = _pod()["containers"]
    paths = {name: container[name]["httpGet"]["path"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert paths == {"startupProbe": "/readyz", "readinessProbe": "/healthz", "livenessProbe": "/healthz"}
    for name in paths:
        assert container[name]["httpGet"]["port"] in {port["name"] for port in container["ports"]}
        assert container[name]["timeoutSeconds"] > 0
    # The longest that readiness takes to answer: one question, of UPSTREAM_READ_TIMEOUT.
    assert container["startupProbe"]["timeoutSeconds"] > Settings.model_fields["upstream_read_timeout"].default


def test_the_compose_file_fits_its_schema() -> None:
    _run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_the_kubernetes_manifests_fit_their_schemas() -> None:
    _run("kubernetes-validate", "--strict", MANIFESTS)


def test_nginx_starts_with_its_configuration(tmp_path: Path) -> None:
    certificate = CertificateAuthority(tmp_path).issue("localhost")
    with Nginx(tmp_path / "nginx", [free_port(), free_port()], certificate, certificate) as nginx:
        assert nginx.error_log == ""


@pytest.fixture
def promtool() -> str:
    if shutil.which("promtool") is None:
        message = "promtool is not installed: apt-get install prometheus"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return "promtool"


def test_the_alerts_fire_when_they_should(promtool: str) -> None:
    _run(promtool, "check", "rules", ALERTS)
    _run(promtool, "test", "rules", ALERTS.with_name("alerts_test.yaml"))


def test_every_alert_is_tried_firing_and_not_firing() -> None:
    """By promtool, above: that a rule is well formed does not say that it ever fires."""
    alerts = {rule["alert"] for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]}
    cases = yaml.safe_load(ALERTS.with_name("alerts_test.yaml").read_text())["tests"]
    tried = [check for case in cases for check in case["alert_rule_test"]]
    assert {check["alertname"] for check in tried if "exp_alerts" in check} == alerts
    assert {check["alertname"] for check in tried if "exp_alerts" not in check} == alerts


Series = Mapping[str, Mapping[str, set[str]]]


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory, keys: Keys, supabase: Any) -> Series:
    """The series of a real service that everything happened to: metric -> label -> values."""
    folder = tmp_path_factory.mktemp("metrics")
    with FaultyProxy(supabase.url) as proxy, RedisServer(folder) as redis:
        env = development_env(proxy.url, keys, free_port()) | {
            "RATE_LIMIT_STORAGE": redis.url,
            "RATE_LIMIT_ACCOUNT": "3/minute",
        }
        with ServiceProcess(env, folder / "service" / "service.log") as service:
            browser, email = Browser(service.url), new_email()
            browser.sign_up(email)
            browser.sign_in(email)
            browser.me()
            browser.refresh()
            with proxy.failing(faults.status_html(503)):
                browser.me()
            with proxy.failing(faults.status_html(429)):
                browser.me()
            for _ in range(3):
                browser.sign_in(email)
            browser.me("a.b.c")
            browser.post("/auth/refresh", headers={"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"})
            assert browser.http.get("/readyz").status_code == 200
            text = loopback.get(f"{service.url}/metrics").text
    found: dict[str, dict[str, set[str]]] = {"up": {"job": {"latchkey"}}}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return found


def _alert_expressions() -> list[str]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def _dashboard_expressions() -> list[str]:
    panels = yaml.safe_load(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


SELECTOR = re.compile(r"\b(latchkey_\w+|up)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|=|!=|!~)"([^"]*)"')
GROUPING = re.compile(r"\bby \(([^)]*)\)")
SCRAPED = {"instance", "job"}  # Prometheus adds these


def _alternatives(pattern: str) -> list[str]:
    """What "a_(b|c)" or "a|b" offers, each by itself: one that is misspelt hides behind the others."""
    parts = re.fullmatch(r"([^()]*)(?:\(([^()]*)\))?([^()]*)", pattern)
    assert parts is not None, f"{pattern} has more than one group"
    start, group, end = parts.groups()
    if group is None:
        return pattern.split("|")
    assert "|" not in start + end
    return [f"{start}{choice}{end}" for choice in group.split("|")]


def test_alternatives_of_a_pattern_are_told_apart() -> None:
    assert _alternatives("token_(key|time)") == ["token_key", "token_time"]
    assert _alternatives("signIn|signUp") == ["signIn", "signUp"]
    assert _alternatives("upstream_.*") == ["upstream_.*"]


@pytest.mark.parametrize("expression", [*_alert_expressions(), *_dashboard_expressions()])
def test_alerts_and_panels_use_metrics_and_labels_that_exist(series: Series, expression: str) -> None:
    metrics = SELECTOR.findall(expression)
    assert metrics
    for name, matchers in metrics:
        assert name in series
        for label, operator, value in MATCHER.findall(matchers):
            assert label in SCRAPED | series[name].keys(), f"{name} has no label {label}"
            if label in SCRAPED:
                continue
            known_values = LABEL_VALUES.get(label, series[name][label])
            for pattern in _alternatives(value) if "~" in operator else [re.escape(value)]:
                assert any(re.fullmatch(pattern, known) for known in known_values), f"{label} is never {pattern}"
    known = set(chain.from_iterable(series[name] for name, _ in metrics)) | SCRAPED
    for grouping in GROUPING.findall(expression):
        assert {label.strip() for label in grouping.split(",")} <= known


def test_every_alert_is_explained_in_the_operations_page() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    anchors = {heading.strip().lower() for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["alert"].lower() in anchors
            assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"


def test_the_orchestrators_wait_longer_than_the_service_needs_to_end() -> None:
    config = next(item for item in yaml.safe_load_all(MANIFESTS.read_text()) if item["kind"] == "ConfigMap")["data"]
    assert _pod()["terminationGracePeriodSeconds"] > int(config["GRACEFUL_TIMEOUT"])
    compose = yaml.safe_load(COMPOSE.read_text())["x-replica"]
    assert int(compose["stop_grace_period"].removesuffix("s")) > int(compose["environment"]["GRACEFUL_TIMEOUT"])
    idle = re.search(r"^    keepalive_timeout (\d+)s;", (DEPLOY / "nginx" / "latchkey.conf").read_text(), re.MULTILINE)
    assert idle is not None
    assert int(idle[1]) < float(compose["environment"]["DRAIN_DELAY"])


def test_the_manifests_name_only_settings_that_exist() -> None:
    items = list(yaml.safe_load_all(MANIFESTS.read_text()))
    names = chain.from_iterable(item.get("data", item.get("stringData", {})) for item in items)
    names = chain(names, yaml.safe_load(COMPOSE.read_text())["x-replica"]["environment"])
    assert {name.lower() for name in names} <= Settings.model_fields.keys()
