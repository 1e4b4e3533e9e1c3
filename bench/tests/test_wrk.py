import pytest

from bench.processes import BenchError
from bench.wrk import Load, parse

pytestmark = pytest.mark.thorough

OUTPUT = """Running 1s test @ http://127.0.0.1:8000/auth/me
  1 threads and 16 connections
Requests/sec:   1736.01

{"requests":1740,"microseconds":1002300,"p50_us":6970,"p99_us":53100,"max_us":60000,"unexpected":2,"failed":0}
"""


def test_the_last_line_is_what_counts() -> None:
    assert parse(OUTPUT) == Load(1740, 1.0023, p50_ms=6.97, p99_ms=53.1, unexpected=2, failed=0)


def test_a_failure_of_wrk_is_told_in_its_own_words() -> None:
    with pytest.raises(BenchError, match="unable to connect"):
        parse("", "unable to connect to 127.0.0.1:9 Connection refused\n")
