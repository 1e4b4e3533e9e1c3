"""When a refused sign-in is answered."""

from __future__ import annotations

import pytest

from service.security.sign_in_pace import SignInPace


def paced(*accepted: float) -> SignInPace:
    pace = SignInPace()
    for seconds in accepted:
        pace.accepted(seconds)
    return pace


@pytest.mark.parametrize(
    ("accepted", "step"),
    [((), 0.1), ((0.01,), 0.1), ((0.088,), 0.1), ((0.1,), 0.15), ((0.3,), 0.35), ((0.9,), 1.0), ((30.0,), 1.0)],
)
def test_the_step_is_a_little_longer_than_sign_ins_take(accepted: tuple[float, ...], step: float) -> None:
    assert paced(*accepted).step == pytest.approx(step)


def test_one_slow_sign_in_of_a_hundred_does_not_count() -> None:
    assert paced(*[0.08] * 99, 0.9).step == pytest.approx(0.1)
    assert paced(*[0.08] * 98, 0.9, 0.9).step == pytest.approx(1)


@pytest.mark.parametrize("seconds", [0.002, 0.09, 0.2, 0.5, 1.2])
def test_a_refusal_waits_for_the_next_multiple(seconds: float) -> None:
    pace = paced(0.17)
    delay = pace.refused(seconds)
    assert delay >= seconds
    assert delay / pace.step == pytest.approx(round(delay / pace.step))
    assert delay - seconds < pace.step


def test_a_process_that_has_seen_refusals_only_learns_from_them() -> None:
    pace = SignInPace()
    pace.refused(0.19)
    assert pace.refused(0.004) == pytest.approx(0.25)


def test_made_up_addresses_do_not_make_the_step_shorter() -> None:
    pace = paced(0.19)
    for _ in range(1_000):
        pace.refused(0.004)
    assert pace.step == pytest.approx(0.25)
