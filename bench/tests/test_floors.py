from bench.floors import checks, missing
from bench.footprint import Footprint
from bench.measure import Row
from bench.tests.rows import row
from bench.workloads import OWN


def _all(service: float = 2600, p99_ms: float = 4, own_cpu_ms: float = 0.5) -> list[Row]:
    rows = [
        row("latchkey", request, service, connections=connections, p99_ms=p99_ms)
        for request in ("me", "signin", "refresh", "refusal")
        for connections in (16, 256)
    ]
    rows += [row("latchkey", request, service, cpu_ms=own_cpu_ms) for request in OWN]
    rows += [row("node_hono", request, 1800, p99_ms=10) for request in ("me", "signin", "refresh", "refusal")]
    rows += [row("fastapi_shared", request, 220) for request in ("me", "signin", "refusal")]
    return [*rows, row("fastapi_unit", "me", 21)]


def test_a_fast_service_meets_every_floor_and_aim() -> None:
    found = checks(_all())
    assert len(found) == 9 + 5 + 3 + 4
    assert all(check.met for check in found)
    assert missing(_all()) == []


def test_a_service_at_three_times_the_shared_pool_is_below_its_floor() -> None:
    below = [check.title for check in checks(_all(service=660)) if check.required and not check.met]
    assert below == [
        "throughput of me over fastapi_shared",
        "throughput of signin over fastapi_shared",
        "throughput of me over fastapi_unit",
    ]


def test_a_slower_p99_than_nodes_is_below_the_floor() -> None:
    below = [check.title for check in checks(_all(p99_ms=11)) if check.required and not check.met]
    assert below == [f"p99 of {request} over node_hono" for request in ("me", "signin", "refresh")]


def test_a_p99_of_more_than_half_of_nodes_misses_the_aim() -> None:
    below = [check for check in checks(_all(p99_ms=6)) if not check.met]
    assert [(check.title, check.required) for check in below] == [
        (f"p99 of {request} over node_hono", False) for request in ("me", "signin", "refresh")
    ]


def test_an_operation_may_cost_half_as_much_again_as_sign_in() -> None:
    below = [check.title for check in checks(_all(own_cpu_ms=0.61)) if not check.met]
    assert below == [f"CPU of {request} over signin" for request in OWN]


def test_throughput_that_sinks_under_many_connections_is_below_the_floor() -> None:
    rows = [*_all(), row("latchkey", "me", 1000, connections=64)]
    below = [check for check in checks(rows) if not check.met]
    assert [check.title for check in below] == ["least throughput of me from 16 to 256 connections over its peak"]


def test_a_void_row_leaves_its_floor_unjudged() -> None:
    rows = [found for found in _all() if (found.server, found.request) != ("fastapi_unit", "me")]
    rows.append(row("fastapi_unit", "me", 21, fault="3 of 90 answers had an unexpected status"))
    assert missing(rows) == ["throughput of me over fastapi_unit"]


def test_a_start_of_one_second_is_the_most() -> None:
    slow = Footprint("latchkey", start_seconds=1.1, idle_mib=80, loaded_mib=90, connection_kib=10)
    assert [check.title for check in checks([], [slow]) if not check.met] == ["seconds from start to ready"]
