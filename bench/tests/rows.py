"""Rows made up for the tests."""

from bench.measure import Row, Sample


def row(
    server: str,
    request: str,
    throughput: float,
    *,
    connections: int = 16,
    p99_ms: float = 10,
    cpu_ms: float = 0.4,
    fault: str | None = None,
) -> Row:
    """A row of three rounds around `throughput`."""
    samples = [Sample(throughput * factor, 5.0, p99_ms * factor, cpu_ms, 80.0, 0.2, fault) for factor in (0.9, 1.0, 1.1)]
    return Row(server, request, connections, samples)
