import pytest

from bench.measure import MOST_SECONDS, Plan, Spread, estimate, seconds_for
from bench.tests.rows import row

PLAN = Plan(["me"], (1, 16, 64, 256), rounds=3, seconds=3)


def test_a_row_gives_median_least_and_most() -> None:
    assert row("latchkey", "me", 1000).throughput == Spread(median=1000, least=900, most=1100)


def test_a_row_with_one_wrong_answer_gives_no_figure() -> None:
    void = row("latchkey", "me", 1000, fault="1 of 3000 answers had an unexpected status")
    assert void.throughput is None
    assert void.p99 is None
    assert void.as_json()["throughput"] is None


@pytest.mark.parametrize(("rate", "seconds"), [(2500, 3), (20, MOST_SECONDS), (64, 12)])
def test_a_slow_server_is_measured_until_its_connections_had_answers(rate: float, seconds: float) -> None:
    assert seconds_for(PLAN, 256, rate) == pytest.approx(seconds)


def test_the_estimate_counts_every_server_and_round() -> None:
    one = estimate(PLAN, [("latchkey", "me")])
    assert estimate(PLAN, [("latchkey", "me"), ("node_hono", "me")]) == pytest.approx(2 * one)
    assert one > 3 * 4 * 3
