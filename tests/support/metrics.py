"""Reads /metrics."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.loopback import TRUST_NOBODY

Sample = tuple[str, ...]


def scrape(url: str) -> Mapping[Sample, float]:
    """The samples by name and label values, in the order of the labels' names: ("latchkey_refusals_total", "csrf_missing")."""
    with httpx.Client(timeout=10, trust_env=False, verify=TRUST_NOBODY) as http:
        response = http.get(f"{url.rstrip('/')}/metrics").raise_for_status()
    assert response.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }
