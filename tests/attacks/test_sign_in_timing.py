"""Finding out who has an account by how long a refused sign-in takes."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.keys import Keys
from tests.conftest import StartService
from tests.support import loopback
from tests.support.auth_fake import AuthFake
from tests.support.browser import Browser, new_email
from tests.support.metrics import scrape
from tests.support.service import CSRF_TOKEN

# Seconds that Supabase Auth takes: it hashes a password for who exists.
DELAYS = {"accepted": 0.088, "wrong": 0.088, "unknown": 0.004}


def auc(first: list[float], second: list[float]) -> float:
    """How often one of the first takes longer than one of the second: 0.5 where nothing tells them apart."""
    return sum((a > b) + (a == b) / 2 for a in first for b in second) / (len(first) * len(second))


def _refusals(browser: Browser, known: str) -> dict[bool, list[float]]:
    """The seconds that two hundred refusals take, by whether the address exists."""
    times: dict[bool, list[float]] = {True: [], False: []}
    attempts = [True, False] * 100
    random.shuffle(attempts)
    for exists in attempts:
        email = known if exists else new_email()
        started = time.perf_counter()
        assert browser.sign_in(email, "not the password").status_code == 401
        times[exists].append(time.perf_counter() - started)
    return times


@pytest.mark.thorough
@pytest.mark.timeout(300)
@pytest.mark.parametrize("accepted", [0, 20], ids=["a process that has just started", "after some good sign-ins"])
def test_the_time_of_a_refusal_does_not_tell_an_unknown_address_from_a_wrong_password(
    start_service: StartService, keys: Keys, accepted: int
) -> None:
    with AuthFake(keys.jwt_secret) as fake:
        fake.delays |= DELAYS
        known = new_email()
        fake.user(known)
        service = start_service({"SUPABASE_URL": fake.url})
        for _ in range(accepted):
            assert Browser(service.url).sign_in(known).status_code == 200
        times = _refusals(Browser(service.url), known)
        if not 0.4 < auc(times[True], times[False]) < 0.6:
            # Two hundred that tell nothing are outside by chance once in 70 times. Eight hundred, all counted, judge sharper.
            for _ in range(3):
                for exists, more in _refusals(Browser(service.url), known).items():
                    times[exists] += more
    assert 0.4 < auc(times[True], times[False]) < 0.6
    assert min(times[False]) > 0.09


@pytest.mark.thorough
def test_who_waits_for_a_refusal_takes_nobodys_place(start_service: StartService, keys: Keys) -> None:
    with AuthFake(keys.jwt_secret) as fake:
        fake.delays |= {"accepted": 0.7}
        email = new_email()
        fake.user(email)
        service = start_service({"SUPABASE_URL": fake.url, "MAX_CONCURRENT_REQUESTS": "2"})
        assert Browser(service.url).sign_in(email).status_code == 200  # the step is 800 ms now

        def refused(_: int) -> int:
            body = {"email": new_email(), "password": "not the password"}
            return loopback.post(f"{service.url}/auth/signin", json=body, headers={"X-CSRF-Token": CSRF_TOKEN}).status_code

        with ThreadPoolExecutor(12) as pool:
            waiting = []
            for number in range(12):  # one after the other to Supabase, and all at once to the timer
                waiting.append(pool.submit(refused, number))
                time.sleep(0.04)
            assert scrape(service.url)["latchkey_requests_in_progress",] > 4
            assert Browser(service.url).refresh().status_code == 401
            assert [future.result() for future in waiting] == [401] * 12
