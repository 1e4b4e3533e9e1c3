import json
from pathlib import Path

import pytest

from bench import report
from bench.floors import CONNECTIONS
from bench.footprint import Footprint, Scaling
from bench.measure import Plan
from bench.results import Results
from bench.soak import growth
from bench.tests.rows import row


@pytest.fixture
def results() -> Results:
    machine = dict.fromkeys(("cpu", "cores", "memory", "system", "measured", "commit", "load_before"), "known")
    return Results(
        machine,
        {"Python": "3.11.7"},
        Plan(["me"], (CONNECTIONS,), rounds=3, seconds=3),
        [row("latchkey", "me", 2612.3), row("fastapi_unit", "me", 21.04, fault="no answer within 20 s")],
        [row("latchkey", "me", 96.4)],
        [Footprint("latchkey", 1.2, 70, 90, 11)],
        [Scaling(1, 2600, 9, 90)],
    )


def test_the_terminal_shows_median_least_and_most(results: Results) -> None:
    assert "2 612 (2 351 to 2 874)" in report.terminal(results)


def test_a_void_row_shows_why(results: Results) -> None:
    assert "void: no answer within 20 s" in report.terminal(results)
    assert "void: no answer within 20 s" in report.markdown(results)


def test_the_page_leaves_nothing_to_fill_in(results: Results) -> None:
    page = report.markdown(results)
    assert "$" not in page
    assert "1.20 s" in page


def test_the_json_keeps_every_sample(results: Results, tmp_path: Path) -> None:
    path = tmp_path / "benchmark.json"
    results.write_json(path)
    first = json.loads(path.read_text())["rows"][0]
    assert [sample["throughput"] for sample in first["samples"]] == [2351, 2612, 2874]
    assert first["throughput"] == {"median": 2612, "least": 2351, "most": 2874}


def test_growth_looks_past_the_warm_up() -> None:
    assert growth([50.0, 90.0, *[100.0] * 8]) == pytest.approx(100 / 100 - 1)
    assert growth([100.0] * 8 + [130.0] * 2) == pytest.approx(0.3)
