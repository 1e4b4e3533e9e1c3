"""Reads /metrics, and knows every value that a label may have."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Final, get_args

import httpx
from prometheus_client.parser import text_string_to_metric_families

from service.contract.documents import load_contract, load_ops_contract, operations
from service.error_codes import ErrorCode
from service.limits.keys import RATE_LIMITS
from service.security.access_token import Reason
from service.security.cookies import CookieJar
from service.security.csrf import CsrfReason
from service.telemetry.metrics import NONE
from tests.support.loopback import TRUST_NOBODY

Sample = tuple[str, ...]

_CONTRACTS: Final = load_contract(CookieJar(False, False, 60)), load_ops_contract()

# Every value of the labels that take theirs from a list which a request chooses from. The other labels have a handful.
LABEL_VALUES: Final[Mapping[str, frozenset[str]]] = {
    "operation": frozenset({NONE, *(op.node["operationId"] for contract in _CONTRACTS for op in operations(contract))}),
    "code": frozenset({NONE, *ErrorCode}),
    "outcome": frozenset(
        {"ok", "refused", "cancelled", *(code for code in ErrorCode if code.startswith("upstream_")), "rate_limited"}
    ),
    "reason": frozenset(
        chain(
            (f"token_{reason}" for reason in get_args(Reason)),
            (f"csrf_{reason}" for reason in (*get_args(CsrfReason), "origin")),
            (f"limit_{policy}" for policy in (*RATE_LIMITS, "concurrency")),
            (ErrorCode.payload_too_large, ErrorCode.unsupported_media_type, ErrorCode.request_timeout),
        )
    ),
}


def unknown_labels(url: str) -> set[tuple[str, str]]:
    """The labels, by name and value, that are in no list: whatever was asked for, there are none."""
    return {
        (name, value)
        for family in text_string_to_metric_families(_text(url))
        for sample in family.samples
        for name, value in sample.labels.items()
        if value not in LABEL_VALUES.get(name, {value})
    }


def scrape(url: str) -> Mapping[Sample, float]:
    """The samples by name and label values, in the order of the labels' names: ("latchkey_refusals_total", "csrf_missing")."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(_text(url))
        for sample in family.samples
    }


def _text(url: str) -> str:
    with httpx.Client(timeout=10, trust_env=False, verify=TRUST_NOBODY) as http:
        response = http.get(f"{url.rstrip('/')}/metrics").raise_for_status()
    assert response.headers["Content-Type"].startswith("text/plain")
    return response.text
